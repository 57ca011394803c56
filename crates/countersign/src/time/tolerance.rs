//! The accepted age of a signed time.

use std::time::Duration;

use super::format::TimestampFormat;
use super::timestamp::Timestamp;

/// The accepted difference between a signed time and the current time, inclusive.
///
/// The default is five minutes in both directions, as in the reference libraries of
/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks).
///
/// ```
/// use std::time::Duration;
///
/// use countersign::time::Tolerance;
///
/// let tolerance = Tolerance::new(Duration::from_secs(600), Duration::from_secs(60));
/// assert_eq!(tolerance.past(), Duration::from_secs(600));
/// assert_eq!(Tolerance::default(), Tolerance::FIVE_MINUTES);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tolerance {
    past: Duration,
    future: Duration,
}

impl Tolerance {
    /// Five minutes in both directions.
    pub const FIVE_MINUTES: Self =
        Self { past: Duration::from_secs(300), future: Duration::from_secs(300) };

    /// Creates a tolerance of `past` for earlier times and `future` for later ones.
    #[must_use]
    pub const fn new(past: Duration, future: Duration) -> Self {
        Self { past, future }
    }

    /// Returns the largest accepted age of a signed time.
    #[must_use]
    pub const fn past(self) -> Duration {
        self.past
    }

    /// Returns how far in the future a signed time may be.
    #[must_use]
    pub const fn future(self) -> Duration {
        self.future
    }

    /// Returns the longest time for which one request stays fresh.
    pub(crate) const fn window(self) -> Duration {
        self.past.saturating_add(self.future)
    }

    /// Compares a signed time with `now`, both in the precision of `format`.
    pub(crate) fn check(
        self,
        now: Timestamp,
        signed: Timestamp,
        format: TimestampFormat,
    ) -> Freshness {
        // Whole milliseconds exceed a duration if they exceed its whole milliseconds.
        let exceeds = |later: Timestamp, earlier: Timestamp, most: Duration| {
            u128::from(later.as_millis().saturating_sub(earlier.as_millis())) > most.as_millis()
        };
        let now = now.floor(format);
        if exceeds(now, signed, self.past) {
            Freshness::Stale
        } else if exceeds(signed, now, self.future) {
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

/// The result of [`Tolerance::check`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Freshness {
    /// The time is within the tolerance.
    Fresh,
    /// The time is too far in the past.
    Stale,
    /// The time is too far in the future.
    Future,
}
