//! Events, and what a store says of them.

use std::time::Duration;

use countersign::{Claim, DedupStore, EventKey, Identity, Settled, StoreError, Ticket};

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) fn event(number: usize) -> EventKey {
    EventKey::new("outages", "sender", &Identity::id(&number.to_string()))
}

pub(crate) async fn granted(store: &impl DedupStore, number: usize, lease: Duration) -> Ticket {
    match store.claim(&event(number), 0, lease).await.unwrap() {
        Claim::Acquired { fence, .. } => Ticket::new(event(number), fence, HOUR),
        answer => panic!("{answer:?} for event {number}"),
    }
}

pub(crate) async fn commit(
    store: &impl DedupStore,
    ticket: &Ticket,
) -> Result<Settled, StoreError> {
    store.commit(ticket.key(), ticket.fence(), HOUR).await
}

pub(crate) fn is_busy(claim: Claim) -> bool {
    matches!(claim, Claim::Busy { .. })
}

pub(crate) fn is_handled(claim: Claim) -> bool {
    claim == Claim::Duplicate { same_body: true }
}
