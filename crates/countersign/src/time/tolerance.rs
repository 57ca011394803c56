//! How old or how far ahead a signed time may be.

use std::time::Duration;

use super::format::TimestampFormat;
use super::timestamp::Timestamp;

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
