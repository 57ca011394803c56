//! What names an event in a store, and what shows that it is ours.

use std::fmt;
use std::time::Duration;

use crate::encoding::hex;
use crate::fencing_token::FencingToken;
use crate::mac::TAG_BYTES;

/// Names one event in a store: a digest of endpoint, sender, kind of id, and id.
///
/// It has a fixed size and holds no personal data.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventKey(pub(crate) [u8; TAG_BYTES]);

impl EventKey {
    /// The key with this digest, as a store keeps it.
    #[must_use]
    pub const fn from_bytes(digest: [u8; TAG_BYTES]) -> Self {
        Self(digest)
    }

    /// The digest, for a store to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TAG_BYTES] {
        &self.0
    }
}

/// Lower-case hexadecimal.
impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventKey({self})")
    }
}

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
