//! The server's clock, as a client can know it between its calls.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a reading counts. In so short a time no clock drifts by more than a millisecond.
const FRESH: Duration = Duration::from_secs(1);

/// Tells the time that the server told last, and what has passed since its answer came: so it is
/// behind the server's by as long as that answer took, and never ahead but for the drift.
#[derive(Default)]
pub(crate) struct ServerClock(Mutex<Option<Reading>>);

#[derive(Clone, Copy)]
struct Reading {
    micros: u64,
    at: Moment,
}

#[derive(Clone, Copy)]
struct Moment {
    steady: Instant,
    wall: SystemTime,
}

impl ServerClock {
    /// In microseconds; `None` where the server had better be asked.
    pub(crate) fn now(&self) -> Option<u64> {
        let reading = *self.lock();
        reading.and_then(|reading| reading.at(Moment::now()))
    }

    /// The server's answer, which has just come.
    pub(crate) fn set(&self, micros: u64) {
        *self.lock() = Some(Reading { micros, at: Moment::now() });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    /// Unless it is too old, or the wall clock tells that this machine has slept, through which the
    /// steady one may stand still.
    fn at(&self, now: Moment) -> Option<u64> {
        let passed = now.steady.saturating_duration_since(self.at.steady);
        let by_the_wall = now.wall.duration_since(self.at.wall).unwrap_or(Duration::MAX);
        if passed > FRESH || by_the_wall > FRESH * 2 {
            return None;
        }
        Some(self.micros + u64::try_from(passed.as_micros()).ok()?)
    }
}

impl Moment {
    fn now() -> Self {
        Self { steady: Instant::now(), wall: SystemTime::now() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);
    const HOUR: Duration = Duration::from_secs(60 * 60);

    /// What a reading of 1000 tells once each of the machine's clocks has gone on by so much.
    fn told(steady: Duration, wall: Duration) -> Option<u64> {
        let at = Moment { steady: Instant::now(), wall: SystemTime::UNIX_EPOCH + HOUR };
        let later = Moment { steady: at.steady + steady, wall: at.wall + wall };
        Reading { micros: 1000, at }.at(later)
    }

    #[test]
    fn time_is_counted_on_from_the_reading() {
        assert_eq!(told(MILLI, MILLI), Some(2000));
        assert_eq!(told(FRESH, FRESH), Some(1_001_000));
    }

    #[test]
    fn a_reading_that_is_too_old_does_not_count() {
        assert_eq!(told(FRESH + MILLI, FRESH + MILLI), None);
    }

    #[test]
    fn no_reading_counts_over_the_machines_sleep() {
        assert_eq!(told(MILLI, HOUR), None);
    }

    #[test]
    fn no_reading_counts_once_the_wall_clock_was_set_back() {
        let at = Moment { steady: Instant::now(), wall: SystemTime::UNIX_EPOCH + HOUR };
        let later = Moment { steady: at.steady + MILLI, wall: at.wall - MILLI };
        assert_eq!(Reading { micros: 1000, at }.at(later), None);
    }
}
