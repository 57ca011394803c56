//! An instant.

use std::fmt;
use std::time::Duration;

use super::format::TimestampFormat;

/// The most digits a timestamp may have; leaves room to turn seconds into milliseconds in `u64`.
const MAX_DIGITS: usize = 15;

/// An instant: whole milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// From whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The instant `span` later, or the last one there is; a started millisecond counts as whole.
    #[must_use]
    pub fn saturating_add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(started_millis(span)))
    }

    /// The instant `span` earlier, or the first one there is; a started millisecond counts as whole.
    #[must_use]
    pub fn saturating_sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(started_millis(span)))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Reads 1 to 15 ASCII digits without a leading zero, and nothing else; or RFC 3339 text, where
    /// the sender writes that.
    ///
    /// What is signed are the digits as they stood in the request, never this number.
    #[must_use]
    pub fn parse(text: &[u8], unit: TimestampFormat) -> Option<Self> {
        if unit == TimestampFormat::Rfc3339 {
            return Self::parse_rfc3339(text);
        }
        if text.is_empty() || text.len() > MAX_DIGITS || (text.len() > 1 && text.starts_with(b"0"))
        {
            return None;
        }
        let mut number = 0_u64;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            number = number * 10 + u64::from(digit);
        }
        Some(match unit {
            TimestampFormat::Seconds => Self::from_secs(number),
            TimestampFormat::Millis | TimestampFormat::Rfc3339 => Self::from_millis(number),
        })
    }

    /// Reads the text of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6).
    pub(crate) fn parse_rfc3339(text: &[u8]) -> Option<Self> {
        // The parser takes any character there.
        if !matches!(text.get(10), Some(b'T' | b't')) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let format = &time::format_description::well_known::Rfc3339;
        let nanos = time::OffsetDateTime::parse(text, format).ok()?.unix_timestamp_nanos();
        Some(Self::from_millis(u64::try_from(nanos / 1_000_000).ok()?))
    }

    /// This instant without what is finer than `unit`.
    pub(super) const fn floor(self, unit: TimestampFormat) -> Self {
        match unit {
            TimestampFormat::Seconds => Self::from_secs(self.as_secs()),
            TimestampFormat::Millis | TimestampFormat::Rfc3339 => self,
        }
    }
}

#[cfg(feature = "sign")]
impl Timestamp {
    /// As a sender writes it.
    pub(crate) fn written(self, unit: TimestampFormat) -> String {
        let secs = i64::try_from(self.as_secs()).unwrap_or(i64::MAX);
        match unit {
            TimestampFormat::Seconds => self.as_secs().to_string(),
            TimestampFormat::Millis => self.as_millis().to_string(),
            TimestampFormat::Rfc3339 => {
                let format = &time::format_description::well_known::Rfc3339;
                let time = time::OffsetDateTime::from_unix_timestamp(secs);
                time.ok().and_then(|time| time.format(format).ok()).unwrap_or_default()
            }
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// The milliseconds of a span, a started one counted as whole.
const fn started_millis(span: Duration) -> u64 {
    let started = span.subsec_nanos().div_ceil(1_000_000) as u64;
    span.as_secs().saturating_mul(1000).saturating_add(started)
}
