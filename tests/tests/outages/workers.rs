//! Workers that see events through, each as a receiver would, whatever gets in the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign::{Claim, DedupStore, Settled, StoreError, StoreErrorKind, Ticket};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::events::{HOUR, commit, event, is_handled};

const WORKERS: usize = 16;
const OUTAGES: usize = 3;
const LEASE: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one call may take. The longer, the longer sqlx waits between its tries to connect.
const STORE_TIMEOUT: Duration = Duration::from_millis(500);

/// Sees events through while `outage` happens again and again, on a thread of its own; gives how many
/// there were.
pub(crate) async fn see_through<S: DedupStore + Clone>(
    store: &S,
    outage: impl Fn() + Send + 'static,
) -> usize {
    let over = Arc::new(AtomicBool::new(false));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (store, over) = (store.clone(), Arc::clone(&over));
        workers.spawn(async move {
            let mut numbers = (worker..).step_by(WORKERS);
            while !over.load(Ordering::Acquire) {
                see_one_through(&store, numbers.next().unwrap()).await;
            }
            numbers.next().unwrap()
        });
    }
    let outages = tokio::task::spawn_blocking(move || (0..OUTAGES).for_each(|_| outage()));
    outages.await.unwrap();
    over.store(true, Ordering::Release);
    let mut events = 0;
    while let Some(worker) = timeout(PATIENCE, workers.join_next()).await.unwrap() {
        let next = worker.unwrap();
        for number in (next % WORKERS..next).step_by(WORKERS) {
            let claim = store.claim(&event(number), 0, HOUR).await.unwrap();
            assert!(is_handled(claim), "event {number}: {claim:?}");
            events += 1;
        }
    }
    events
}

async fn see_one_through(store: &impl DedupStore, number: usize) {
    let ticket = loop {
        match answered(store.claim(&event(number), 0, LEASE)).await {
            Some(Claim::Acquired { fence, .. }) => {
                break Ticket::new(event(number), fence, HOUR);
            }
            // A claim whose answer was lost holds until its lease is over.
            Some(Claim::Busy { .. }) | None => sleep(PAUSE).await,
            Some(answer) => panic!("{answer:?} though nobody else handles event {number}"),
        }
    };
    loop {
        match answered(commit(store, &ticket)).await {
            Some(settled) => return assert_eq!(settled, Settled::Applied, "event {number}"),
            None => sleep(PAUSE).await,
        }
    }
}

/// The answer, if there is one in time.
async fn answered<T>(call: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match timeout(STORE_TIMEOUT, call).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            assert_ne!(error.kind(), StoreErrorKind::Full, "{error}");
            None
        }
        Err(_) => None,
    }
}
