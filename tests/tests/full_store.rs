//! What a memory store logs as it fills up. One test, since a process captures its log once.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use countersign::dedup::{ClaimOutcome, DedupStore, EventKey, Identity, Retention};
use countersign::time::FixedClock;
use countersign::{MemoryStore, Timestamp};
use countersign_test_support::CapturedLog;

const HOUR: Duration = Duration::from_secs(3600);
const FILLING: &str = "the memory store is 80 % full";
const FORGETTING: &str = "the memory store is full: it forgets";

async fn handle(store: &MemoryStore, number: usize) {
    let key = EventKey::new("endpoint", "sender", &Identity::id(&number.to_string()));
    let claimed = store.claim(&key, 0, HOUR).await.unwrap();
    let ClaimOutcome::Acquired { fencing_token, .. } = claimed else { panic!("{claimed:?}") };
    let retention = Retention::new(HOUR * 10).forgettable_after(HOUR);
    store.commit_with_retention(&key, fencing_token, retention).await.unwrap();
}

#[tokio::test]
async fn a_memory_store_warns_once_for_each_time_that_it_fills_up() {
    let log = CapturedLog::start();
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    let store = MemoryStore::with_clock(1000, clock.clone()).unwrap();
    let logged = || [FILLING, FORGETTING].map(|text| log.lines_with(text).len());
    for number in 0..799 {
        handle(&store, number).await;
    }
    assert_eq!(logged(), [0, 0]);
    for number in 799..1000 {
        handle(&store, number).await;
    }
    assert_eq!(logged(), [1, 0]);
    let line = log.lines_with(FILLING).remove(0);
    for part in ["WARN", "events=800", "capacity=1000", "raise its capacity or `max_bytes`"] {
        assert!(line.contains(part), "{line}");
    }

    clock.advance(HOUR);
    for number in 1000..1500 {
        handle(&store, number).await;
    }
    assert_eq!(logged(), [1, 1]);
    let line = log.lines_with(FORGETTING).remove(0);
    assert!(line.contains("WARN") && line.contains("capacity=1000"), "{line}");

    // The store empties, and fills up again.
    clock.advance(HOUR * 10);
    for number in 1500..2500 {
        handle(&store, number).await;
    }
    assert_eq!(logged(), [2, 1]);
    clock.advance(HOUR);
    handle(&store, 2500).await;
    assert_eq!(logged(), [2, 2]);
}
