//! Genuine requests of every sender, broken in one known way each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::Timestamp;
use countersign::scheme::{
    Algorithm, KeyFormat, Location, Part, PartRef, Scheme, SignatureGrammar, SignatureLocation,
};

use super::breaks::{gzip, hex};
use super::valid::{Case, NOW, Recipe, Rng, URL, document};

/// One way to break a genuine request, and the kinds of finding that name it.
pub(crate) struct OneBreak {
    pub(crate) name: &'static str,
    pub(crate) kinds: &'static [&'static str],
    /// Returns a broken request of a sender; `None` if the break does not apply to it.
    pub(crate) make: fn(&str, &mut Rng) -> Option<Case>,
}

const fn one(
    name: &'static str,
    kinds: &'static [&'static str],
    make: fn(&str, &mut Rng) -> Option<Case>,
) -> OneBreak {
    OneBreak { name, kinds, make }
}

/// Breaks that no repair may claim to have found: the request cannot be restored.
pub(crate) const LOST: &[OneBreak] = &[
    one("another value in the body", &[], |name, rng| {
        let mut case = genuine(name, rng);
        let at = case.request.body.iter().rposition(u8::is_ascii_alphanumeric)?;
        case.request.body[at] ^= 1;
        Some(case)
    }),
    one("another secret", &[], |name, rng| {
        let mut case = genuine(name, rng);
        case.secret(Recipe::new(name, rng).secret);
        Some(case)
    }),
    one("an empty body", &[], |name, rng| Some(body(genuine(name, rng), Vec::new()))),
    one("a body cut short", &[], |name, rng| {
        let case = genuine(name, rng);
        let half = case.request.body[..case.request.body.len() / 2].to_vec();
        Some(body(case, half))
    }),
    one("a signature cut short", &[], |name, rng| {
        let mut case = in_header(name, rng)?;
        let value = &mut case.signature().1;
        value.truncate(value.len() - 3);
        Some(case)
    }),
    one("no signature", &[], |name, rng| {
        let mut case = in_header(name, rng)?;
        case.request.headers.pop();
        Some(case)
    }),
    one("another signed id", &[], |name, rng| {
        let mut case = genuine(name, rng);
        let id = signed_id(&scheme(name))?;
        case.value(&id).push_str("77");
        Some(case)
    }),
    one("another signed time", &[], |name, rng| {
        let mut case = genuine(name, rng);
        let header = time_header(&case)?;
        let value = case.value(&header);
        *value = value.replace("177", "178").replace("2026-02-02", "2026-02-03");
        Some(case)
    }),
];

/// Breaks of what the signature covers, or of how it is read.
pub(crate) const SIGNED: &[OneBreak] = &[
    one("a line break after the body", &["trailing_newline"], |name, rng| {
        let case = genuine(name, rng);
        let longer = [&case.request.body, b"\n".as_slice()].concat();
        Some(body(case, longer))
    }),
    one("the line break after the body removed", &["trailing_newline"], |name, rng| {
        let mut recipe = json(name, rng)?;
        let shorter = recipe.body.clone();
        recipe.body.push(b'\n');
        Some(body(recipe.send(), shorter))
    }),
    one("the body re-serialized", &["body_reserialized"], |name, rng| {
        let recipe = json(name, rng)?;
        let signed = recipe.body.clone();
        let text = String::from_utf8(signed.clone()).ok()?;
        let document = all_documents(rng, &text)?;
        let received = document.prints["node, 2 spaces"].clone().into_bytes();
        (received != signed).then(|| body(recipe.send(), received))
    }),
    one("line ends changed", &["line_ends_changed"], |name, rng| {
        let mut recipe = json(name, rng)?;
        recipe.body = format!("{{\n\"n\":{},\n\"b\":\"x y\"\n}}", rng.below(1000)).into_bytes();
        let windows = String::from_utf8(recipe.body.clone()).ok()?.replace('\n', "\r\n");
        Some(body(recipe.send(), windows.into_bytes()))
    }),
    one("a byte order mark added", &["charset_changed"], |name, rng| {
        let case = genuine(name, rng);
        let marked = [b"\xef\xbb\xbf", case.request.body.as_slice()].concat();
        Some(body(case, marked))
    }),
    one("read as Latin-1", &["charset_changed"], |name, rng| {
        let mut recipe = json(name, rng)?;
        recipe.body = format!("{{\"n\":{},\"name\":\"Zoë\"}}", rng.below(1000)).into_bytes();
        let twice: String = recipe.body.iter().map(|byte| char::from(*byte)).collect();
        Some(body(recipe.send(), twice.into_bytes()))
    }),
    one("the body in base64", &["body_base64"], |name, rng| {
        let case = genuine(name, rng);
        let encoded = STANDARD.encode(&case.request.body).into_bytes();
        Some(body(case, encoded))
    }),
    one("the body as a JSON string", &["body_quoted"], |name, rng| {
        let case = genuine(name, rng);
        let text = String::from_utf8(case.request.body.clone()).ok()?;
        let quoted = serde_json::to_vec(&text).ok()?;
        Some(body(case, quoted))
    }),
    one("the body as the field of a form", &["form_and_json"], |name, rng| {
        let recipe = json(name, rng)?;
        let case = recipe.send();
        let escaped: String = case.request.body.iter().map(|byte| format!("%{byte:02X}")).collect();
        Some(body(case, format!("payload={escaped}").into_bytes()))
    }),
    one("the body compressed on the way", &["gzip_not_decoded"], |name, rng| {
        let case = genuine(name, rng);
        let packed = gzip(&case.request.body);
        Some(body(case, packed))
    }),
    one("a token's body compressed on the way, announced", &["body_compressed"], |name, rng| {
        let case = token(name, rng)?;
        let packed = gzip(&case.request.body);
        Some(header(body(case, packed), "content-encoding", "gzip"))
    }),
    one("the body compressed on the way, announced", &["gzip_not_decoded"], |name, rng| {
        let case = genuine(name, rng);
        if is_token(name) {
            return None;
        }
        let packed = gzip(&case.request.body);
        Some(header(body(case, packed), "content-encoding", "gzip"))
    }),
    one("a line break after the secret", &["secret_whitespace"], |name, rng| {
        let mut case = genuine(name, rng);
        let secret = [case.secrets[0].1.as_slice(), b"\n"].concat();
        case.secret(secret);
        Some(case)
    }),
    one("the secret in quotes", &["secret_quoted"], |name, rng| {
        let mut case = genuine(name, rng);
        let secret = [b"\"", case.secrets[0].1.as_slice(), b"\""].concat();
        case.secret(secret);
        Some(case)
    }),
    one("the secret's last character lost", &["secret_truncated"], |name, rng| {
        let mut case = genuine(name, rng);
        let mut secret = case.secrets[0].1.clone();
        secret.pop();
        case.secret(secret);
        Some(case)
    }),
    one("the secret in lower case", &["secret_case"], |name, rng| {
        let mut recipe = Recipe::new(name, rng);
        if recipe.signing != recipe.secret {
            return None;
        }
        let upper = recipe.secret.to_uppercase();
        let is_text = recipe.secret.len() == 36;
        recipe.signing.clone_from(&upper);
        recipe.secret = upper.to_lowercase();
        is_text.then(|| recipe.send())
    }),
    one("another tenant's secret", &["other_key"], |name, rng| {
        let mut case = genuine(name, rng);
        let right = case.secrets[0].1.clone();
        let other = Recipe::new(name, rng).secret.into_bytes();
        if other == right {
            return None;
        }
        case.secret(other);
        case.others.push(("tenant-b".to_owned(), right));
        Some(case)
    }),
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
    one("an id with a dot", &["separator_in_value"], |name, rng| {
        let id = signed_id(&scheme(name))?;
        // The id is not accepted for signing either, so the content is signed as text.
        let recipe = Recipe::new(name, rng);
        let own = recipe.scheme();
        let location = SignatureLocation::header("x-signed", countersign::scheme::Encoding::Base64);
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

/// Breaks of what the signature does not cover: the request is rejected, and its signature is right.
pub(crate) const UNSIGNED: &[OneBreak] = &[
    one("GET", &["method_not_post"], |name, rng| method(name, rng, "GET")),
    one("PUT", &["method_not_post"], |name, rng| method(name, rng, "PUT")),
    one("a compressed body announced", &["gzip_decoded"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "gzip"))
    }),
    one("a coding announced that the body does not have", &["gzip_decoded"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "br"))
    }),
    one("content-encoding: UTF-8", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "UTF-8"))
    }),
    one("content-encoding: utf8", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "Content-Encoding", "utf8"))
    }),
    one("content-encoding: none", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "none"))
    }),
    one("content-encoding: binary, UTF-8", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", "binary, UTF-8"))
    }),
    one("an empty content-encoding", &["content_encoding_unknown"], |name, rng| {
        Some(header(genuine(name, rng), "content-encoding", ""))
    }),
    one("content-encoding twice", &["content_encoding_unknown"], |name, rng| {
        let case = header(genuine(name, rng), "content-encoding", "utf-8");
        Some(header(case, "content-encoding", "identity"))
    }),
    one("content-length one too long", &["content_length_wrong"], |name, rng| length(name, rng, 1)),
    one("content-length two too long", &["content_length_wrong"], |name, rng| length(name, rng, 2)),
    one("content-length 40 too long", &["content_length_wrong"], |name, rng| length(name, rng, 40)),
    one("content-length one too short", &["content_length_wrong"], |name, rng| {
        length(name, rng, -1)
    }),
    one("content-length over the limit", &["content_length_wrong"], |name, rng| {
        length(name, rng, 90_000_000)
    }),
    one("content-length that is not a number", &["content_length_wrong"], |name, rng| {
        Some(header(genuine(name, rng), "content-length", "many"))
    }),
    one("content-length twice", &["content_length_wrong"], |name, rng| {
        let case = genuine(name, rng);
        let length = case.request.body.len().to_string();
        Some(header(header(case, "content-length", &length), "content-length", &length))
    }),
    one("a month late", &["clock_skew"], |name, rng| {
        let mut case = genuine(name, rng);
        case.now = Timestamp::from_secs(NOW.as_secs() + 30 * 86_400);
        Some(case)
    }),
    one("a day early", &["clock_skew"], |name, rng| {
        let mut case = genuine(name, rng);
        case.now = Timestamp::from_secs(NOW.as_secs() - 86_400);
        Some(case)
    }),
    one("a body over the limit", &["body_too_large"], |name, rng| {
        let mut recipe = json(name, rng)?;
        recipe.body = format!("{{\"text\":\"{}\"}}", "x".repeat(27 * 1024 * 1024)).into_bytes();
        // The two largest bodies are enough.
        ["github", "slack", "gitlab"].contains(&name).then(|| recipe.send())
    }),
    one("an unsigned header missing", &["version_header_wrong"], |name, rng| {
        let mut case = genuine(name, rng);
        let (fixed, _) =
            scheme(name).required_headers().map(|(a, b)| (a.to_owned(), b.to_owned())).next()?;
        case.request.headers.retain(|(name, _)| *name != fixed);
        Some(case)
    }),
    one("an unsigned header with another value", &["version_header_wrong"], |name, rng| {
        let mut case = genuine(name, rng);
        let (fixed, _) =
            scheme(name).required_headers().map(|(a, b)| (a.to_owned(), b.to_owned())).next()?;
        *case.value(&fixed) = "7".to_owned();
        Some(case)
    }),
    one("the headers of another scheme beside the sender's", &["headers_mixed"], |name, rng| {
        let case = genuine(name, rng);
        let other = scheme(name).conflicting_headers().next()?.to_owned();
        Some(header(case, &other, "x"))
    }),
];

fn scheme(name: &str) -> Scheme {
    let sender = countersign::senders::find(name).unwrap();
    sender.example_config().with_public_url(URL).scheme().unwrap()
}

fn signs_url(name: &str) -> bool {
    countersign::senders::find(name).unwrap().requires_public_url()
}

fn is_token(name: &str) -> bool {
    scheme(name).algorithm() == Algorithm::StaticToken
}

fn genuine(name: &str, rng: &mut Rng) -> Case {
    Recipe::new(name, rng).send()
}

/// A request whose credential is in the last header.
fn in_header(name: &str, rng: &mut Rng) -> Option<Case> {
    (name != "adyen").then(|| genuine(name, rng))
}

fn token(name: &str, rng: &mut Rng) -> Option<Case> {
    is_token(name).then(|| genuine(name, rng))
}

/// A request of a sender that signs any JSON.
fn json(name: &str, rng: &mut Rng) -> Option<Recipe> {
    let is_any = !["adyen", "linear", "twilio"].contains(&name);
    is_any.then(|| Recipe::new(name, rng))
}

fn all_documents(rng: &mut Rng, text: &str) -> Option<&'static super::valid::Document> {
    (0..200).map(|_| document(rng)).find(|document| document.prints["node"] == text)
}

fn body(mut case: Case, body: Vec<u8>) -> Case {
    case.request.body = body;
    case
}

fn header(mut case: Case, name: &str, value: &str) -> Case {
    case.header_value(name, value);
    case
}

fn method(name: &str, rng: &mut Rng, method: &str) -> Option<Case> {
    let mut case = genuine(name, rng);
    method.clone_into(&mut case.request.method);
    Some(case)
}

fn length(name: &str, rng: &mut Rng, more: i64) -> Option<Case> {
    let case = genuine(name, rng);
    let length = i64::try_from(case.request.body.len()).ok()? + more;
    Some(header(case, "content-length", &length.to_string()))
}

fn with_url(name: &str, rng: &mut Rng, url: &str) -> Option<Case> {
    let mut case = genuine(name, rng);
    case.settings.url = Some(url.to_owned());
    signs_url(name).then_some(case)
}

fn signed_id(scheme: &Scheme) -> Option<String> {
    match scheme.id()? {
        Location::Header(name) => {
            let is_signed = scheme.signed_parts().any(|part| matches!(part, PartRef::Id(_)));
            is_signed.then(|| name.to_owned())
        }
        _ => None,
    }
}

fn time_header(case: &Case) -> Option<String> {
    let found = case.request.headers.iter().find(|(name, _)| name.contains("timestamp"));
    found.map(|(name, _)| name.clone())
}

impl Case {
    fn header_value(&mut self, name: &str, value: &str) {
        self.request.headers.insert(0, (name.to_owned(), value.to_owned()));
    }
}
