//! Endpoints without a name: the key that verified a delivery distinguishes them, and two that are alike
//! must not share a store.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::dedup::{Store, StoreId};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::verify::Verifier;

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
        let new = Arc::new(Self {
            store: Arc::clone(store),
            store_id: store.id(),
            sender: verifier.scheme().sender().into(),
            scopes: verifier.unnamed_scopes().to_vec(),
        });
        let mut endpoints = ENDPOINTS.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.retain(|endpoint| endpoint.strong_count() > 0);
        if endpoints.iter().filter_map(Weak::upgrade).any(|other| new.is_like(&other)) {
            return Err(ConfigError::new(
                ConfigErrorKind::EndpointNotNamed,
                format!(
                    "the endpoint has no name, and another receiver of `{}` without one has the same key and the same store, so each would take the other's events for duplicates: name both with `endpoint`, or clone one receiver if it is one endpoint",
                    new.sender
                ),
            ));
        }
        endpoints.push(Arc::downgrade(&new));
        Ok(new)
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
