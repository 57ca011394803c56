//! What the tests of both databases share.

#![allow(dead_code, reason = "each suite uses a part")]

use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, ClaimToken, DedupStore, EventKey, FencingToken, Identity, UpdateOutcome,
};
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::{Custom, Delivery, Receiver, Secret, Timestamp};

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

pub(crate) fn event(number: usize) -> EventKey {
    EventKey::new("tests", "sender", &Identity::id(&number.to_string()))
}

pub(crate) async fn claim(store: &impl DedupStore, number: usize) -> ClaimOutcome {
    store.claim(&event(number), 0, HOUR).await.unwrap()
}

pub(crate) async fn granted(store: &impl DedupStore, number: usize, lease: Duration) -> ClaimToken {
    match store.claim(&event(number), 0, lease).await.unwrap() {
        ClaimOutcome::Acquired { fencing_token, .. } => {
            ClaimToken::new(event(number), fencing_token, HOUR)
        }
        outcome => panic!("{outcome:?} for event {number}"),
    }
}

pub(crate) async fn commit(store: &impl DedupStore, claim_token: &ClaimToken) -> UpdateOutcome {
    store.commit(claim_token.key(), claim_token.fencing_token(), HOUR).await.unwrap()
}

pub(crate) fn is_in_progress(claim: ClaimOutcome) -> bool {
    matches!(claim, ClaimOutcome::InProgress { .. })
}

pub(crate) fn is_handled(claim: ClaimOutcome) -> bool {
    claim == ClaimOutcome::Duplicate { same_body: true }
}

pub(crate) fn higher(claim_token: &ClaimToken) -> ClaimToken {
    ClaimToken::new(
        *claim_token.key(),
        FencingToken::new(claim_token.fencing_token().as_u64() + 1),
        HOUR,
    )
}

/// Returns an authentic delivery without a claim.
pub(crate) fn unclaimed() -> Delivery {
    let secret = || Secret::new("a secret shared with the sender").unwrap();
    let scheme =
        Scheme::hmac_sha256("sender", SignatureLocation::header("x-signature", Encoding::Hex));
    let receiver = Receiver::new(Custom::new(scheme.build().unwrap(), secret()).unwrap());
    let headers = SigningRequest::new(b"{}").sign(receiver.scheme(), &secret()).unwrap();
    receiver.verify(&headers, &b"{}"[..], Timestamp::from_secs(1_790_000_000)).unwrap()
}
