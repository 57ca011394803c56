//! The name of an event in a store.

use std::fmt;

use super::identity::Identity;
use crate::crypto::encoding::hex;
use crate::crypto::mac::{FieldHash, TAG_BYTES};

/// Names one event in a store: a digest of endpoint, sender, kind of id, and id.
///
/// It has a fixed size and holds no personal data.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventKey(pub(crate) [u8; TAG_BYTES]);

impl EventKey {
    /// The key of `identity` at `endpoint`, which comes from set-up and never from a request.
    #[must_use]
    pub fn new(endpoint: &str, sender: &str, identity: &Identity) -> Self {
        let hash = FieldHash::new()
            .field(b"countersign event key v1")
            .field(endpoint.as_bytes())
            .field(sender.as_bytes())
            .field(identity.kind.as_bytes())
            .field(&identity.digest);
        Self(hash.finish())
    }

    /// The same for a tenant of the endpoint, as [`Tenants`](crate::tenants::Tenants) know its events.
    #[must_use]
    pub fn of_tenant(endpoint: &str, tenant: &str, sender: &str, identity: &Identity) -> Self {
        Self::new(&tenant_scope(endpoint, tenant), sender, identity)
    }

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

/// What the events of a tenant are apart by; no tenant's name has the character between.
pub(crate) fn tenant_scope(endpoint: &str, tenant: &str) -> String {
    format!("{endpoint}\u{1f}{tenant}")
}
