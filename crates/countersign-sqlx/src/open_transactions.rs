//! The claims that have an open transaction in this process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign::dedup::{ClaimToken, EventKey, FencingToken};

/// The number of open transactions of each claim. More than one is possible for a short time: the
/// second finds the event handled and ends.
type Claims = HashMap<(EventKey, FencingToken), usize>;

/// The claims whose rows are locked by an open transaction.
///
/// Their leases need no renewal, since no other claim can take the event over. A renewal would wait
/// for the end of the transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenTransactions(Arc<Mutex<Claims>>);

impl OpenTransactions {
    /// Registers a transaction until the guard is dropped.
    pub(crate) fn register(&self, claim_token: &ClaimToken) -> OpenTransactionGuard {
        let claim = (*claim_token.key(), claim_token.fencing_token());
        *self.claims().entry(claim).or_default() += 1;
        OpenTransactionGuard { open: self.clone(), claim }
    }

    pub(crate) fn contains(&self, key: &EventKey, fencing_token: FencingToken) -> bool {
        self.claims().contains_key(&(*key, fencing_token))
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes its transaction from [`OpenTransactions`] when it is dropped.
#[derive(Debug)]
pub(crate) struct OpenTransactionGuard {
    open: OpenTransactions,
    claim: (EventKey, FencingToken),
}

impl Drop for OpenTransactionGuard {
    fn drop(&mut self) {
        let mut claims = self.open.claims();
        if let Entry::Occupied(mut count) = claims.entry(self.claim) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}
