//! Breaks of the headers that hold the signature or are signed.

use countersign::scheme::{Algorithm, Encoding, Part, Scheme, SignatureLocation};

use super::super::breaks::hex;
use super::super::valid::{NOW, Recipe};
use super::{OneBreak, genuine, in_header, is_token, one, scheme, signed_id, time_header, token};

/// Breaks of the headers that hold the signature or are signed.
pub(crate) const HEADERS: &[OneBreak] = &[
    one("white space around the signature", &["header_whitespace"], |name, rng| {
        let mut case = in_header(name, rng)?;
        let value = &mut case.signature().1;
        *value = format!(" {value}\t");
        Some(case)
    }),
    one("quotes around the signature", &["header_whitespace"], |name, rng| {
        let mut case = in_header(name, rng)?;
        let value = &mut case.signature().1;
        *value = format!("\"{value}\"");
        Some(case)
    }),
    one("the signature twice", &["header_duplicated"], |name, rng| {
        let mut case = in_header(name, rng)?;
        let copy = case.signature().clone();
        case.request.headers.push(copy);
        Some(case)
    }),
    one("the signature twice in one header", &["header_joined"], |name, rng| {
        let mut case = in_header(name, rng)?;
        let value = &mut case.signature().1;
        *value = format!("{value}, {value}");
        Some(case)
    }),
    one("names as CGI writes them", &["header_renamed"], |name, rng| {
        let mut case = in_header(name, rng)?;
        for (name, _) in &mut case.request.headers {
            *name = format!("HTTP_{}", name.to_uppercase().replace('-', "_"));
        }
        Some(case)
    }),
    one(
        "the name of the signature's header",
        &["header_renamed", "header_found", "signature_found"],
        |name, rng| {
            let mut case = in_header(name, rng)?;
            case.signature().0 = "x-upstream-value".to_owned();
            Some(case)
        },
    ),
    one("a token cut short", &["token_altered"], |name, rng| {
        let mut case = token(name, rng)?;
        case.signature().1.pop();
        Some(case)
    }),
    one("a token in lower case", &["token_altered"], |name, rng| {
        let mut recipe = is_token(name).then(|| Recipe::new(name, rng))?;
        recipe.secret = recipe.secret.to_uppercase();
        recipe.signing.clone_from(&recipe.secret);
        let mut case = recipe.send();
        case.signature().1.make_ascii_lowercase();
        Some(case)
    }),
    one("a token in hexadecimal", &["header_found"], |name, rng| {
        let mut case = token(name, rng)?;
        let value = &mut case.signature().1;
        *value = hex(value.as_bytes());
        Some(case)
    }),
    one("a blank after the separator of pairs", &["pair_whitespace"], |name, rng| {
        let mut case = in_header(name, rng)?;
        let value = &mut case.signature().1;
        let spaced = value.replace(",v", ", v").replace(";h", "; h");
        let is_pairs = value.starts_with("t=") || value.starts_with("ts=");
        let is_changed = is_pairs && spaced != *value;
        *value = spaced;
        is_changed.then_some(case)
    }),
    one("angle brackets around a signed id", &["signed_header_altered"], |name, rng| {
        let mut case = genuine(name, rng);
        let id = signed_id(&scheme(name))?;
        let value = case.value(&id);
        *value = format!("<{value}>");
        Some(case)
    }),
    one("a fraction after the signed time", &["signed_header_altered"], |name, rng| {
        let mut case = genuine(name, rng);
        let header = time_header(&case)?;
        let value = case.value(&header);
        *value =
            if value.ends_with('Z') { value.replace('Z', ".000Z") } else { format!("{value}.0") };
        Some(case)
    }),
    one("an id with a dot", &["separator_in_value"], |name, rng| {
        let id = signed_id(&scheme(name))?;
        // The id is not accepted for signing either, so the content is signed as text.
        let recipe = Recipe::new(name, rng);
        let own = recipe.scheme();
        let location = SignatureLocation::header("x-signed", Encoding::Base64);
        let time = NOW.as_secs();
        let text = format!("org.evt.1.{time}.");
        let Algorithm::HmacSha256 = own.algorithm() else { return None };
        let text = Scheme::hmac_sha256("x", location)
            .base64_key("whsec_")
            .signs([Part::Literal(text.into()), Part::Body]);
        let copy = Recipe {
            body: recipe.body.clone(),
            signing: recipe.signing.clone(),
            ..Recipe::new(name, rng)
        };
        let signed = copy.send_by(&text.build().ok()?);
        let mut case = recipe.send();
        *case.value(&id) = "org.evt.1".to_owned();
        case.signature().1 = format!("v1,{}", signed.request.headers.last()?.1);
        Some(case)
    }),
];
