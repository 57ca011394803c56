//! What may have happened to the headers on the way.

use super::credential::LONGEST;
use super::finding::Finding;
use super::names::same;
use super::parts::{Head, Parts, Source};
use super::{signature, signed_header};

/// How gzip begins ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1)).
pub(super) const GZIP: &[u8] = &[0x1f, 0x8b];

/// The head repaired in each way.
pub(super) fn repairs(parts: &Parts, body: &[u8]) -> Vec<Parts> {
    let mut list = Vec::new();
    if let Some(renamed) = renamed(parts) {
        list.extend(values(&renamed, body));
        list.insert(0, renamed);
    }
    list.extend(values(parts, body));
    list
}

fn values(parts: &Parts, body: &[u8]) -> Vec<Parts> {
    let mut list = Vec::new();
    list.extend(coding(parts, body));
    list.extend(length(parts, body));
    list.extend(trimmed(parts));
    repeated(parts, &mut list);
    list.extend(mixed(parts));
    list.extend(fixed(parts));
    // First, since writing the signature anew would take a time that was changed for a prefix.
    signed_header::repairs(parts, &mut list);
    // What a sender does not document is no mistake of its: the set-up is searched for it.
    if !matches!(parts.source, Source::AiNexLayer | Source::OmniAi) {
        signature::repairs(parts, &mut list);
    }
    list
}

/// Headers under their own names again.
fn renamed(parts: &Parts) -> Option<Parts> {
    let mut head = Head::clone(&parts.head);
    let mut names = Vec::new();
    for wanted in &parts.form.needed {
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
        "header_renamed",
        format!(
            "These headers came under other names, as CGI, a framework or a proxy writes them: {names}."
        ),
        "Hand on the headers as they were received, under their own names with hyphens; have the proxy leave them.",
    );
    Some(parts.head(head, finding))
}

/// Without the header that says the body is compressed.
fn coding(parts: &Parts, body: &[u8]) -> Option<Parts> {
    let coding = parts.head.first("content-encoding")?;
    if coding.eq_ignore_ascii_case("identity") {
        return None;
    }
    let finding = if body.starts_with(GZIP) {
        Finding::proved(
            "body_compressed",
            "The body is compressed and signed so; countersign takes none that is.",
            "Have the sender, or the proxy in front, deliver uncompressed bodies.",
        )
    } else {
        Finding::proved(
            "gzip_decoded",
            "`content-encoding` says that the body is compressed, but it is not: something in front decompressed it and left the header.",
            "Have whatever decompresses the body drop `content-encoding` as well; the signature holds for the body as it is now.",
        )
    };
    Some(parts.head(parts.head.without("content-encoding"), finding))
}

/// Without a length that is not the body's.
fn length(parts: &Parts, body: &[u8]) -> Option<Parts> {
    let announced = parts.head.first("content-length")?;
    if announced.parse() == Ok(body.len()) {
        return None;
    }
    let finding = Finding::proved(
        "content_length_wrong",
        "`content-length` is not the body's length: the body was changed after it was received, and this sender does not sign it.",
        "Hand countersign the raw bytes: put its layer outside of anything that reads or changes the body.",
    );
    Some(parts.head(parts.head.without("content-length"), finding))
}

/// Without white space or quotes around the values.
fn trimmed(parts: &Parts) -> Option<Parts> {
    let mut head = Head::clone(&parts.head);
    let mut is_changed = false;
    for (name, value) in &mut head.headers {
        if parts.form.needed.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)) {
            let inner = value.trim().trim_matches(['"', '\'']).trim();
            if inner != value {
                *value = inner.to_owned();
                is_changed = true;
            }
        }
    }
    is_changed.then(|| {
        let finding = Finding::proved(
            "header_whitespace",
            "White space or quotes stand around the value of a header that the sender signs or puts its signature into.",
            "Hand on header values as they were received; look for a proxy rule or a test script that adds them.",
        );
        parts.head(head, finding)
    })
}

/// One value where there are several, in two headers or joined by commas.
fn repeated(parts: &Parts, list: &mut Vec<Parts>) {
    let twice: Vec<_> =
        parts.form.needed.iter().filter(|name| parts.head.all(name).count() > 1).collect();
    for take_last in [false, true] {
        let mut head = Head::clone(&parts.head);
        for name in &twice {
            let mut values = parts.head.all(name);
            let value = if take_last { values.last() } else { values.next() };
            head = head.with(name, value.unwrap_or_default());
        }
        if !twice.is_empty() {
            let finding = Finding::proved(
                "header_duplicated",
                format!(
                    "Header `{}` stands more than once.",
                    twice.first().map_or("", |name| name.as_str())
                ),
                "Look for a proxy or a framework that adds the header again, and have it sent on once.",
            );
            list.push(parts.head(head, finding));
        }
    }
    for take_last in [false, true] {
        let mut head = Head::clone(&parts.head);
        let mut joined = None;
        for name in &parts.form.needed {
            let Some(value) = parts.head.first(name) else { continue };
            if let Some(one) = one_of(value, take_last) {
                head = head.with(name, one);
                joined = Some(name);
            }
        }
        if let Some(name) = joined {
            let finding = Finding::proved(
                "header_joined",
                format!(
                    "Header `{name}` holds two values joined by a comma, as proxies write a header that came twice."
                ),
                "Look for a proxy that adds the header again and joins the values, and have it sent on as it came.",
            );
            list.push(parts.head(head, finding));
        }
    }
}

/// One of two values that are joined by a comma: both are alike, or begin alike.
fn one_of(value: &str, take_last: bool) -> Option<&str> {
    if value.len() > LONGEST {
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

/// Without the headers of the other family of Standard Webhooks.
fn mixed(parts: &Parts) -> Option<Parts> {
    let at = parts.form.at.as_ref()?;
    let (own, rival) = match at.header.as_str() {
        "svix-signature" => ("svix-", "webhook-"),
        "webhook-signature" => ("webhook-", "svix-"),
        _ => return None,
    };
    let mut head = Head::clone(&parts.head);
    head.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with(rival));
    if head.headers.len() == parts.head.headers.len() {
        return None;
    }
    let finding = Finding::proved(
        "headers_mixed",
        format!("Headers of two families stand in one request: `{own}…` and `{rival}…`."),
        format!(
            "Have the sender or the proxy send one family only; it verifies with `{own}…` alone."
        ),
    );
    Some(parts.head(head, finding))
}

/// With the values that the sender's scheme always has.
fn fixed(parts: &Parts) -> Option<Parts> {
    let mut head = Head::clone(&parts.head);
    let mut changed = None;
    for (name, value) in &parts.form.fixed {
        if head.first(name) != Some(value) {
            head = head.with(name, value.clone());
            changed = Some(name);
        }
    }
    let name = changed?;
    let finding = Finding::proved(
        "version_header_wrong",
        format!(
            "Header `{name}`, which says how the sender signs, is missing or has another value than it must."
        ),
        "Hand on this header as it was received.",
    );
    Some(parts.head(head, finding))
}
