//! Event keys: the names of events in a store.

use std::fmt;

use super::identity::Identity;
use crate::crypto::encoding::hex;
use crate::crypto::mac::{FieldHash, TAG_BYTES};

/// The name of one event in a store: a digest of endpoint, sender, kind of identity, and identity.
///
/// A key has a fixed size and holds no personal data.
///
/// ```
/// use countersign::dedup::{EventKey, Identity};
///
/// let identity = Identity::id("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W");
/// let key = EventKey::new("orders", "standard-webhooks", &identity);
/// assert_eq!(key.to_string().len(), 64);
/// assert_ne!(key, EventKey::new("invoices", "standard-webhooks", &identity));
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventKey(pub(crate) [u8; TAG_BYTES]);

impl EventKey {
    /// Creates the key of `identity` at the endpoint with the name `endpoint`.
    ///
    /// The endpoint's name comes from the configuration, never from a request. The key at an endpoint
    /// without a name depends on the sender's key:
    /// [`Receiver::event_key`](crate::Receiver::event_key) returns it.
    #[must_use]
    pub fn new(endpoint: &str, sender: &str, identity: &Identity) -> Self {
        EventScope::new(endpoint, sender).key(identity)
    }

    /// Creates the key of a tenant's event at `endpoint`, as [`Tenants`](crate::tenants::Tenants) does.
    ///
    /// Two tenants never share a key, whatever their senders' ids.
    #[must_use]
    pub fn of_tenant(endpoint: &str, tenant: &str, sender: &str, identity: &Identity) -> Self {
        Self::new(&tenant_scope(endpoint, tenant), sender, identity)
    }

    /// Creates the key of `identity` at an endpoint without a name.
    pub(crate) fn of_unnamed(scope: &[u8; TAG_BYTES], sender: &str, identity: &Identity) -> Self {
        let hash = FieldHash::new().field(b"countersign unnamed event key v1").field(scope);
        EventScope(hash.field(sender.as_bytes())).key(identity)
    }

    /// Creates the key with this digest, which a store has kept.
    #[must_use]
    pub const fn from_bytes(digest: [u8; TAG_BYTES]) -> Self {
        Self(digest)
    }

    /// Returns the digest, for a store to keep.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; TAG_BYTES] {
        &self.0
    }
}

/// Formats the digest in lower-case hexadecimal.
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

/// What the keys of one sender's events at one endpoint have in common, hashed once.
#[derive(Clone)]
pub(crate) struct EventScope(FieldHash);

impl EventScope {
    pub(crate) fn new(endpoint: &str, sender: &str) -> Self {
        let hash = FieldHash::new().field(b"countersign event key v1").field(endpoint.as_bytes());
        Self(hash.field(sender.as_bytes()))
    }

    /// Creates the key of `identity`.
    pub(crate) fn key(&self, identity: &Identity) -> EventKey {
        let hash = self.0.clone().field(identity.kind.as_bytes()).field(&identity.digest);
        EventKey(hash.finish())
    }
}

/// Returns the endpoint's name joined with the tenant's.
///
/// The separator U+001F does not occur in a tenant's name, so no two pairs have the same scope.
pub(crate) fn tenant_scope(endpoint: &str, tenant: &str) -> String {
    format!("{endpoint}\u{1f}{tenant}")
}
