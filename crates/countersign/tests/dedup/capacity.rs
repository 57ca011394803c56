//! What the memory store does at its capacity: what it forgets, what it keeps, and what it counts.

use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, InspectStore, Retention,
    StoreErrorKind, UpdateOutcome,
};
use countersign::time::{Clock, FixedClock};
use countersign::{ConfigErrorKind, MemoryStore, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::poll::block_on;

const LEASE: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);
const TICK: Duration = Duration::from_millis(1);
const DUPLICATE: ClaimOutcome = ClaimOutcome::Duplicate { same_body: true };

/// Kept for a week, of which an hour is the sender's own retries.
fn retention() -> Retention {
    Retention::new(WEEK).forgettable_after(HOUR)
}

fn store(capacity: usize) -> (MemoryStore, FixedClock) {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    (MemoryStore::with_clock(capacity, clock.clone()).unwrap(), clock)
}

fn event(number: usize) -> EventKey {
    EventKey::new("endpoint", "sender", &Identity::id(&number.to_string()))
}

fn claim(store: &MemoryStore, number: usize) -> Result<ClaimOutcome, StoreErrorKind> {
    block_on(store.claim(&event(number), 0, LEASE)).map_err(|error| error.kind())
}

#[track_caller]
fn granted(store: &MemoryStore, number: usize) -> FencingToken {
    match claim(store, number) {
        Ok(ClaimOutcome::Acquired { fencing_token, takeover: false }) => fencing_token,
        other => panic!("event {number}: {other:?}"),
    }
}

#[track_caller]
fn handle(store: &MemoryStore, number: usize, retention: Retention) {
    let fencing_token = granted(store, number);
    let committed =
        block_on(store.commit_with_retention(&event(number), fencing_token, retention)).unwrap();
    assert_eq!(committed, UpdateOutcome::Applied);
}

/// The numbers of the handled events in the store, of `events`.
fn remembered(store: &MemoryStore, events: usize) -> Vec<usize> {
    let is_remembered = |number: &usize| block_on(store.get(&event(*number))).unwrap().is_some();
    (0..events).filter(is_remembered).collect()
}

fn forgotten(store: &MemoryStore) -> u64 {
    store.usage().unwrap().forgotten
}

#[test]
fn within_the_horizon_a_full_store_rejects_a_new_event() {
    let (store, clock) = store(100);
    (0..100).for_each(|number| handle(&store, number, retention()));
    clock.advance(HOUR - TICK);
    assert_eq!(claim(&store, 100), Err(StoreErrorKind::Full));
    assert_eq!(remembered(&store, 101), (0..100).collect::<Vec<_>>());
    assert_eq!(forgotten(&store), 0);
}

#[test]
fn past_the_horizon_a_full_store_forgets_the_oldest_event() {
    let (store, clock) = store(100);
    (0..100).for_each(|number| {
        handle(&store, number, retention());
        clock.advance(TICK);
    });
    clock.advance(HOUR - TICK * 100);
    for number in 100..150 {
        handle(&store, number, retention());
        assert_eq!(remembered(&store, 151), (number - 99..=number).collect::<Vec<_>>());
        clock.advance(TICK);
    }
    assert_eq!(forgotten(&store), 50);
    assert_eq!(store.len(), 100);
}

#[test]
fn a_forgotten_event_is_granted_again_with_a_higher_fencing_token() {
    let (store, clock) = store(1);
    let first = granted(&store, 0);
    block_on(store.commit_with_retention(&event(0), first, retention())).unwrap();
    clock.advance(HOUR);
    handle(&store, 1, retention());
    clock.advance(HOUR);
    assert!(granted(&store, 0) > first);
    let late = block_on(store.commit(&event(0), first, WEEK));
    assert_eq!(late, Ok(UpdateOutcome::StaleToken));
}

#[test]
fn a_store_with_space_keeps_every_event_for_its_whole_retention() {
    let (store, clock) = store(100);
    (0..99).for_each(|number| handle(&store, number, retention()));
    clock.advance(WEEK - TICK);
    granted(&store, 99);
    (0..99).for_each(|number| assert_eq!(claim(&store, number), Ok(DUPLICATE)));
    assert_eq!(forgotten(&store), 0);
}

#[test]
fn an_event_in_progress_is_never_forgotten() {
    let (store, clock) = store(10);
    let tokens: Vec<_> = (0..10).map(|number| granted(&store, number)).collect();
    clock.advance(HOUR);
    assert_eq!(claim(&store, 10), Err(StoreErrorKind::Full));
    for (number, token) in tokens.into_iter().enumerate() {
        let renewed = block_on(store.renew(&event(number), token, LEASE));
        assert_eq!(renewed, Ok(UpdateOutcome::Applied));
    }
}

#[test]
fn expired_events_are_removed_before_others_are_forgotten() {
    let (store, clock) = store(10);
    (0..5).for_each(|number| handle(&store, number, retention()));
    (5..10).for_each(|number| handle(&store, number, Retention::new(HOUR * 2)));
    clock.advance(HOUR * 2);
    (10..15).for_each(|number| handle(&store, number, retention()));
    assert_eq!(remembered(&store, 15), [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
    assert_eq!(forgotten(&store), 0);
}

#[test]
fn a_plain_commit_is_kept_for_its_whole_retention() {
    let (store, clock) = store(1);
    let fencing_token = granted(&store, 0);
    block_on(store.commit(&event(0), fencing_token, WEEK)).unwrap();
    clock.advance(WEEK - TICK);
    assert_eq!(claim(&store, 1), Err(StoreErrorKind::Full));
    assert_eq!(claim(&store, 0), Ok(DUPLICATE));
}

#[test]
fn of_several_retentions_the_event_that_was_handled_first_is_forgotten() {
    let (store, clock) = store(3);
    handle(&store, 0, Retention::new(WEEK * 4).forgettable_after(HOUR));
    clock.advance(TICK);
    handle(&store, 1, retention());
    clock.advance(TICK);
    handle(&store, 2, Retention::new(WEEK * 2).forgettable_after(HOUR * 3));
    clock.advance(HOUR);
    handle(&store, 3, retention());
    assert_eq!(remembered(&store, 4), [1, 2, 3]);
    clock.advance(TICK);
    handle(&store, 4, retention());
    assert_eq!(remembered(&store, 5), [2, 3, 4]);
    clock.advance(HOUR + TICK * 5);
    handle(&store, 5, retention());
    assert_eq!(remembered(&store, 6), [2, 4, 5]);
}

#[test]
fn an_unbounded_retention_can_be_forgotten_past_its_horizon() {
    let (store, clock) = store(1);
    handle(&store, 0, Retention::new(Duration::MAX).forgettable_after(HOUR));
    clock.advance(HOUR - TICK);
    assert_eq!(claim(&store, 1), Err(StoreErrorKind::Full));
    clock.advance(TICK);
    granted(&store, 1);
}

#[test]
fn a_sender_that_never_retries_never_fills_the_store() {
    let (store, clock) = store(10);
    let retention = Retention::new(WEEK).forgettable_after(Duration::ZERO);
    for number in 0..1000 {
        handle(&store, number, retention);
        assert_eq!(claim(&store, number), Ok(DUPLICATE));
        clock.advance(TICK);
    }
    assert_eq!(remembered(&store, 1000), (990..1000).collect::<Vec<_>>());
}

#[test]
fn of_more_retentions_than_lists_the_rest_is_kept_until_it_expires() {
    const LISTS: usize = 64 * 32;
    const EVENTS: usize = LISTS * 2;
    let (store, clock) = store(EVENTS);
    for number in 0..EVENTS {
        let keep_for = WEEK + TICK * number as u32;
        handle(&store, number, Retention::new(keep_for).forgettable_after(HOUR));
    }
    clock.advance(WEEK - TICK);
    let granted = (EVENTS..EVENTS * 2).take_while(|number| claim(&store, *number).is_ok()).count();
    assert_eq!(granted, LISTS, "one for each list of each shard");
    assert_eq!(remembered(&store, EVENTS).len(), EVENTS - LISTS);
}

#[test]
fn a_large_store_forgets_few_events_more_than_it_must() {
    const CAPACITY: usize = 40_000;
    let (store, clock) = store(CAPACITY);
    (0..CAPACITY).for_each(|number| handle(&store, number, retention()));
    clock.advance(HOUR);
    for number in CAPACITY..CAPACITY + 1000 {
        handle(&store, number, retention());
        assert!(store.len() >= CAPACITY - 32, "{} are left", store.len());
    }
    assert!((1000..=1032).contains(&forgotten(&store)), "{}", forgotten(&store));
}

#[test]
fn a_large_store_forgets_the_oldest_events() {
    const CAPACITY: usize = 40_000;
    let (store, clock) = store(CAPACITY);
    for number in 0..CAPACITY {
        handle(&store, number, retention());
        if number.is_multiple_of(100) {
            clock.advance(TICK);
        }
    }
    clock.advance(HOUR);
    (CAPACITY..CAPACITY + 4000).for_each(|number| handle(&store, number, retention()));
    // A shard has a few more or fewer of the oldest events than its share.
    let newest = CAPACITY - 10_000;
    assert_eq!(
        remembered(&store, CAPACITY).iter().filter(|number| **number >= newest).count(),
        10_000
    );
}

#[test]
fn the_usage_counts_events_and_capacity() {
    let (store, _) = store(4);
    (0..3).for_each(|number| _ = granted(&store, number));
    let usage = store.usage().unwrap();
    assert_eq!((usage.events, usage.capacity, usage.forgotten), (3, 4, 0));
    assert!((usage.fill() - 0.75).abs() < f64::EPSILON);
}

#[test]
fn a_store_without_space_for_an_event_is_out_of_range() {
    let error = MemoryStore::builder().max_bytes(1000).build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::OutOfRange);
    assert!(error.to_string().contains("`max_bytes`"), "{error}");
    assert!(MemoryStore::builder().max_bytes(MemoryStore::bytes_for(1)).build().is_ok());
    let error = MemoryStore::builder().capacity(0).build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::OutOfRange);
}

#[test]
fn the_smaller_of_two_limits_counts() {
    let capacity = |events, bytes| {
        MemoryStore::builder().capacity(events).max_bytes(bytes).build().unwrap().capacity()
    };
    assert_eq!(capacity(100, 1 << 30), 100);
    assert!(capacity(usize::MAX, 1 << 20) < 20_000);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn as_many_events_fit_as_the_bytes_allow(bytes in 500_000_usize..1 << 40) {
        let store = MemoryStore::builder().max_bytes(bytes).build().unwrap();
        prop_assert!(MemoryStore::bytes_for(store.capacity()) <= bytes);
        prop_assert!(MemoryStore::bytes_for(store.capacity() + 1) > bytes);
    }

    /// Against a model: what is within its horizon is a duplicate, and the store forgets only what is the
    /// oldest beyond it.
    #[test]
    fn only_the_oldest_events_past_their_horizon_are_forgotten(
        steps in vec((0_usize..40, 0_usize..3, 0_u64..40), 1..200),
        capacity in 1_usize..12,
    ) {
        let (store, clock) = store(capacity);
        let retentions = [
            Retention::new(HOUR).forgettable_after(Duration::from_secs(60)),
            Retention::new(HOUR * 2).forgettable_after(Duration::from_secs(200)),
            Retention::new(HOUR),
        ];
        // The handled events: number, time of the commit, retention. Times differ, so the order is known.
        let mut model: Vec<(usize, Timestamp, Retention)> = Vec::new();
        for (number, retention, seconds) in steps {
            clock.advance(Duration::from_secs(seconds) + TICK);
            let now = clock.now();
            model.retain(|(_, at, retention)| now < at.saturating_add(retention.keep_for()));
            let outcome = claim(&store, number);
            if model.iter().any(|(known, _, _)| *known == number) {
                prop_assert_eq!(outcome, Ok(DUPLICATE));
                continue;
            }
            if model.len() == capacity {
                let may_be_forgotten = |(_, at, retention): &(usize, Timestamp, Retention)| {
                    at.saturating_add(retention.must_keep_for()) <= now
                };
                let Some(oldest) = model.iter().position(may_be_forgotten) else {
                    prop_assert_eq!(outcome, Err(StoreErrorKind::Full));
                    continue;
                };
                model.remove(oldest);
            }
            let Ok(ClaimOutcome::Acquired { fencing_token, .. }) = outcome else {
                return Err(TestCaseError::fail(format!("{outcome:?}")));
            };
            let retention = retentions[retention];
            let key = event(number);
            block_on(store.commit_with_retention(&key, fencing_token, retention)).unwrap();
            model.push((number, now, retention));
        }
    }
}
