//! The text formats of timestamps.

/// The text format of a sender's timestamps.
///
/// ```
/// use countersign::Timestamp;
/// use countersign::time::TimestampFormat;
///
/// let time = Timestamp::parse(b"1769860800000", TimestampFormat::Millis);
/// assert_eq!(time, Some(Timestamp::from_secs(1_769_860_800)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TimestampFormat {
    /// Seconds since the Unix epoch.
    Seconds,
    /// Milliseconds since the Unix epoch.
    Millis,
    /// A date and time such as `2026-01-31T12:00:00Z` ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)).
    Rfc3339,
}

impl TimestampFormat {
    /// Returns whether `text` has the width of every time between 2001 and 2286.
    ///
    /// Such a time keeps signed content unambiguous where no separator stands between it and another
    /// value: no such text of one format is the beginning or the end of another. RFC 3339 text has
    /// whole seconds and either `Z` or an offset, or up to nine digits of a fraction and `Z`. Its
    /// twentieth character shows which of the three it is, `Z` appears only at its end, and `T` only in
    /// its eleventh position.
    pub(crate) fn is_usual_width(self, text: &[u8]) -> bool {
        match self {
            Self::Seconds => text.len() == 10,
            Self::Millis => text.len() == 13,
            Self::Rfc3339 => match text.get(19) {
                Some(b'Z') => text.len() == 20,
                Some(b'.') => text.ends_with(b"Z") && (22..=30).contains(&text.len()),
                _ => text.len() == 25,
            },
        }
    }
}
