//! The callback that receives the secret of a handshake, once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::keys::Secret;

type Callback = Box<dyn FnOnce(Secret) + Send>;

/// A callback that receives the secret of a handshake. Clones share it, and one call consumes it.
#[derive(Clone)]
pub(super) struct SecretCallback(Arc<Mutex<Option<Callback>>>);

impl SecretCallback {
    pub(super) fn new(callback: impl FnOnce(Secret) + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(callback)))))
    }

    /// Passes `secret` on; `false` if an earlier secret has consumed the callback.
    pub(super) fn call(&self, secret: Secret) -> bool {
        // The lock is released before the call, so that a callback that blocks delays no other request.
        let callback = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        callback.map(|callback| callback(secret)).is_some()
    }
}

impl fmt::Debug for SecretCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretCallback")
    }
}
