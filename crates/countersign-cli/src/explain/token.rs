//! In which header a static token stands, and how.

use countersign::scheme::{Algorithm, Encoding, Scheme, SignatureLocation};

use super::credential::{base64_text, credentials, encode, hex_text};
use super::finding::Finding;
use super::parts::{Parts, Source};

/// A scheme for every header that holds the secret.
pub(super) fn repairs(parts: &Parts) -> Vec<Parts> {
    let is_token = parts.scheme.algorithm() == Algorithm::StaticToken;
    let Ok(secret) = std::str::from_utf8(&parts.secret) else { return Vec::new() };
    if !is_token || secret.is_empty() {
        return Vec::new();
    }
    let mut list = Vec::new();
    for (name, value) in &parts.head.headers {
        if let Some(before) = value.strip_suffix(secret) {
            list.extend(found(parts, name, before, secret, None));
        }
        for (text, how) in encoded(secret, value) {
            if let Some(before) = value.strip_suffix(text.as_str()) {
                list.extend(found(parts, name, before, &text, Some(how)));
            }
        }
    }
    list
}

/// The secret as `value` may hold it encoded.
fn encoded(secret: &str, value: &str) -> Vec<(String, &'static str)> {
    let bytes = secret.as_bytes();
    let mut list = vec![
        (base64_text(bytes), "base64"),
        (encode(bytes, Encoding::Base64Url), "URL-safe base64"),
        (encode(bytes, Encoding::Base64UrlUnpadded), "base64 without padding"),
        (hex_text(bytes), "hexadecimal"),
        (hex_text(bytes).to_uppercase(), "hexadecimal"),
    ];
    // Basic authentication: a user's name, a colon and the secret.
    let is_basic = |text: &[u8]| text.ends_with(format!(":{secret}").as_bytes());
    let ends_so = |text: &[u8]| is_basic(text) || text == format!("{secret}:").as_bytes();
    for basic in credentials(value, ends_so) {
        list.push((
            basic.text.to_owned(),
            "base64 with a user's name, as basic authentication has it",
        ));
    }
    list
}

fn found(
    parts: &Parts,
    header: &str,
    before: &str,
    token: &str,
    how: Option<&str>,
) -> Option<Parts> {
    let sender = parts.scheme.sender().to_owned();
    let signature = SignatureLocation::token(header.to_ascii_lowercase()).prefix(before.to_owned());
    let scheme = Scheme::static_token(sender, signature).build().ok()?;
    let place = parts.header_name(header);
    // More of what may be the secret: then it was cut, and no text stands before it.
    if before.ends_with(|last: char| last.is_alphanumeric()) {
        return None;
    }
    let prefix = (!before.is_empty())
        .then(|| usual_prefix(before).map_or("a fixed text".into(), |text| format!("`{text}`")));
    let written = how.map_or_else(|| "as it is".to_owned(), |how| format!("in {how}"));
    let behind = prefix.as_ref().map_or_else(String::new, |prefix| format!(", behind {prefix}"));
    let what = format!("The secret stands in header {place}, {written}{behind}.");
    let finding = Finding::proved("header_found", what, next(parts, header, before, how));
    let mut repaired = parts.scheme(scheme, finding);
    repaired.secret = token.as_bytes().to_vec().into();
    Some(repaired)
}

/// A text before a token, if it is one of those that all the world writes there: any other may be
/// somebody's secret, and is not shown.
fn usual_prefix(text: &str) -> Option<&str> {
    const USUAL: [&str; 6] = ["bearer ", "basic ", "token ", "token token=", "apikey ", "secret "];
    USUAL.iter().any(|usual| usual.eq_ignore_ascii_case(text)).then_some(text)
}

fn next(parts: &Parts, header: &str, before: &str, how: Option<&str>) -> String {
    let Some(header) = parts.shown(header).map(str::to_ascii_lowercase) else {
        return "Set up the header that holds the secret.".to_owned();
    };
    let Some(before) = (if before.is_empty() { Some("") } else { usual_prefix(before) }) else {
        return format!(
            "Set up header `{header}`, with the fixed text that stands before the secret."
        );
    };
    let line = match &parts.source {
        Source::OmniAi if before.is_empty() => format!("`OmniAi::new(\"{header}\", secret)`"),
        Source::OmniAi => format!(
            "`OmniAi::with_scheme(Scheme::static_token(\"omniai\", SignatureLocation::token(\"{header}\").prefix(\"{before}\")).event_type_field(\"/event\").build()?, secret)`"
        ),
        Source::Known(sender) if before.is_empty() => {
            format!(
                "`.config().with_header(\"{header}\")` of `{}`, where it lets the header be chosen",
                sender.name()
            )
        }
        _ => format!("`SignatureLocation::token(\"{header}\").prefix(\"{before}\")`"),
    };
    match how {
        None => format!("Set it up by {line}."),
        Some(how) => format!(
            "Set it up by {line}, with the secret written in {how}: that text is what is sent."
        ),
    }
}
