//! Instants in milliseconds.

use std::fmt;
use std::time::Duration;

use super::format::TimestampFormat;

/// The most digits of a timestamp: any such number of seconds fits into `u64` as milliseconds.
const MAX_DIGITS: usize = 15;

/// An instant, in whole milliseconds since the Unix epoch.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::Timestamp;
///
/// let signed = Timestamp::from_secs(1_700_000_000);
/// let received = Timestamp::from_millis(1_700_000_002_500);
/// assert_eq!(received.saturating_since(signed), Duration::from_millis(2500));
/// assert_eq!(received.to_string(), "1700000002.500");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Creates a timestamp from whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Creates a timestamp from whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Returns the whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the instant `duration` later, or the last instant if that overflows.
    ///
    /// A fraction of a millisecond is rounded up.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(ceil_millis(duration)))
    }

    /// Returns the instant `duration` earlier, or the Unix epoch if that is before it.
    ///
    /// A fraction of a millisecond is rounded up.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(ceil_millis(duration)))
    }

    /// Returns the duration since `earlier`; zero if this instant is not later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Parses a timestamp as a sender writes it; `None` if the text does not have the format.
    ///
    /// A number has 1 to 15 ASCII digits, no leading zero, no sign and no surrounding white space.
    /// The signature covers the text in the request, never the parsed number.
    ///
    /// ```
    /// use countersign::Timestamp;
    /// use countersign::time::TimestampFormat;
    ///
    /// let time = Timestamp::from_secs(1_769_860_800);
    /// assert_eq!(Timestamp::parse(b"1769860800", TimestampFormat::Seconds), Some(time));
    /// assert_eq!(Timestamp::parse(b"2026-01-31T12:00:00Z", TimestampFormat::Rfc3339), Some(time));
    /// assert_eq!(Timestamp::parse(b"+1769860800", TimestampFormat::Seconds), None);
    /// ```
    #[must_use]
    pub fn parse(text: &[u8], format: TimestampFormat) -> Option<Self> {
        if format == TimestampFormat::Rfc3339 {
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
        Some(match format {
            TimestampFormat::Seconds => Self::from_secs(number),
            TimestampFormat::Millis | TimestampFormat::Rfc3339 => Self::from_millis(number),
        })
    }

    /// Returns the second as a date and time of
    /// [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) in UTC; empty after the year 9999.
    ///
    /// ```
    /// use countersign::Timestamp;
    ///
    /// assert_eq!(Timestamp::from_secs(1_700_000_000).to_rfc3339(), "2023-11-14T22:13:20Z");
    /// ```
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let rfc3339 = &time::format_description::well_known::Rfc3339;
        let secs = i64::try_from(self.as_secs()).unwrap_or(i64::MAX);
        let time = time::OffsetDateTime::from_unix_timestamp(secs);
        time.ok().and_then(|time| time.format(rfc3339).ok()).unwrap_or_default()
    }

    /// Parses a date and time of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6).
    pub(crate) fn parse_rfc3339(text: &[u8]) -> Option<Self> {
        // RFC 3339 requires `T` here; the `time` crate accepts any character.
        if !matches!(text.get(10), Some(b'T' | b't')) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let rfc3339 = &time::format_description::well_known::Rfc3339;
        let nanos = time::OffsetDateTime::parse(text, rfc3339).ok()?.unix_timestamp_nanos();
        Some(Self::from_millis(u64::try_from(nanos / 1_000_000).ok()?))
    }

    /// Returns the instant rounded down to the precision of `format`.
    pub(super) const fn floor(self, format: TimestampFormat) -> Self {
        match format {
            TimestampFormat::Seconds => Self::from_secs(self.as_secs()),
            TimestampFormat::Millis | TimestampFormat::Rfc3339 => self,
        }
    }
}

#[cfg(feature = "sign")]
impl Timestamp {
    /// Formats the instant as a sender writes it.
    pub(crate) fn written(self, format: TimestampFormat) -> String {
        match format {
            TimestampFormat::Seconds => self.as_secs().to_string(),
            TimestampFormat::Millis => self.as_millis().to_string(),
            TimestampFormat::Rfc3339 => self.to_rfc3339(),
        }
    }
}

/// Formats the seconds since the Unix epoch with three decimal places.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// Returns the milliseconds of `duration`, rounded up.
const fn ceil_millis(duration: Duration) -> u64 {
    let subsec_millis = duration.subsec_nanos().div_ceil(1_000_000) as u64;
    duration.as_secs().saturating_mul(1000).saturating_add(subsec_millis)
}
