//! Repairs of the headers.

use countersign::scheme::Algorithm;

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::{Candidate, GZIP_MAGIC, Head, Source};
use crate::explain::repairs::{signature, signed_headers};
use crate::explain::text::credential::MAX_VALUE;
use crate::explain::text::header_names::same;

/// Returns candidates with another head.
pub(crate) fn repairs(candidate: &Candidate, body: &[u8]) -> Vec<Candidate> {
    let mut list = Vec::new();
    if let Some(renamed) = renamed(candidate) {
        list.extend(values(&renamed, body));
        list.insert(0, renamed);
    }
    list.extend(values(candidate, body));
    list
}

fn values(candidate: &Candidate, body: &[u8]) -> Vec<Candidate> {
    let mut list = Vec::new();
    list.extend(coding(candidate, body));
    list.extend(length(candidate, body));
    list.extend(trimmed(candidate));
    repeated(candidate, &mut list);
    list.extend(mixed(candidate));
    list.extend(fixed(candidate));
    // The signed headers go first: the repair of the signature would take a changed time for a prefix.
    signed_headers::repairs(candidate, &mut list);
    // The format of an undocumented sender is unknown, and is searched for in `config`.
    if !matches!(candidate.source, Source::AiNexLayer | Source::OmniAi) {
        signature::repairs(candidate, &mut list);
    }
    list
}

/// Restores the names of headers that were renamed.
fn renamed(candidate: &Candidate) -> Option<Candidate> {
    let mut head = Head::clone(&candidate.head);
    let mut names = Vec::new();
    for wanted in &candidate.shape.expected {
        if head.first(wanted).is_some() {
            continue;
        }
        if let Some((name, _)) = head.headers.iter_mut().find(|(name, _)| same(name, wanted)) {
            wanted.clone_into(name);
            names.push(format!("`{wanted}`"));
        }
    }
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    let finding = Finding::proved(
        FindingKind::HeaderRenamed,
        format!(
            "These headers arrived under other names, as CGI, a framework or a proxy writes them: {names}."
        ),
        "Pass on the headers under their original names, with hyphens; configure the proxy to leave them unchanged.",
    );
    Some(candidate.with_head(head, finding))
}

/// Removes `content-encoding`.
fn coding(candidate: &Candidate, body: &[u8]) -> Option<Candidate> {
    let values: Vec<_> = candidate.head.all("content-encoding").collect();
    let is_plain = |value: &str| value.eq_ignore_ascii_case("identity");
    if matches!(values.as_slice(), [] | [_]) && values.iter().all(|value| is_plain(value)) {
        return None;
    }
    let mut codings = values.iter().flat_map(|value| value.split(','));
    let finding = if !codings.any(names_coding) {
        let shown = match values.as_slice() {
            [value] if !value.is_empty() => candidate.shown(value),
            _ => None,
        };
        Finding::proved(
            FindingKind::ContentEncodingUnknown,
            match shown {
                Some(value) => {
                    format!("`content-encoding` names no content coding: its value is `{value}`.")
                }
                None => "`content-encoding` names no content coding.".to_owned(),
            },
            "Have the sender or the proxy that adds the header leave it out; a charset belongs in `content-type`. The signature is right.",
        )
    } else if body.starts_with(GZIP_MAGIC) && candidate.scheme.algorithm() == Algorithm::StaticToken
    {
        Finding::proved(
            FindingKind::BodyCompressed,
            "The body is compressed, and countersign rejects compressed bodies.",
            "Configure the sender, or the proxy in front, to deliver uncompressed bodies.",
        )
    } else if body.starts_with(GZIP_MAGIC) {
        Finding::proved(
            FindingKind::BodyCompressed,
            "The body is compressed, and the signature covers the compressed bytes; countersign rejects compressed bodies.",
            "Configure the sender, or the proxy in front, to deliver uncompressed bodies.",
        )
    } else {
        Finding::proved(
            FindingKind::GzipDecoded,
            "`content-encoding` announces a compressed body, but the body is not compressed: a layer in front decompressed it and kept the header, or added the header.",
            "Configure that layer to leave `content-encoding` out; the signature matches the body as it is.",
        )
    };
    Some(candidate.with_head(candidate.head.without("content-encoding"), finding))
}

/// Returns whether a value of `content-encoding` is a coding that changes the body
/// ([registry](https://www.iana.org/assignments/http-parameters/http-parameters.xhtml#content-coding)).
pub(crate) fn names_coding(value: &str) -> bool {
    const CODINGS: [&str; 12] = [
        "gzip",
        "x-gzip",
        "deflate",
        "br",
        "zstd",
        "compress",
        "x-compress",
        "aes128gcm",
        "dcb",
        "dcz",
        "exi",
        "pack200-gzip",
    ];
    let name = value.split(';').next().unwrap_or_default().trim();
    CODINGS.iter().any(|coding| name.eq_ignore_ascii_case(coding))
}

/// Removes a `content-length` other than the body's length.
fn length(candidate: &Candidate, body: &[u8]) -> Option<Candidate> {
    let announced: Vec<_> = candidate.head.all("content-length").collect();
    let what = match announced.as_slice() {
        [] => return None,
        [one] if one.parse() == Ok(body.len()) => return None,
        [one] if one.is_empty() || !one.bytes().all(|digit| digit.is_ascii_digit()) => {
            "`content-length` is not a number."
        }
        [_] => {
            "`content-length` is not the body's length: the header is wrong, or the body was changed after it was received; this sender does not sign the body."
        }
        _ => "`content-length` appears more than once.",
    };
    let finding = Finding::proved(
        FindingKind::ContentLengthWrong,
        what,
        "Pass the raw bytes to countersign, with the `content-length` that arrived: put its layer outside of every layer that reads or changes the body.",
    );
    Some(candidate.with_head(candidate.head.without("content-length"), finding))
}

/// Removes white space and quotes around the values.
fn trimmed(candidate: &Candidate) -> Option<Candidate> {
    let mut head = Head::clone(&candidate.head);
    let mut is_changed = false;
    for (name, value) in &mut head.headers {
        if candidate.shape.expected.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)) {
            let inner = value.trim().trim_matches(['"', '\'']).trim();
            if inner != value {
                *value = inner.to_owned();
                is_changed = true;
            }
        }
    }
    is_changed.then(|| {
        let finding = Finding::proved(
            FindingKind::HeaderWhitespace,
            "A header that holds the signature or is signed has white space or quotes around its value.",
            "Pass on header values unchanged; look for a proxy rule or a test script that adds white space or quotes.",
        );
        candidate.with_head(head, finding)
    })
}

/// Keeps one value of a repeated header, whose values are in two headers or joined by a comma.
fn repeated(candidate: &Candidate, list: &mut Vec<Candidate>) {
    let repeated: Vec<_> = candidate
        .shape
        .expected
        .iter()
        .filter(|name| candidate.head.all(name).count() > 1)
        .collect();
    for take_last in [false, true] {
        let mut head = Head::clone(&candidate.head);
        for name in &repeated {
            let mut values = candidate.head.all(name);
            let value = if take_last { values.last() } else { values.next() };
            head = head.with(name, value.unwrap_or_default());
        }
        if !repeated.is_empty() {
            let finding = Finding::proved(
                FindingKind::HeaderDuplicated,
                format!(
                    "Header `{}` appears more than once.",
                    repeated.first().map_or("", |name| name.as_str())
                ),
                "Look for a proxy or a framework that adds the header again, and configure it to pass the header on once.",
            );
            list.push(candidate.with_head(head, finding));
        }
    }
    for take_last in [false, true] {
        let mut head = Head::clone(&candidate.head);
        let mut joined = None;
        for name in &candidate.shape.expected {
            let Some(value) = candidate.head.first(name) else { continue };
            if let Some(one) = one_of(value, take_last) {
                head = head.with(name, one);
                joined = Some(name);
            }
        }
        if let Some(name) = joined {
            let finding = Finding::proved(
                FindingKind::HeaderJoined,
                format!(
                    "Header `{name}` has two values joined by a comma, as proxies write a repeated header."
                ),
                "Look for a proxy that adds the header again and joins the values, and configure it to pass the header on unchanged.",
            );
            list.push(candidate.with_head(head, finding));
        }
    }
}

/// Returns one of two values that are joined by a comma and are equal, or equal in length and beginning.
fn one_of(value: &str, take_last: bool) -> Option<&str> {
    if value.len() > MAX_VALUE {
        return None;
    }
    value.match_indices(',').find_map(|(at, _)| {
        let (first, last) = (value.get(..at)?.trim(), value.get(at + 1..)?.trim());
        let are_two = first == last
            || (first.len() == last.len()
                && first.get(..2).is_some()
                && first.get(..2) == last.get(..2));
        let one = if take_last { last } else { first };
        (are_two && !one.is_empty()).then_some(one)
    })
}

/// Removes the headers that conflict with the scheme, which are those of another scheme.
fn mixed(candidate: &Candidate) -> Option<Candidate> {
    let own = &candidate.shape.credential.as_ref()?.header;
    let is_conflicting = |name: &str| {
        candidate.scheme.conflicting_headers().any(|other| name.eq_ignore_ascii_case(other))
    };
    let mut head = Head::clone(&candidate.head);
    let mut names = head.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    let other = names.find(|name| is_conflicting(name))?;
    head.headers.retain(|(name, _)| !is_conflicting(name));
    let finding = Finding::proved(
        FindingKind::HeadersMixed,
        format!("The request has headers of two schemes: `{own}` and `{other}`."),
        format!(
            "Configure the sender or the proxy to send the headers of one scheme; the request verifies without `{other}`."
        ),
    );
    Some(candidate.with_head(head, finding))
}

/// Sets the headers that must have a fixed value.
fn fixed(candidate: &Candidate) -> Option<Candidate> {
    let mut head = Head::clone(&candidate.head);
    let mut changed = None;
    for (name, value) in &candidate.shape.fixed {
        if head.first(name) != Some(value) {
            head = head.with(name, value.clone());
            changed = Some(name);
        }
    }
    let name = changed?;
    let finding = Finding::proved(
        FindingKind::VersionHeaderWrong,
        format!("Header `{name}`, which must have a fixed value, is missing or has another value."),
        "Pass on this header unchanged.",
    );
    Some(candidate.with_head(head, finding))
}
