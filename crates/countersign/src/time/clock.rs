//! Clocks, which adapters and stores read.

use std::sync::Arc;
#[cfg(not(target_os = "linux"))]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(target_os = "linux"))]
use std::time::Instant;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

use super::timestamp::Timestamp;

/// A source of the current time, for an adapter or a store.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::time::{Clock, SystemClock};
/// use countersign::Timestamp;
///
/// /// A clock that is a minute slow.
/// struct Slow;
///
/// impl Clock for Slow {
///     fn now(&self) -> Timestamp {
///         SystemClock.now().saturating_sub(Duration::from_secs(60))
///     }
/// }
/// assert!(Slow.now() < SystemClock.now());
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// The system's wall clock, with which signed times are compared.
///
/// ```
/// use countersign::time::{Clock, SystemClock};
///
/// assert!(SystemClock.now().as_secs() > 1_700_000_000);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(millis(since))
    }
}

/// A clock that never goes back, by which leases within one process expire.
///
/// Its times are only comparable with each other: they do not count from the Unix epoch. On Linux the
/// resolution is the kernel's tick, 1 to 10 ms, and a reading costs a tenth of a finer clock's.
///
/// ```
/// use countersign::time::{Clock, MonotonicClock};
///
/// let clock = MonotonicClock::default();
/// let earlier = clock.now();
/// assert!(clock.now() >= earlier);
/// ```
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

/// A clock for tests that only moves when it is set; clones share the time.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::Timestamp;
/// use countersign::time::{Clock, FixedClock};
///
/// let clock = FixedClock::new(Timestamp::from_secs(1_700_000_000));
/// let shared = clock.clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(shared.now(), Timestamp::from_secs(1_700_000_060));
/// ```
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<AtomicU64>);

impl FixedClock {
    /// Creates a clock whose time is `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_millis())))
    }

    /// Moves the clock forward by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.set(self.now().saturating_add(duration));
    }

    /// Sets the clock to `now`, forward or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
