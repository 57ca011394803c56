//! What a signature may cover.

use countersign::Timestamp;
use countersign::scheme::TimestampFormat;

use super::parts::Parts;
use super::question::Asked;

/// The most headers that are taken for a time, and for an id.
const MOST_VALUES: usize = 3;

/// What stands around the body in what is signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Content {
    pub(super) before: String,
    pub(super) after: String,
    /// As people write it.
    pub(super) called: String,
    /// The header of the time, if that and a dot stand before the body and nothing else.
    pub(super) dotted_time: Option<String>,
}

/// The content that the sender signs, with the request's values in it.
pub(super) fn template(parts: &Parts, content: &str) -> Option<Content> {
    let (before, after) = content.split_once("{body}")?;
    let fill = |text: &str| {
        let mut text = text.to_owned();
        for name in &parts.form.needed {
            let place = format!("{{{name}}}");
            if text.contains(&place) {
                text = text.replace(&place, parts.head.first(name)?);
            }
        }
        if text.contains("{timestamp}") {
            let at = parts.form.at.as_ref()?;
            text = text.replace("{timestamp}", at.time(parts.head.first(&at.header)?)?);
        }
        Some(text)
    };
    let (before, after) = (fill(before)?, fill(after)?);
    Some(Content { before, after, called: content.to_owned(), dotted_time: None })
}

/// What may be signed: the sender's own content, then the body, then what other senders sign.
pub(super) fn contents(
    parts: &Parts,
    asked: &Asked<'_>,
    value: &str,
    template: Option<&Content>,
) -> Vec<Content> {
    let mut list: Vec<Content> = template.cloned().into_iter().collect();
    let mut push = |before: String, after: String, called: String, dotted: Option<&str>| {
        let dotted_time = dotted.map(str::to_owned);
        list.push(Content { before, after, called, dotted_time });
    };
    push(String::new(), String::new(), "{body}".into(), None);
    let times = times(parts, value);
    let ids = ids(parts);
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
    if let Some(url) = &asked.url {
        push(url.clone(), String::new(), "{url}{body}".into(), None);
        push(format!("{}{url}", asked.method), String::new(), "{method}{url}{body}".into(), None);
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

/// Texts that may be the signed time, and the headers that they are the whole value of.
fn times(parts: &Parts, value: &str) -> Vec<(String, Option<String>)> {
    let is_time = |text: &str| {
        let is_number = matches!(text.len(), 10 | 13) && text.bytes().all(|b| b.is_ascii_digit());
        is_number || Timestamp::parse(text.as_bytes(), TimestampFormat::Rfc3339).is_some()
    };
    let beside = value.split([',', ';', ' ', '=']).find(|text| is_time(text));
    let mut times: Vec<_> = beside.map(|text| (text.to_owned(), None)).into_iter().collect();
    let headers = parts.head.headers.iter().filter(|(name, _)| parts.shown(name).is_some());
    let whole = headers.filter(|(_, value)| is_time(value));
    times.extend(whole.map(|(name, value)| (value.clone(), Some(name.to_ascii_lowercase()))));
    times.truncate(MOST_VALUES);
    times
}

/// Texts that may be the event's id, and the headers that they stand in.
fn ids(parts: &Parts) -> Vec<(String, String)> {
    let names_an_id = |name: &str| {
        let ends = ["id", "delivery", "nonce", "uuid", "token"];
        ends.iter().any(|end| name.to_ascii_lowercase().ends_with(end))
    };
    let headers = parts.head.headers.iter();
    headers
        .filter(|(name, _)| names_an_id(name) && parts.shown(name).is_some())
        .filter(|(_, value)| !value.is_empty() && value.len() <= 128)
        .map(|(name, value)| (value.clone(), name.to_ascii_lowercase()))
        .take(MOST_VALUES)
        .collect()
}
