//! What the suites share.

#![allow(dead_code, reason = "each suite uses its own part")]

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

/// A store by its handles, for the contract suite.
pub(crate) struct Opens<F>(pub(crate) F);

impl<F, O> StoreUnderTest for Opens<F>
where
    F: Fn() -> O + Sync,
    O: Future<Output = RedisStore> + Send,
{
    type Store = RedisStore;

    fn open(&self) -> impl Future<Output = RedisStore> + Send {
        (self.0)()
    }

    /// Redis keeps a key through the millisecond in which it ends.
    async fn advance(&self, span: Duration) {
        sleep(span + Duration::from_millis(2)).await;
    }

    /// Some of its cases call twice within a lease.
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

/// Its key, under the prefix that stores have unless told otherwise.
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
        answer => panic!("{answer:?} for event {number}"),
    }
}

pub(crate) async fn commit(
    store: &RedisStore,
    claim_token: &ClaimToken,
) -> Result<UpdateOutcome, StoreError> {
    store.commit(claim_token.key(), claim_token.fencing_token(), HOUR).await
}

/// An event that is handled.
pub(crate) async fn handled(store: &RedisStore, number: usize) -> ClaimToken {
    let claim_token = granted(store, number, HOUR).await;
    assert_eq!(commit(store, &claim_token).await, Ok(UpdateOutcome::Applied));
    claim_token
}

pub(crate) fn is_busy(claim: ClaimOutcome) -> bool {
    matches!(claim, ClaimOutcome::InProgress { .. })
}

pub(crate) fn is_handled(claim: ClaimOutcome) -> bool {
    claim == ClaimOutcome::Duplicate { same_body: true }
}

/// A claim once the servers are back.
pub(crate) async fn claim_soon(store: &RedisStore, number: usize) -> ClaimOutcome {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match try_claim(store, number).await {
            Ok(claim) => return claim,
            Err(error) if Instant::now() > end => panic!("{error}"),
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}
