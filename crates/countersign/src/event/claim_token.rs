//! The proof of a claim that a store needs to mark its event as handled.

use std::time::Duration;

use super::event_key::EventKey;
use super::fencing_token::FencingToken;

/// A claim in hand: what a store asks for to mark the event as handled.
///
/// A store that keeps its events beside your own tables does so in a transaction of yours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClaimToken {
    key: EventKey,
    fencing_token: FencingToken,
    retention: Duration,
}

impl ClaimToken {
    /// For the claim of `key` that was granted `fencing_token`; once handled it is remembered for
    /// `retention`.
    #[must_use]
    pub const fn new(key: EventKey, fencing_token: FencingToken, retention: Duration) -> Self {
        Self { key, fencing_token, retention }
    }

    /// The event.
    #[must_use]
    pub const fn key(&self) -> &EventKey {
        &self.key
    }

    /// The claim's fencing token.
    #[must_use]
    pub const fn fencing_token(&self) -> FencingToken {
        self.fencing_token
    }

    /// How long the event is remembered once it is handled.
    #[must_use]
    pub const fn retention(&self) -> Duration {
        self.retention
    }
}
