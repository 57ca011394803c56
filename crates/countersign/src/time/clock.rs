//! The clocks that adapters and stores read.

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

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
