//! Time as a value. Verification is told the time; only a [`Clock`] reads one.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
        let millis = span.as_nanos().div_ceil(1_000_000);
        Self(self.0.saturating_add(u64::try_from(millis).unwrap_or(u64::MAX)))
    }

    /// The instant `span` earlier, or the first one there is; a started millisecond counts as whole.
    #[must_use]
    pub fn saturating_sub(self, span: Duration) -> Self {
        let millis = span.as_nanos().div_ceil(1_000_000);
        Self(self.0.saturating_sub(u64::try_from(millis).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Reads 1 to 15 ASCII digits without a leading zero, and nothing else.
    ///
    /// What is signed are the digits as they stood in the request, never this number.
    #[must_use]
    pub fn parse(text: &[u8], unit: TimeUnit) -> Option<Self> {
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
            TimeUnit::Seconds => Self::from_secs(number),
            TimeUnit::Millis => Self::from_millis(number),
        })
    }

    /// This instant without what is finer than `unit`.
    const fn floor(self, unit: TimeUnit) -> Self {
        match unit {
            TimeUnit::Seconds => Self::from_secs(self.as_secs()),
            TimeUnit::Millis => self,
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The unit in which a sender counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TimeUnit {
    /// Seconds since the Unix epoch.
    Seconds,
    /// Milliseconds since the Unix epoch.
    Millis,
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

    pub(crate) fn judge(self, now: Timestamp, signed: Timestamp, unit: TimeUnit) -> Freshness {
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

/// What [`Tolerance::judge`] finds.
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

/// A clock that never jumps and begins at its first use: leases in one process run by it.
#[derive(Clone, Debug, Default)]
pub struct MonotonicClock {
    start: OnceLock<Instant>,
}

impl Clock for MonotonicClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(millis(self.start.get_or_init(Instant::now).elapsed()))
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
