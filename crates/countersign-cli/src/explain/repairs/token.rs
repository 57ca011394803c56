//! Repairs of a static token's header: finds the header that holds the secret, and its encoding.

use countersign::scheme::{Algorithm, Encoding, Scheme, SignatureLocation};

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Candidate, Source};
use crate::explain::text::credential::{base64_text, credentials, encode, hex_text};

/// Returns a candidate for every header that contains the secret.
pub(crate) fn repairs(candidate: &Candidate) -> Vec<Candidate> {
    let is_token = candidate.scheme.algorithm() == Algorithm::StaticToken;
    let Ok(secret) = std::str::from_utf8(&candidate.secret) else { return Vec::new() };
    if !is_token || secret.is_empty() {
        return Vec::new();
    }
    let mut list = Vec::new();
    for (name, value) in &candidate.head.headers {
        if let Some(before) = value.strip_suffix(secret) {
            list.extend(found(candidate, name, before, secret, None));
        }
        for (text, how) in encoded(secret, value) {
            if let Some(before) = value.strip_suffix(text.as_str()) {
                list.extend(found(candidate, name, before, &text, Some(how)));
            }
        }
    }
    list
}

/// Returns the encodings of the secret that `value` may contain.
fn encoded(secret: &str, value: &str) -> Vec<(String, &'static str)> {
    let bytes = secret.as_bytes();
    let mut list = vec![
        (base64_text(bytes), "base64"),
        (encode(bytes, Encoding::Base64Url), "URL-safe base64"),
        (encode(bytes, Encoding::Base64UrlUnpadded), "base64 without padding"),
        (hex_text(bytes), "hexadecimal"),
        (hex_text(bytes).to_uppercase(), "hexadecimal"),
    ];
    // Basic authentication: a user name, a colon and the secret.
    let is_basic = |text: &[u8]| text.ends_with(format!(":{secret}").as_bytes());
    let ends_so = |text: &[u8]| is_basic(text) || text == format!("{secret}:").as_bytes();
    for basic in credentials(value, ends_so) {
        list.push((basic.text.to_owned(), "base64 with a user name, as in basic authentication"));
    }
    list
}

fn found(
    candidate: &Candidate,
    header: &str,
    before: &str,
    token: &str,
    how: Option<&str>,
) -> Option<Candidate> {
    let sender = candidate.scheme.sender().to_owned();
    let signature = SignatureLocation::token(header.to_ascii_lowercase()).prefix(before.to_owned());
    let scheme = Scheme::static_token(sender, signature).build().ok()?;
    let name = candidate.header_name(header);
    // A letter or digit before the match may be part of a longer secret, not a prefix.
    if before.ends_with(|last: char| last.is_alphanumeric()) {
        return None;
    }
    let prefix = (!before.is_empty())
        .then(|| common_prefix(before).map_or("a fixed prefix".into(), |text| format!("`{text}`")));
    let written = how.map_or_else(|| "unencoded".to_owned(), |how| format!("in {how}"));
    let after = prefix.as_ref().map_or_else(String::new, |prefix| format!(", after {prefix}"));
    let what = format!("The secret is in header {name}, {written}{after}.");
    let finding =
        Finding::proved(FindingKind::HeaderFound, what, next(candidate, header, before, how));
    let mut repaired = candidate.with_scheme(scheme, finding);
    repaired.secret = token.as_bytes().to_vec().into();
    Some(repaired)
}

/// Returns the text before a token if it is a common prefix. Any other text may be secret, and is not
/// printed.
fn common_prefix(text: &str) -> Option<&str> {
    const COMMON: [&str; 6] = ["bearer ", "basic ", "token ", "token token=", "apikey ", "secret "];
    COMMON.iter().any(|common| common.eq_ignore_ascii_case(text)).then_some(text)
}

fn next(candidate: &Candidate, header: &str, before: &str, how: Option<&str>) -> String {
    let Some(header) = candidate.shown(header).map(str::to_ascii_lowercase) else {
        return "Configure the header that holds the secret.".to_owned();
    };
    let Some(before) = (if before.is_empty() { Some("") } else { common_prefix(before) }) else {
        return format!(
            "Configure header `{header}`, with the text before the secret as its prefix."
        );
    };
    let line = match &candidate.source {
        Source::OmniAi if before.is_empty() => format!("`OmniAi::new(\"{header}\", secret)`"),
        Source::OmniAi => format!(
            "`OmniAi::with_scheme(Scheme::static_token(\"omniai\", SignatureLocation::token(\"{header}\").prefix(\"{before}\")).event_type_field(\"/event\").build()?, secret)`"
        ),
        Source::Known(sender) if before.is_empty() => {
            format!(
                "`.config().with_header(\"{header}\")` of `{}`, if the sender lets the header be chosen",
                sender.name()
            )
        }
        _ => format!("`SignatureLocation::token(\"{header}\").prefix(\"{before}\")`"),
    };
    match how {
        None => format!("Configure {line}."),
        Some(how) => format!("Configure {line}, with the secret in {how}, as it is sent."),
    }
}
