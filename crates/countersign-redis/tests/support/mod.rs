//! What the tests share.

#![allow(dead_code, reason = "each suite uses a part")]

pub(crate) mod proxy;

use std::future::Future;
use std::time::{Duration, Instant};

use countersign::dedup::{
    ClaimOutcome, ClaimToken, DedupStore, EventKey, Identity, StoreError, UpdateOutcome,
};
use countersign::testing::store::StoreUnderTest;
use countersign_redis::RedisStore;
use tokio::time::sleep;

pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);

/// The store that a function opens, for the contract suite.
pub(crate) struct Opener<F>(pub(crate) F);

impl<F, O> StoreUnderTest for Opener<F>
where
    F: Fn() -> O + Sync,
    O: Future<Output = RedisStore> + Send,
{
    type Store = RedisStore;

    fn open(&self) -> impl Future<Output = RedisStore> + Send {
        (self.0)()
    }

    /// Redis keeps a key through the millisecond in which it ends.
    async fn advance(&self, duration: Duration) {
        sleep(duration + Duration::from_millis(2)).await;
    }

    /// Some cases of the suite make two calls within a lease.
    fn short_lease(&self) -> Duration {
        Duration::from_millis(200)
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let worker = tokio::spawn(work);
        async { worker.await.unwrap() }
    }
}

pub(crate) fn event(number: usize) -> EventKey {
    EventKey::new("tests", "sender", &Identity::id(&number.to_string()))
}

/// Returns the event's key under the default prefix.
pub(crate) fn key(number: usize) -> String {
    format!("countersign:1:{}", event(number))
}

pub(crate) async fn try_claim(
    store: &RedisStore,
    number: usize,
) -> Result<ClaimOutcome, StoreError> {
    store.claim(&event(number), 0, HOUR).await
}

pub(crate) async fn claim(store: &RedisStore, number: usize) -> ClaimOutcome {
    try_claim(store, number).await.unwrap()
}

pub(crate) async fn granted(store: &RedisStore, number: usize, lease: Duration) -> ClaimToken {
    match store.claim(&event(number), 0, lease).await.unwrap() {
        ClaimOutcome::Acquired { fencing_token, .. } => {
            ClaimToken::new(event(number), fencing_token, HOUR)
        }
        outcome => panic!("{outcome:?} for event {number}"),
    }
}

pub(crate) async fn commit(
    store: &RedisStore,
    claim_token: &ClaimToken,
) -> Result<UpdateOutcome, StoreError> {
    store.commit(claim_token.key(), claim_token.fencing_token(), HOUR).await
}

/// Claims and commits an event.
pub(crate) async fn handled(store: &RedisStore, number: usize) -> ClaimToken {
    let claim_token = granted(store, number, HOUR).await;
    assert_eq!(commit(store, &claim_token).await, Ok(UpdateOutcome::Applied));
    claim_token
}

pub(crate) fn is_in_progress(claim: ClaimOutcome) -> bool {
    matches!(claim, ClaimOutcome::InProgress { .. })
}

pub(crate) fn is_handled(claim: ClaimOutcome) -> bool {
    claim == ClaimOutcome::Duplicate { same_body: true }
}

/// Claims repeatedly until the servers respond.
pub(crate) async fn claim_eventually(store: &RedisStore, number: usize) -> ClaimOutcome {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match try_claim(store, number).await {
            Ok(claim) => return claim,
            Err(error) if Instant::now() > end => panic!("{error}"),
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}
