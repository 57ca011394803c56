//! The claims whose handlers have a transaction open here.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign::{EventKey, Fence, Ticket};

type Claims = HashSet<(EventKey, Fence)>;

/// Claims that the database itself holds for a transaction: their leases need no renewal, and a
/// renewal would wait for the transaction's end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<Mutex<Claims>>);

impl Held {
    /// Holds the claim until the guard is dropped.
    pub(crate) fn hold(&self, ticket: &Ticket) -> Holding {
        let claim = (*ticket.key(), ticket.fence());
        self.claims().insert(claim);
        Holding { held: self.clone(), claim }
    }

    pub(crate) fn holds(&self, key: &EventKey, fence: Fence) -> bool {
        self.claims().contains(&(*key, fence))
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One claim that is held.
#[derive(Debug)]
pub(crate) struct Holding {
    held: Held,
    claim: (EventKey, Fence),
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.held.claims().remove(&self.claim);
    }
}
