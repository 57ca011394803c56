//! How senders write times.

/// The unit in which a sender counts, or the form in which it writes times.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TimestampFormat {
    /// Seconds since the Unix epoch.
    Seconds,
    /// Milliseconds since the Unix epoch.
    Millis,
    /// Text like `2026-01-31T12:00:00Z` ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)).
    Rfc3339,
}

impl TimestampFormat {
    /// Whether a time is as wide as all are from 2001 to 2286, so that it shows where it begins and
    /// ends: whole seconds in text, with `Z` or an offset.
    pub(crate) const fn is_usual_width(self, text: &[u8]) -> bool {
        match self {
            Self::Seconds => text.len() == 10,
            Self::Millis => text.len() == 13,
            Self::Rfc3339 => matches!(text, [.., b'Z'] if text.len() == 20) || text.len() == 25,
        }
    }
}
