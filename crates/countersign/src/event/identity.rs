//! Identities: what makes two deliveries the same event.

use crate::crypto::mac::{FieldHash, TAG_BYTES, sha256};

/// What makes two deliveries the same event, taken from signed content.
///
/// An event is its signed id. The text of the id counts, exactly as sent: `1` and `1.0` are two ids, the
/// number `1` and the string `"1"` are one. An event without a signed id is the digest of its signed
/// content, and the event's type as well where the sender names it in a header
/// ([`with_event_type`](Self::with_event_type)).
///
/// [Deduplication](https://github.com/countersign/countersign/blob/main/docs/deduplication.md) is the
/// guide.
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

    /// Identifies an item of a delivery by `fields`, which begin with the item's place.
    ///
    /// An item that has no id is identified by a digest among its fields, and is `short_lived`.
    pub(crate) fn item<'f>(fields: impl IntoIterator<Item = &'f str>, short_lived: bool) -> Self {
        Self { kind: "item", short_lived, ..Self::fields(fields) }
    }

    /// Identifies the item of a delivery whose signature covers fields of that item alone.
    pub(crate) const fn signed_item(digest: [u8; TAG_BYTES]) -> Self {
        Self { kind: "signed item", digest, short_lived: true }
    }

    /// Identifies a delivery by its items, in any order.
    pub(crate) fn items<'i>(items: impl IntoIterator<Item = &'i Self>) -> Self {
        let mut short_lived = false;
        let mut digests: Vec<_> = items
            .into_iter()
            .map(|item| {
                short_lived |= item.short_lived;
                item.digest
            })
            .collect();
        digests.sort_unstable();
        let hash = digests.iter().fold(FieldHash::new(), |hash, digest| hash.field(digest));
        Self { kind: "items", digest: hash.finish(), short_lived }
    }

    /// Adds the event's type, for a sender that signs the body alone and names the event in a header.
    ///
    /// Two genuine events of such a sender may have one body, such as Shopify's `orders/create` and
    /// `orders/updated`. The type is **not signed**: a client that captured one request can send it again
    /// under each type that the receiver accepts, and each is an event of its own.
    /// [`SchemeBuilder::event_types`](crate::scheme::SchemeBuilder::event_types) bounds the types.
    ///
    /// ```
    /// use countersign::dedup::Identity;
    ///
    /// let created = Identity::body(br#"{"id":1}"#).with_event_type("orders/create");
    /// let updated = Identity::body(br#"{"id":1}"#).with_event_type("orders/updated");
    /// assert_ne!(created, updated);
    /// assert!(created.is_short_lived());
    /// ```
    #[must_use]
    pub fn with_event_type(self, event_type: &str) -> Self {
        let hash = FieldHash::new()
            .field(self.kind.as_bytes())
            .field(&self.digest)
            .field(event_type.as_bytes());
        Self { kind: "with event type", digest: hash.finish(), ..self }
    }

    /// Returns whether a store remembers the event only for the short digest retention.
    #[must_use]
    pub const fn is_short_lived(&self) -> bool {
        self.short_lived
    }
}
