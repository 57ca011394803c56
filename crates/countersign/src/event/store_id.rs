//! The identity of a store.

use std::fmt;

use crate::crypto::mac::{FieldHash, TAG_BYTES};

/// Identifies what a store's values share: two values with one id have the same events.
///
/// The id is a digest, so it reveals no address, path or password.
///
/// ```
/// use countersign::dedup::StoreId;
///
/// let id = StoreId::new(["acme-cache", "cache.internal:7000", "webhooks"]);
/// assert_eq!(id, StoreId::new(["acme-cache", "cache.internal:7000", "webhooks"]));
/// assert_ne!(id, StoreId::new(["acme-cache", "cache.internal:7000", "orders"]));
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct StoreId([u8; TAG_BYTES]);

impl StoreId {
    /// Creates the id of a store from everything that separates its events from other stores' events: the
    /// kind of store, the server's address or the file's path, the database, the table, the prefix of keys.
    #[must_use]
    pub fn new<'p>(parts: impl IntoIterator<Item = &'p str>) -> Self {
        let hash =
            parts.into_iter().fold(FieldHash::new(), |hash, part| hash.field(part.as_bytes()));
        Self(hash.finish())
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreId(..)")
    }
}
