//! The contents that a signature may cover.

use countersign::Timestamp;
use countersign::scheme::{PartRef, TimestampFormat, TimestampLocation};

use crate::explain::context::Context;
use crate::explain::model::Candidate;

/// The largest number of headers that are tried as the time, and as the id.
const MAX_VALUES: usize = 3;

/// Signed content: the body with text before and after it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Content {
    pub(crate) before: String,
    pub(crate) after: String,
    /// The content as a message shows it, with header names in braces.
    pub(crate) description: String,
    /// The header of the time, if the content is the time, a dot and the body.
    pub(crate) dotted_time: Option<String>,
}

/// Returns the content that the sender signs, filled in from the request and from `value`, which holds the
/// signature; `None` if the request lacks a part of it.
pub(crate) fn own_content(candidate: &Candidate, value: &str) -> Option<Content> {
    let (scheme, head) = (&candidate.scheme, &candidate.head);
    let (mut text, mut before) = (String::new(), None);
    for part in scheme.signed_parts() {
        match part {
            PartRef::Literal(literal) | PartRef::Url(literal) => text.push_str(literal),
            PartRef::Header(name) | PartRef::Id(name) => text.push_str(head.first(name)?),
            PartRef::Timestamp => text.push_str(match scheme.timestamp()?.location {
                TimestampLocation::Header(name) => head.first(name)?,
                _ => candidate.shape.credential.as_ref()?.time(value)?,
            }),
            PartRef::Body => before = Some(std::mem::take(&mut text)),
            _ => return None,
        }
    }
    let description = candidate.shape.content.clone()?;
    Some(Content { before: before?, after: text, description, dotted_time: None })
}

/// Returns the contents to try: the sender's own, then the body alone, then those of other senders.
pub(crate) fn contents(
    candidate: &Candidate,
    context: &Context<'_>,
    value: &str,
    own: Option<&Content>,
) -> Vec<Content> {
    let mut list: Vec<Content> = own.cloned().into_iter().collect();
    let mut push = |before: String, after: String, description: String, dotted: Option<&str>| {
        let dotted_time = dotted.map(str::to_owned);
        list.push(Content { before, after, description, dotted_time });
    };
    push(String::new(), String::new(), "{body}".into(), None);
    let times = times(candidate, value);
    let ids = ids(candidate);
    for (time, name) in &times {
        let header = name.as_deref();
        let called = header.map_or("{timestamp}".to_owned(), |name| format!("{{{name}}}"));
        for (start, joint) in
            [("", "."), ("", ":"), ("", ""), ("v0:", ":"), ("v1:", ":"), ("", "|"), ("", "\n")]
        {
            let dotted = header.filter(|_| start.is_empty() && joint == ".");
            let name = format!("{start}{called}{}{{body}}", joint.escape_default());
            push(format!("{start}{time}{joint}"), String::new(), name, dotted);
        }
        for joint in [".", ":", ""] {
            push(String::new(), format!("{joint}{time}"), format!("{{body}}{joint}{called}"), None);
        }
        for (id, id_name) in &ids {
            for joint in [".", ":"] {
                let name = format!("{{{id_name}}}{joint}{called}{joint}{{body}}");
                push(format!("{id}{joint}{time}{joint}"), String::new(), name, None);
                let name = format!("{called}{joint}{{{id_name}}}{joint}{{body}}");
                push(format!("{time}{joint}{id}{joint}"), String::new(), name, None);
            }
        }
    }
    for (id, name) in &ids {
        push(format!("{id}."), String::new(), format!("{{{name}}}.{{body}}"), None);
    }
    if let Some(url) = &context.url {
        push(url.clone(), String::new(), "{url}{body}".into(), None);
        push(format!("{}{url}", context.method), String::new(), "{method}{url}{body}".into(), None);
    }
    let mut seen = Vec::new();
    list.retain(|content| {
        let around = (content.before.clone(), content.after.clone());
        !seen.contains(&around) && {
            seen.push(around);
            true
        }
    });
    list
}

/// Returns texts that may be the signed time, each with the header whose whole value it is, if any.
fn times(candidate: &Candidate, value: &str) -> Vec<(String, Option<String>)> {
    let is_time = |text: &str| {
        let is_number = matches!(text.len(), 10 | 13) && text.bytes().all(|b| b.is_ascii_digit());
        is_number || Timestamp::parse(text.as_bytes(), TimestampFormat::Rfc3339).is_some()
    };
    let beside = value.split([',', ';', ' ', '=']).find(|text| is_time(text));
    let mut times: Vec<_> = beside.map(|text| (text.to_owned(), None)).into_iter().collect();
    let headers = candidate.head.headers.iter().filter(|(name, _)| candidate.shown(name).is_some());
    let whole = headers.filter(|(_, value)| is_time(value));
    times.extend(whole.map(|(name, value)| (value.clone(), Some(name.to_ascii_lowercase()))));
    times.truncate(MAX_VALUES);
    times
}

/// Returns values that may be the event's id, each with its header.
fn ids(candidate: &Candidate) -> Vec<(String, String)> {
    let names_an_id = |name: &str| {
        let ends = ["id", "delivery", "nonce", "uuid", "token"];
        ends.iter().any(|end| name.to_ascii_lowercase().ends_with(end))
    };
    let headers = candidate.head.headers.iter();
    headers
        .filter(|(name, _)| names_an_id(name) && candidate.shown(name).is_some())
        .filter(|(_, value)| !value.is_empty() && value.len() <= 128)
        .map(|(name, value)| (value.clone(), name.to_ascii_lowercase()))
        .take(MAX_VALUES)
        .collect()
}
