//! Claim tokens: what identifies a claim to a store.

use std::time::Duration;

use super::event_key::EventKey;
use super::fencing_token::FencingToken;

/// Identifies a granted claim: the event's key, the claim's fencing token, and the retention.
///
/// A store that keeps its events beside your own tables takes the claim token of a delivery to commit the
/// claim in your transaction. See
/// [the guide](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md).
///
/// ```
/// use std::time::Duration;
///
/// use countersign::dedup::{ClaimToken, EventKey, FencingToken, Identity};
///
/// let key = EventKey::new("orders", "github", &Identity::id("msg_1"));
/// let token = ClaimToken::new(key, FencingToken::new(7), Duration::from_secs(3 * 24 * 60 * 60));
/// assert_eq!(token.fencing_token().as_u64(), 7);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClaimToken {
    key: EventKey,
    fencing_token: FencingToken,
    retention: Duration,
}

impl ClaimToken {
    /// Creates the token of a claim on `key` that was granted `fencing_token`.
    ///
    /// A commit remembers the event for `retention`.
    #[must_use]
    pub const fn new(key: EventKey, fencing_token: FencingToken, retention: Duration) -> Self {
        Self { key, fencing_token, retention }
    }

    /// Returns the key of the claimed event.
    #[must_use]
    pub const fn key(&self) -> &EventKey {
        &self.key
    }

    /// Returns the fencing token of the claim.
    #[must_use]
    pub const fn fencing_token(&self) -> FencingToken {
        self.fencing_token
    }

    /// Returns how long a commit remembers the event.
    #[must_use]
    pub const fn retention(&self) -> Duration {
        self.retention
    }
}
