//! Identities: what makes two deliveries the same event.

use crate::crypto::mac::{FieldHash, TAG_BYTES, sha256};

/// What makes two deliveries the same event, taken from signed content.
///
/// ```
/// use countersign::dedup::Identity;
///
/// let by_id = Identity::id("evt_1");
/// let by_body = Identity::body(br#"{"type":"ping"}"#);
/// assert!(!by_id.is_short_lived());
/// assert!(by_body.is_short_lived());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    pub(super) kind: &'static str,
    pub(super) digest: [u8; TAG_BYTES],
    short_lived: bool,
}

impl Identity {
    /// Identifies an event by its own id, which the signature must cover.
    #[must_use]
    pub fn id(id: &str) -> Self {
        Self { kind: "id", digest: sha256(id.as_bytes()), short_lived: false }
    }

    /// Identifies an event by several fields in a fixed order, each of which the signature must cover.
    #[must_use]
    pub fn fields<'f>(fields: impl IntoIterator<Item = &'f str>) -> Self {
        let hash =
            fields.into_iter().fold(FieldHash::new(), |hash, field| hash.field(field.as_bytes()));
        Self { kind: "fields", digest: hash.finish(), short_lived: false }
    }

    /// Identifies an event by the digest of its body, for a sender without event ids.
    ///
    /// Two genuine events may have the same body, so a store remembers the event only for
    /// [`Contract::digest_retention`](crate::Contract::digest_retention).
    #[must_use]
    pub fn body(body: &[u8]) -> Self {
        Self { kind: "body", digest: sha256(body), short_lived: true }
    }

    /// Identifies an event by the digest of its signed content, for schemes that sign fields of the body.
    pub(crate) const fn signed(digest: [u8; TAG_BYTES]) -> Self {
        Self { kind: "signed", digest, short_lived: true }
    }

    /// Returns whether a store remembers the event only for the short digest retention.
    #[must_use]
    pub const fn is_short_lived(&self) -> bool {
        self.short_lived
    }
}
