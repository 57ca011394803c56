//! An estimate of the server's clock between calls.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a reading is used. No clock drifts by more than a millisecond in that time.
const FRESH: Duration = Duration::from_secs(1);

/// The server's last reported time plus the time since that response arrived.
///
/// The estimate is behind the server's clock by the duration that the response took, and ahead of it only
/// by the drift of this machine's clock.
#[derive(Default)]
pub(crate) struct ServerClock(Mutex<Option<Reading>>);

#[derive(Clone, Copy)]
struct Reading {
    micros: u64,
    at: Moment,
}

#[derive(Clone, Copy)]
struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl ServerClock {
    /// Returns the estimate in microseconds; `None` if the last reading is too old.
    pub(crate) fn now(&self) -> Option<u64> {
        let reading = *self.lock();
        reading.and_then(|reading| reading.at(Moment::now()))
    }

    /// Sets the server's time, as a response that just arrived reports it.
    pub(crate) fn set(&self, micros: u64) {
        *self.lock() = Some(Reading { micros, at: Moment::now() });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    /// Returns the estimate at `now`, unless the reading is too old. The wall clock shows whether the
    /// machine was suspended, during which the monotonic clock may not advance.
    fn at(&self, now: Moment) -> Option<u64> {
        let passed = now.monotonic.saturating_duration_since(self.at.monotonic);
        let wall_passed = now.wall.duration_since(self.at.wall).unwrap_or(Duration::MAX);
        if passed > FRESH || wall_passed > FRESH * 2 {
            return None;
        }
        Some(self.micros + u64::try_from(passed.as_micros()).ok()?)
    }
}

impl Moment {
    fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);
    const HOUR: Duration = Duration::from_secs(60 * 60);

    /// Returns the estimate from a reading of 1000 after each clock of the machine advanced.
    fn estimate(monotonic: Duration, wall: Duration) -> Option<u64> {
        let at = Moment { monotonic: Instant::now(), wall: SystemTime::UNIX_EPOCH + HOUR };
        let later = Moment { monotonic: at.monotonic + monotonic, wall: at.wall + wall };
        Reading { micros: 1000, at }.at(later)
    }

    #[test]
    fn the_estimate_advances_with_the_monotonic_clock() {
        assert_eq!(estimate(MILLI, MILLI), Some(2000));
        assert_eq!(estimate(FRESH, FRESH), Some(1_001_000));
    }

    #[test]
    fn an_old_reading_gives_no_estimate() {
        assert_eq!(estimate(FRESH + MILLI, FRESH + MILLI), None);
    }

    #[test]
    fn a_suspended_machine_gives_no_estimate() {
        assert_eq!(estimate(MILLI, HOUR), None);
    }

    #[test]
    fn a_wall_clock_that_was_set_back_gives_no_estimate() {
        let at = Moment { monotonic: Instant::now(), wall: SystemTime::UNIX_EPOCH + HOUR };
        let later = Moment { monotonic: at.monotonic + MILLI, wall: at.wall - MILLI };
        assert_eq!(Reading { micros: 1000, at }.at(later), None);
    }
}
