//! Results of a store's operations.

use std::time::Duration;

use crate::event::FencingToken;

/// The result of a claim.
///
/// ```
/// use countersign::dedup::ClaimOutcome;
///
/// fn next_step(outcome: &ClaimOutcome) -> &'static str {
///     match outcome {
///         ClaimOutcome::Acquired { takeover: false, .. } => "run the handler",
///         ClaimOutcome::Acquired { takeover: true, .. } => "run the handler again",
///         ClaimOutcome::Duplicate { .. } => "acknowledge",
///         _ => "ask the sender to retry",
///     }
/// }
/// assert_eq!(next_step(&ClaimOutcome::Duplicate { same_body: true }), "acknowledge");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimOutcome {
    /// The caller holds the claim until its lease expires.
    Acquired {
        /// The token that every further operation of this claim passes.
        fencing_token: FencingToken,
        /// Whether the lease of an earlier claim expired, so that its handler may have done part of
        /// the work.
        takeover: bool,
    },
    /// Another delivery of the event is being handled.
    InProgress {
        /// The remaining time of the other claim's lease.
        retry_after: Duration,
    },
    /// The event has been handled.
    Duplicate {
        /// Whether the handled delivery had the same body.
        same_body: bool,
    },
}

impl ClaimOutcome {
    /// Returns the outcome in snake case: `acquired`, `in_progress` or `duplicate`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acquired { .. } => "acquired",
            Self::InProgress { .. } => "in_progress",
            Self::Duplicate { .. } => "duplicate",
        }
    }
}

/// The result of a renew, commit or release.
///
/// ```
/// use countersign::dedup::UpdateOutcome;
///
/// assert_eq!(UpdateOutcome::StaleToken.as_str(), "stale_token");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UpdateOutcome {
    /// The operation took effect.
    Applied,
    /// The fencing token is not the event's current one: nothing changed.
    StaleToken,
}

impl UpdateOutcome {
    /// Returns the outcome in snake case: `applied` or `stale_token`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::StaleToken => "stale_token",
        }
    }
}
