//! Endpoints without a name: the key that verified a delivery distinguishes them, or else the tenant, and two
//! that are alike must not share a store.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::dedup::{Store, StoreId};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::verify::Verifier;

/// Stands for the keys of tenants, whose events are distinguished by the tenants' names instead.
const ANY_TENANT: [u8; 32] = *b"the events of tenants, by name  ";

/// The unnamed endpoints of this process with a store that they may share, while a receiver of each lives.
static ENDPOINTS: Mutex<Vec<Weak<UnnamedEndpoint>>> = Mutex::new(Vec::new());

/// An endpoint without a name, shared by all clones of its receiver.
pub(super) struct UnnamedEndpoint {
    store: Arc<dyn Store>,
    store_id: Option<StoreId>,
    sender: Box<str>,
    scopes: Vec<[u8; 32]>,
}

impl UnnamedEndpoint {
    /// Registers the endpoint until the last receiver with the result is dropped.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::EndpointNotNamed`] if another endpoint would take this endpoint's events for
    /// duplicates: its receiver lives, and has the same sender, a key in common and the same store.
    pub(super) fn register(
        verifier: &Verifier,
        store: &Arc<dyn Store>,
    ) -> Result<Arc<Self>, ConfigError> {
        let sender = verifier.scheme().sender();
        Self::new(sender, verifier.unnamed_scopes(), store).registered().ok_or_else(|| {
            not_named(format!(
                "the endpoint has no name, and another receiver of `{sender}` without one has the same key and the same store, so each would take the other's events for duplicates: name both with `endpoint`, or clone one receiver if it is one endpoint"
            ))
        })
    }

    /// Registers an endpoint of tenants as [`register`](Self::register) does; a tenant's events are
    /// distinguished by its name and not by its keys.
    pub(super) fn register_tenants(
        sender: &str,
        store: &Arc<dyn Store>,
    ) -> Result<Arc<Self>, ConfigError> {
        Self::new(sender, &[ANY_TENANT], store).registered().ok_or_else(|| {
            not_named(format!(
                "the tenants' endpoint has no name, and other `Tenants` of `{sender}` without one have the same store, so each would take the other's events for duplicates: name both with `endpoint` in `configure`, or clone one `Tenants` if it is one endpoint"
            ))
        })
    }

    fn new(sender: &str, scopes: &[[u8; 32]], store: &Arc<dyn Store>) -> Self {
        Self {
            store: Arc::clone(store),
            store_id: store.id(),
            sender: sender.into(),
            scopes: scopes.to_vec(),
        }
    }

    /// Returns the registered endpoint; `None` if there is one like it.
    fn registered(self) -> Option<Arc<Self>> {
        let mut endpoints = ENDPOINTS.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.retain(|endpoint| endpoint.strong_count() > 0);
        if endpoints.iter().filter_map(Weak::upgrade).any(|other| self.is_like(&other)) {
            return None;
        }
        let new = Arc::new(self);
        endpoints.push(Arc::downgrade(&new));
        Some(new)
    }

    /// Returns whether an event would have one key at both endpoints.
    fn is_like(&self, other: &Self) -> bool {
        let is_one_store = match (&self.store_id, &other.store_id) {
            (Some(own), Some(others)) => own == others,
            _ => std::ptr::addr_eq(Arc::as_ptr(&self.store), Arc::as_ptr(&other.store)),
        };
        is_one_store
            && self.sender == other.sender
            && self.scopes.iter().any(|scope| other.scopes.contains(scope))
    }
}

fn not_named(message: String) -> ConfigError {
    ConfigError::new(ConfigErrorKind::EndpointNotNamed, message)
}
