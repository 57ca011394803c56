//! Verified deliveries of the catalogue's senders and of a sender with items of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign::scheme::{Encoding, Items, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{Sender, SenderSpec};
use countersign::testing::TestKeys;
use countersign::{Custom, Delivery, Item, MemoryStore, Secret, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

/// A verified delivery of a sender of the catalogue.
pub(crate) fn of(spec: SenderSpec, body: &str) -> Delivery {
    let config = spec.example_config();
    let keys = TestKeys::new(&config.scheme().unwrap(), 1).unwrap();
    let sender = config.keys(keys.receiver()).unwrap();
    verified(&sender, &keys.sender(), body)
}

/// A sender whose bodies hold `items`.
pub(crate) fn acme(items: Items) -> Custom {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    let scheme = Scheme::hmac_sha256("acme", signature).items(items).build().unwrap();
    Custom::new(scheme, secret()).unwrap()
}

pub(crate) fn of_acme(items: Items, body: &str) -> Delivery {
    verified(&acme(items), &secret(), body)
}

pub(crate) fn of_scheme(scheme: Scheme, body: &str) -> Delivery {
    verified(&Custom::new(scheme, secret()).unwrap(), &secret(), body)
}

pub(crate) fn secret() -> Secret {
    Secret::new("a secret shared with the sender").unwrap()
}

fn verified(sender: &dyn Sender, key: &Secret, body: &str) -> Delivery {
    let request = SigningRequest::new(body.as_bytes()).timestamp(NOW);
    let signed = request.request(sender.verifier().scheme(), key).unwrap();
    sender.verifier().verify(&signed.headers, signed.body, NOW, 1 << 20).unwrap()
}

/// The only item of a body.
#[track_caller]
pub(crate) fn only(delivery: &Delivery) -> Item {
    let items = delivery.items().unwrap();
    assert_eq!(items.len(), 1);
    items.into_iter().next().unwrap()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Op {
    Claim,
    Renew,
    Commit,
    Release,
}

/// A memory store that fails as planned, and records its calls.
#[derive(Clone)]
pub(crate) struct Planned {
    pub(crate) sound: MemoryStore,
    pub(crate) faults: Arc<Mutex<Vec<Op>>>,
    pub(crate) calls: Arc<Mutex<Vec<Op>>>,
}

impl Planned {
    pub(crate) fn new(sound: MemoryStore) -> Self {
        Self { sound, faults: Arc::default(), calls: Arc::default() }
    }

    /// Makes the next `times` calls of `op` fail.
    pub(crate) fn fail(&self, op: Op, times: usize) {
        self.faults.lock().unwrap().extend(vec![op; times]);
    }

    pub(crate) fn count(&self, op: Op) -> usize {
        self.calls.lock().unwrap().iter().filter(|call| **call == op).count()
    }

    fn begin(&self, op: Op) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push(op);
        let mut faults = self.faults.lock().unwrap();
        match faults.iter().position(|fault| *fault == op) {
            None => Ok(()),
            Some(at) => {
                faults.remove(at);
                Err(StoreError::new(StoreErrorKind::Unavailable, "down"))
            }
        }
    }
}

impl DedupStore for Planned {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.begin(Op::Claim)?;
        self.sound.claim(key, fingerprint, lease).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.begin(Op::Renew)?;
        self.sound.renew(key, fencing_token, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.begin(Op::Commit)?;
        self.sound.commit(key, fencing_token, retention).await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.begin(Op::Release)?;
        self.sound.release(key, fencing_token).await
    }
}
