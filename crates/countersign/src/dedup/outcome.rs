//! The answers of a store.

use std::time::Duration;

use crate::event::FencingToken;

/// What a store says to a claim.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimOutcome {
    /// The event is the caller's until the lease ends.
    Acquired {
        /// To be shown with every further operation.
        fencing_token: FencingToken,
        /// An earlier claim's lease ran out, so its handler may have done part of the work.
        takeover: bool,
    },
    /// Another delivery of the event is being handled.
    InProgress {
        /// How long its lease still runs.
        retry_after: Duration,
    },
    /// The event has been handled.
    Duplicate {
        /// Whether the handled delivery had the same body.
        same_body: bool,
    },
}

/// What a store says to a renewal, commit or release.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UpdateOutcome {
    /// It is done.
    Applied,
    /// The fencing token is not the current one: nothing changed.
    StaleToken,
}
