//! The identity of an event.

use crate::crypto::mac::{FieldHash, TAG_BYTES, sha256};

/// What makes two deliveries the same event, taken from what is signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    pub(super) kind: &'static str,
    pub(super) digest: [u8; TAG_BYTES],
    short_lived: bool,
}

impl Identity {
    /// The event's own id, which the signature covers.
    #[must_use]
    pub fn id(id: &str) -> Self {
        Self { kind: "id", digest: sha256(id.as_bytes()), short_lived: false }
    }

    /// Several fields that together name the event, in a fixed order.
    #[must_use]
    pub fn fields<'f>(fields: impl IntoIterator<Item = &'f str>) -> Self {
        let hash =
            fields.into_iter().fold(FieldHash::new(), |hash, field| hash.field(field.as_bytes()));
        Self { kind: "fields", digest: hash.finish(), short_lived: false }
    }

    /// The digest of the whole body, for a sender that gives no id.
    ///
    /// Two genuine events may have the same body, so it is remembered for
    /// [`Contract::digest_retention`](crate::Contract::digest_retention) only.
    #[must_use]
    pub fn body(body: &[u8]) -> Self {
        Self { kind: "body", digest: sha256(body), short_lived: true }
    }

    /// The digest of what is signed, where that is some fields of a body.
    pub(crate) const fn signed(digest: [u8; TAG_BYTES]) -> Self {
        Self { kind: "signed", digest, short_lived: true }
    }

    /// Whether it is remembered only briefly.
    #[must_use]
    pub const fn is_short_lived(&self) -> bool {
        self.short_lived
    }
}
