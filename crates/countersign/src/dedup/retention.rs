//! How long a store remembers a handled event.

use std::time::Duration;

/// How long a store remembers a handled event, and how long it must.
///
/// A store keeps the record for [`keep_for`](Self::keep_for). A store that reaches a capacity may forget the
/// record earlier to make space for new events, but never within [`must_keep_for`](Self::must_keep_for). A
/// [`Receiver`](crate::Receiver) sets that to the time in which the sender retries by itself, or in which a
/// captured request stays fresh, whichever is longer. The rest of the retention is for replays by hand.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::dedup::Retention;
///
/// const HOUR: Duration = Duration::from_secs(3600);
///
/// let retention = Retention::new(HOUR * 72).forgettable_after(HOUR * 4);
/// assert_eq!(retention.keep_for(), HOUR * 72);
/// assert_eq!(retention.must_keep_for(), HOUR * 4);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Retention {
    keep_for: Duration,
    must_keep_for: Duration,
}

impl Retention {
    /// Creates a retention of which the whole must be kept.
    #[must_use]
    pub const fn new(keep_for: Duration) -> Self {
        Self { keep_for, must_keep_for: keep_for }
    }

    /// Allows a store at its capacity to forget the record after `must_keep_for`, or after the whole
    /// retention if that is shorter.
    #[must_use]
    pub fn forgettable_after(self, must_keep_for: Duration) -> Self {
        Self { must_keep_for: must_keep_for.min(self.keep_for), ..self }
    }

    /// Returns the time from the commit to the end of the retention.
    #[must_use]
    pub const fn keep_for(self) -> Duration {
        self.keep_for
    }

    /// Returns the time from the commit in which no store forgets the record.
    #[must_use]
    pub const fn must_keep_for(self) -> Duration {
        self.must_keep_for
    }
}

impl From<Duration> for Retention {
    fn from(keep_for: Duration) -> Self {
        Self::new(keep_for)
    }
}
