//! What the suites of both databases share.

#![allow(dead_code, reason = "each suite uses its own part")]

pub(crate) mod children;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;

use std::time::Duration;

use countersign::{
    Claim, Custom, DedupStore, Delivery, Encoding, EventKey, Fence, Identity, Receiver, Scheme,
    Secret, Settled, Signature, Ticket, Timestamp, Unsigned,
};

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) fn event(number: usize) -> EventKey {
    EventKey::new("tests", "sender", &Identity::id(&number.to_string()))
}

pub(crate) async fn claim(store: &impl DedupStore, number: usize) -> Claim {
    store.claim(&event(number), 0, HOUR).await.unwrap()
}

pub(crate) async fn granted(store: &impl DedupStore, number: usize, lease: Duration) -> Ticket {
    match store.claim(&event(number), 0, lease).await.unwrap() {
        Claim::Acquired { fence, .. } => Ticket::new(event(number), fence, HOUR),
        answer => panic!("{answer:?} for event {number}"),
    }
}

pub(crate) async fn commit(store: &impl DedupStore, ticket: &Ticket) -> Settled {
    store.commit(ticket.key(), ticket.fence(), HOUR).await.unwrap()
}

pub(crate) fn is_busy(claim: Claim) -> bool {
    matches!(claim, Claim::Busy { .. })
}

pub(crate) fn is_handled(claim: Claim) -> bool {
    claim == Claim::Duplicate { same_body: true }
}

pub(crate) fn higher(ticket: &Ticket) -> Ticket {
    Ticket::new(*ticket.key(), Fence::new(ticket.fence().as_u64() + 1), HOUR)
}

/// An authentic delivery that nobody claimed.
pub(crate) fn unclaimed() -> Delivery {
    let secret = || Secret::new("a secret shared with the sender").unwrap();
    let scheme = Scheme::hmac_sha256("sender", Signature::header("x-signature", Encoding::Hex));
    let receiver = Receiver::new(Custom::new(scheme.build().unwrap(), secret()).unwrap());
    let headers = Unsigned::new(b"{}").sign(receiver.scheme(), &secret()).unwrap();
    receiver.verify(&headers, &b"{}"[..], Timestamp::from_secs(1_790_000_000)).unwrap()
}
