//! Breaks of the URL and of the scheme.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{
    Algorithm, KeyFormat, Location, Scheme, SignatureGrammar, SignatureLocation,
};

use super::super::valid::{Recipe, URL};
use super::{OneBreak, genuine, in_header, json, one, scheme, signs_url, with_url};

/// Breaks of the public URL, and requests that another scheme signed.
pub(crate) const SCHEMES: &[OneBreak] = &[
    one("http for https", &["url_changed"], |name, rng| {
        with_url(name, rng, &URL.replace("https", "http"))
    }),
    one("a slash after the path", &["url_changed"], |name, rng| {
        with_url(name, rng, &URL.replace("webhook?", "webhook/?"))
    }),
    one("the port 8080", &["url_changed"], |name, rng| {
        let mut recipe = Recipe::new(name, rng);
        recipe.url = URL.replace("example.com", "example.com:8080");
        let mut case = recipe.send();
        case.settings.url = Some(URL.to_owned());
        case.request.url = Some(URL.to_owned());
        signs_url(name).then_some(case)
    }),
    one("the query's order configured", &["url_changed"], |name, rng| {
        with_url(name, rng, "https://hooks.example.com/in/webhook?v=2&tenant=a%20b")
    }),
    one("the query's order on arrival", &["url_query_changed"], |name, rng| {
        let mut case = genuine(name, rng);
        case.request.url = Some("/in/webhook?v=2&tenant=a%20b".to_owned());
        signs_url(name).then_some(case)
    }),
    one("the query's escapes on arrival", &["url_query_changed"], |name, rng| {
        let mut case = genuine(name, rng);
        case.request.url = Some("/in/webhook?tenant=a+b&v=2".to_owned());
        signs_url(name).then_some(case)
    }),
    one("a parameter added to the query on arrival", &["url_query_changed"], |name, rng| {
        let mut case = genuine(name, rng);
        case.request.url = Some("/in/webhook?tenant=a%20b&v=2&region=eu".to_owned());
        signs_url(name).then_some(case)
    }),
    one("credentials left out of the configured URL", &["url_changed"], |name, rng| {
        let mut recipe = Recipe::new(name, rng);
        recipe.url = URL.replace("://", "://user:pass@");
        if !signs_url(name)
            || recipe.sender.config().with_public_url(recipe.url.clone()).scheme().is_err()
        {
            return None;
        }
        let mut case = recipe.send();
        case.settings.url = Some(URL.to_owned());
        case.header_value("authorization", &format!("Basic {}", STANDARD.encode("user:pass")));
        Some(case)
    }),
    one("another port with credentials", &["url_changed"], |name, rng| {
        with_url(name, rng, &URL.replace("hooks.example.com", "user:pass@hooks.example.com:8443"))
    }),
    one("the signature over the body alone", &["signed_content"], |name, rng| {
        let recipe = json(name, rng)?;
        let own = recipe.scheme();
        let at = own.credential()?;
        let Location::Header(header) = at.location else { return None };
        let prefix = match at.grammar {
            SignatureGrammar::Whole { prefix } if own.signed_parts().count() > 1 => prefix,
            _ => return None,
        };
        let (header, prefix) = (header.to_owned(), prefix.to_owned());
        let location = SignatureLocation::header(header.clone(), at.encoding).prefix(prefix);
        let bare = match own.algorithm() {
            Algorithm::HmacSha256 => Scheme::hmac_sha256("x", location),
            _ => return None,
        };
        let bare = match own.key_format() {
            KeyFormat::Hex => bare.hex_key(),
            KeyFormat::Text => bare,
            _ => return None,
        };
        let copy = Recipe {
            body: recipe.body.clone(),
            secret: recipe.secret.clone(),
            signing: recipe.signing.clone(),
            ..Recipe::new(name, rng)
        };
        let signed = copy.send_by(&bare.build().ok()?);
        let mut case = recipe.send();
        case.signature().1 = signed.request.headers.last()?.1.clone();
        Some(case)
    }),
    one(
        "HMAC-SHA1 for HMAC-SHA256",
        &["other_algorithm", "header_missing", "signature_found"],
        |name, rng| {
            let recipe = json(name, rng)?;
            let own = recipe.scheme();
            let at = own.credential()?;
            let Location::Header(header) = at.location else { return None };
            let is_bare = matches!(at.grammar, SignatureGrammar::Whole { .. })
                && own.signed_parts().count() == 1;
            if own.algorithm() != Algorithm::HmacSha256
                || own.key_format() != KeyFormat::Text
                || !is_bare
            {
                return None;
            }
            let location = SignatureLocation::header(header.to_owned(), at.encoding);
            Some(recipe.send_by(&Scheme::hmac_sha1("x", location).build().ok()?))
        },
    ),
    one("another sender configured", &["wrong_sender", "header_found"], |name, rng| {
        let own = scheme(name);
        let mut case = in_header(name, rng)?;
        let others: Vec<_> = countersign::senders::ALL
            .iter()
            .filter(|other| !other.requires_header() && other.name() != "adyen")
            .filter(|other| scheme(other.name()).to_string() != own.to_string())
            .collect();
        case.sender = Some(rng.pick(&others).name().to_owned());
        case.settings.header = None;
        case.settings.encoding = None;
        Some(case)
    }),
];
