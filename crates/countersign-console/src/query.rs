//! The values of a query or a form.

use std::borrow::Cow;
use std::time::Duration;

use countersign::Timestamp;

/// The values of a query or a form, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(text).map(|(name, value)| (name.into(), value.into())).collect(),
        )
    }

    /// Returns the first value of this name that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let own = self.0.iter().find(|(own, value)| own == name && !value.is_empty());
        own.map(|(_, value)| &**value)
    }

    /// Returns the values of this name that are not empty.
    pub(crate) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        let own = self.0.iter().filter(move |(own, value)| own == name && !value.is_empty());
        own.map(|(_, value)| &**value)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// Returns the query with other values, or without those that are `None`, as part of a link.
    pub(crate) fn with(&self, changes: &[(&str, Option<&str>)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.0 {
            if !value.is_empty() && changes.iter().all(|(changed, _)| changed != name) {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// Returns a link to a page with these values.
pub(crate) fn link(page: &str, values: &[(&str, &str)]) -> String {
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, Some(*value))).collect();
    format!("{page}?{}", Query::default().with(&values))
}

/// The spans of time that a page can show, each with its name in the query.
pub(crate) const SPANS: [(&str, &str, Duration); 4] = [
    ("1h", "hour", Duration::from_secs(3600)),
    ("24h", "24 hours", Duration::from_secs(86_400)),
    ("7d", "7 days", Duration::from_secs(604_800)),
    ("90d", "90 days", Duration::from_secs(7_776_000)),
];

/// Returns the span that the query asks for, or the one of this name.
pub(crate) fn span(query: &Query, default: &str) -> (&'static str, &'static str, Duration) {
    let find = |name: &str| SPANS.into_iter().find(|(own, ..)| *own == name);
    query.get("since").and_then(find).or_else(|| find(default)).unwrap_or((
        "24h",
        "24 hours",
        Duration::from_secs(86_400),
    ))
}

/// Returns when a span began.
pub(crate) fn since(now: Timestamp, span: Duration) -> Timestamp {
    now.saturating_sub(span)
}

/// Returns the bytes that 64 hexadecimal digits stand for.
pub(crate) fn key(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits: Cow<'_, str> = String::from_utf8_lossy(digits);
        *byte = u8::from_str_radix(&digits, 16).ok()?;
    }
    Some(bytes)
}
