//! Time as a value. Verification is told the time; only a [`Clock`] reads one.

use std::fmt;
use std::sync::Arc;
#[cfg(not(target_os = "linux"))]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(target_os = "linux"))]
use std::time::Instant;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

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
    const fn floor(self, unit: TimestampFormat) -> Self {
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

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

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

/// How far a signed time may lie from now; both limits are still accepted.
///
/// The common value is five minutes both ways, as the reference libraries of
/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks) have it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tolerance {
    past: Duration,
    future: Duration,
}

impl Tolerance {
    /// Five minutes both ways.
    pub const FIVE_MINUTES: Self =
        Self { past: Duration::from_secs(300), future: Duration::from_secs(300) };

    /// `past` for times gone by, `future` for those ahead.
    #[must_use]
    pub const fn new(past: Duration, future: Duration) -> Self {
        Self { past, future }
    }

    /// How long ago a signed time may lie.
    #[must_use]
    pub const fn past(self) -> Duration {
        self.past
    }

    /// How far ahead a signed time may lie.
    #[must_use]
    pub const fn future(self) -> Duration {
        self.future
    }

    /// The whole span in which one request stays fresh.
    pub(crate) const fn window(self) -> Duration {
        self.past.saturating_add(self.future)
    }

    pub(crate) fn check(
        self,
        now: Timestamp,
        signed: Timestamp,
        unit: TimestampFormat,
    ) -> Freshness {
        let now = now.floor(unit);
        if now.saturating_since(signed) > self.past {
            Freshness::Stale
        } else if signed.saturating_since(now) > self.future {
            Freshness::Future
        } else {
            Freshness::Fresh
        }
    }
}

impl Default for Tolerance {
    fn default() -> Self {
        Self::FIVE_MINUTES
    }
}

/// What [`Tolerance::check`] finds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Freshness {
    Fresh,
    Stale,
    Future,
}

/// Where an adapter or a store takes the time from.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// The system's wall clock: what signed times are compared with.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(millis(since))
    }
}

/// A clock that never jumps: leases in one process run by it.
///
/// On Linux it is as fine as the kernel's tick, 1 to 10 ms, and costs a tenth of one that is finer.
#[derive(Clone, Debug, Default)]
pub struct MonotonicClock {
    #[cfg(not(target_os = "linux"))]
    start: OnceLock<Instant>,
}

impl Clock for MonotonicClock {
    #[cfg(target_os = "linux")]
    fn now(&self) -> Timestamp {
        let since_boot = clock_gettime(ClockId::MonotonicCoarse).try_into();
        Timestamp::from_millis(since_boot.map_or(0, millis))
    }

    #[cfg(not(target_os = "linux"))]
    fn now(&self) -> Timestamp {
        let start = self.start.get_or_init(Instant::now);
        Timestamp::from_millis(millis(start.elapsed()))
    }
}

/// A clock that stands still until it is moved; clones share it. For tests.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<AtomicU64>);

impl FixedClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_millis())))
    }

    /// Moves it forward by `span`.
    pub fn advance(&self, span: Duration) {
        self.set(self.now().saturating_add(span));
    }

    /// Puts it to `now`, forward or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
