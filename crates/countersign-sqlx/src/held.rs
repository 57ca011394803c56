//! The claims whose handlers have a transaction open here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign::dedup::{ClaimToken, EventKey, FencingToken};

/// How many transactions each has: a second one for the same claim finds it settled and ends.
type Claims = HashMap<(EventKey, FencingToken), usize>;

/// Claims that the database itself holds for a transaction: their leases need no renewal, and a
/// renewal would wait for the transaction's end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<Mutex<Claims>>);

impl Held {
    /// Holds the claim until the guard is dropped.
    pub(crate) fn hold(&self, claim_token: &ClaimToken) -> Holding {
        let claim = (*claim_token.key(), claim_token.fencing_token());
        *self.claims().entry(claim).or_default() += 1;
        Holding { held: self.clone(), claim }
    }

    pub(crate) fn holds(&self, key: &EventKey, fencing_token: FencingToken) -> bool {
        self.claims().contains_key(&(*key, fencing_token))
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One claim that is held.
#[derive(Debug)]
pub(crate) struct Holding {
    held: Held,
    claim: (EventKey, FencingToken),
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut claims = self.held.claims();
        if let Entry::Occupied(mut held) = claims.entry(self.claim) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}
