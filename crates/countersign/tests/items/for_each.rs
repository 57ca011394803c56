//! Items are claimed and settled one by one.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::adapter::{Response, Timer};
use countersign::dedup::{ClaimOutcome, Claimed, DedupStore, StoreErrorKind};
use countersign::scheme::{Items, SigningRequest};
use countersign::time::{Clock, FixedClock};
use countersign::{
    Delivery, Item, ItemFailureKind, ItemsError, ItemsOutcome, MemoryStore, Receiver,
    RejectionKind, Timestamp, senders,
};
use proptest::prelude::*;

use crate::support::{NOW, Op, Planned, acme, of, secret};

const LEASE: Duration = Duration::from_secs(30);

type ItemResult = Result<(), Box<dyn Error + Send + Sync>>;

/// A timer that is read whenever it is polled.
#[derive(Clone)]
struct Polled(FixedClock);

struct Sleep(FixedClock, Timestamp);

impl Timer for Polled {
    type Instant = Duration;
    type Sleep = Sleep;

    fn now(&self) -> Duration {
        self.0.now().saturating_since(NOW)
    }

    fn sleep_until(&self, deadline: Duration) -> Sleep {
        Sleep(self.0.clone(), NOW.saturating_add(deadline))
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.now() < self.1 { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// A receiver of batches, its store, and the clock of both and of the timer.
struct Setting {
    clock: FixedClock,
    store: Planned,
    receiver: Receiver,
}

impl Setting {
    fn new() -> Self {
        let clock = FixedClock::new(NOW);
        let store = Planned::new(MemoryStore::with_clock(100, clock.clone()).unwrap());
        let sender = acme(Items::at("/*").id(["/id"]));
        let receiver = Receiver::builder(sender).lease(LEASE).dedup(store.clone()).build().unwrap();
        Self { clock, store, receiver }
    }

    fn delivery(&self, body: &str) -> Delivery {
        let headers =
            SigningRequest::new(body.as_bytes()).sign(self.receiver.scheme(), &secret()).unwrap();
        let mut delivery = self.receiver.verify(&headers, body.to_owned(), NOW).unwrap();
        self.receiver.prepare_items(&mut delivery, Polled(self.clock.clone()));
        delivery
    }

    /// Handles the items of a batch with these ids; returns the pointers of those that ran.
    fn run(&self, ids: &[&str]) -> (Vec<String>, Result<ItemsOutcome, ItemsError>) {
        self.run_with(ids, |_| Ok(()))
    }

    fn run_with(
        &self,
        ids: &[&str],
        handle: impl Fn(&str) -> ItemResult,
    ) -> (Vec<String>, Result<ItemsOutcome, ItemsError>) {
        let delivery = self.delivery(&batch(ids));
        let ran = RefCell::new(Vec::new());
        let result = now(delivery.for_each_item(|item| {
            let id = id(&item);
            let result = handle(&id);
            ran.borrow_mut().push(id);
            ready(result)
        }));
        (ran.into_inner(), result)
    }
}

fn batch(ids: &[&str]) -> String {
    let items: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
    format!("[{}]", items.join(","))
}

fn id(item: &Item) -> String {
    item.event::<serde_json::Value>().unwrap()["id"].as_str().unwrap().to_owned()
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The output of a future that never waits.
#[track_caller]
fn now<F: Future>(future: F) -> F::Output {
    match poll(pin!(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

/// A panic without the hook's message.
fn fault() {
    std::panic::resume_unwind(Box::new("as the test requires"));
}

fn outcome(handled: usize, duplicates: usize) -> ItemsOutcome {
    let mut outcome = ItemsOutcome::default();
    (outcome.handled, outcome.duplicates) = (handled, duplicates);
    outcome
}

fn kinds(error: &ItemsError) -> Vec<(usize, ItemFailureKind)> {
    error.failures().iter().map(|failure| (failure.index(), failure.kind())).collect()
}

#[test]
fn an_item_that_was_handled_is_skipped() {
    let setting = Setting::new();
    let (ran, result) = setting.run(&["a"]);
    assert_eq!((ran, result.unwrap()), (vec!["a".to_owned()], outcome(1, 0)));
    let (ran, result) = setting.run(&["a", "b"]);
    assert_eq!((ran, result.unwrap()), (vec!["b".to_owned()], outcome(1, 1)));
}

#[test]
fn an_item_that_occurs_twice_in_a_batch_runs_once() {
    let (ran, result) = Setting::new().run(&["a", "b", "a"]);
    assert_eq!(ran, ["a", "b"]);
    assert_eq!(result.unwrap(), outcome(2, 1));
}

#[test]
fn a_batch_without_items_succeeds() {
    assert_eq!(Setting::new().run(&[]).1.unwrap(), outcome(0, 0));
}

#[test]
fn a_failed_item_is_released_and_the_next_one_runs() {
    let setting = Setting::new();
    let (ran, result) =
        setting.run_with(&["a", "b", "c"], |id| if id == "b" { Err("no".into()) } else { Ok(()) });
    assert_eq!(ran, ["a", "b", "c"]);
    let error = result.unwrap_err();
    assert_eq!(error.outcome(), outcome(2, 0));
    assert_eq!(kinds(&error), [(1, ItemFailureKind::Failed)]);
    let failure = &error.failures()[0];
    assert_eq!(failure.pointer(), "/1");
    assert_eq!(failure.to_string(), "item `/1` failed: no");
    let (ran, result) = setting.run(&["a", "b", "c"]);
    assert_eq!(ran, ["b"]);
    assert_eq!(result.unwrap(), outcome(1, 2));
}

#[test]
fn the_error_of_an_item_is_not_in_the_text_for_the_operator() {
    let (_, result) = Setting::new().run_with(&["a"], |_| Err("a private text".into()));
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "1 items failed and 0 are in progress elsewhere; 0 are handled");
}

#[test]
fn failed_items_make_the_sender_repeat_the_batch() {
    let (_, result) = Setting::new().run_with(&["a"], |_| Err("no".into()));
    let response = Response::from(result.unwrap_err());
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers(), [("retry-after", "5".into())]);
}

#[test]
fn an_item_whose_closure_panics_is_released_and_the_next_one_runs() {
    for at_once in [true, false] {
        let setting = Setting::new();
        let delivery = setting.delivery(&batch(&["a", "b"]));
        let result = now(delivery.for_each_item(|item| {
            let is_first = item.index() == 0;
            if is_first && at_once {
                fault();
            }
            async move {
                if is_first {
                    fault();
                }
                Ok(())
            }
        }));
        let error = result.unwrap_err();
        assert_eq!(kinds(&error), [(0, ItemFailureKind::Panicked)]);
        assert_eq!(setting.run(&["a", "b"]).0, ["a"], "at once: {at_once}");
    }
}

#[test]
fn an_item_is_claimed_while_its_closure_runs() {
    let setting = Setting::new();
    let delivery = setting.delivery(&batch(&["a"]));
    let tokens = Cell::new(None);
    let result = now(delivery.for_each_item(|item| {
        tokens.set(item.claim_token());
        assert_eq!(item.fencing_token(), item.claim_token().map(|token| token.fencing_token()));
        assert_eq!(Claimed::claim_token(&item), item.claim_token());
        assert!(!item.is_takeover());
        ready(Ok(()))
    }));
    result.unwrap();
    let token = tokens.get().unwrap();
    let again = now(setting.store.sound.claim(token.key(), 0, LEASE)).unwrap();
    assert!(matches!(again, ClaimOutcome::Duplicate { .. }), "{again:?}");
}

#[test]
fn of_two_concurrent_batches_one_runs_an_item() {
    let setting = Setting::new();
    let delivery = setting.delivery(&batch(&["a", "b"]));
    let mut first = pin!(delivery.for_each_item(|_| pending()));
    assert!(poll(first.as_mut()).is_pending());
    let (ran, result) = setting.run(&["c", "a"]);
    assert_eq!(ran, ["c"]);
    let error = result.unwrap_err();
    assert_eq!((error.outcome(), error.in_progress()), (outcome(1, 0), 1));
    let response = Response::from(error);
    assert_eq!((response.status(), response.headers()), (503, &[("retry-after", "30".into())][..]));
}

#[test]
fn an_item_of_a_call_that_was_dropped_is_taken_over_after_its_lease() {
    let setting = Setting::new();
    {
        let delivery = setting.delivery(&batch(&["a"]));
        let mut dropped = pin!(delivery.for_each_item(|_| pending()));
        assert!(poll(dropped.as_mut()).is_pending());
    }
    assert_eq!(setting.run(&["a"]).1.unwrap_err().in_progress(), 1);
    setting.clock.advance(LEASE);
    let delivery = setting.delivery(&batch(&["a"]));
    let result = now(delivery.for_each_item(|item| {
        assert!(item.is_takeover());
        ready(Ok(()))
    }));
    assert_eq!(result.unwrap(), outcome(1, 0));
}

#[test]
fn the_lease_is_renewed_while_the_closure_runs() {
    let setting = Setting::new();
    let delivery = setting.delivery(&batch(&["a"]));
    let is_done = Cell::new(false);
    let mut running = pin!(delivery.for_each_item(|_| {
        std::future::poll_fn(|_| if is_done.get() { Poll::Ready(Ok(())) } else { Poll::Pending })
    }));
    for renewals in 0..10 {
        assert!(poll(running.as_mut()).is_pending());
        assert_eq!(setting.store.count(Op::Renew), renewals);
        setting.clock.advance(LEASE / 3);
    }
    assert!(poll(running.as_mut()).is_pending());
    assert_eq!(setting.run(&["a"]).1.unwrap_err().in_progress(), 1, "ten leases later");
    is_done.set(true);
    assert_eq!(now(running).unwrap(), outcome(1, 0));
}

#[test]
fn a_closure_that_lost_its_lease_is_cancelled() {
    let setting = Setting::new();
    let delivery = setting.delivery(&batch(&["a", "b"]));
    let dropped = Cell::new(false);
    struct OnDrop<'c>(&'c Cell<bool>);
    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    let mut running = pin!(delivery.for_each_item(|item| {
        let guard = (item.index() == 0).then(|| OnDrop(&dropped));
        async move {
            match guard {
                Some(_guard) => pending().await,
                None => Ok(()),
            }
        }
    }));
    assert!(poll(running.as_mut()).is_pending());
    setting.store.fail(Op::Renew, 9);
    setting.clock.advance(LEASE / 3);
    assert!(poll(running.as_mut()).is_pending(), "the store may recover");
    setting.clock.advance(LEASE / 2);
    let error = now(running).unwrap_err();
    assert!(dropped.get());
    assert_eq!(kinds(&error), [(0, ItemFailureKind::LeaseLost)]);
    assert_eq!(error.outcome(), outcome(1, 0), "the next item runs");
}

#[test]
fn a_success_whose_item_was_taken_over_is_not_acknowledged() {
    let setting = Setting::new();
    let delivery = setting.delivery(&batch(&["a"]));
    let result = now(delivery.for_each_item(|item| {
        // The lease ends unnoticed, as in a process that was stopped.
        setting.clock.advance(LEASE);
        let key = *item.claim_token().unwrap().key();
        let taken = now(setting.store.sound.claim(&key, 0, LEASE)).unwrap();
        assert!(matches!(taken, ClaimOutcome::Acquired { takeover: true, .. }));
        ready(Ok(()))
    }));
    assert_eq!(kinds(&result.unwrap_err()), [(0, ItemFailureKind::LeaseLost)]);
}

#[test]
fn a_store_that_grants_no_claim_ends_the_batch() {
    let setting = Setting::new();
    let delivery = setting.delivery(&batch(&["a", "b", "c"]));
    let ran = Cell::new(0);
    let result = now(delivery.for_each_item(|_| {
        ran.set(ran.get() + 1);
        setting.store.fail(Op::Claim, 1);
        ready(Ok(()))
    }));
    let error = result.unwrap_err();
    assert_eq!((ran.get(), error.outcome(), error.not_tried()), (1, outcome(1, 0), 2));
    assert_eq!(error.store_error().unwrap().kind(), StoreErrorKind::Unavailable);
    let response = Response::from(error);
    assert_eq!((response.status(), response.headers()), (503, &[("retry-after", "5".into())][..]));
    assert_eq!(setting.run(&["a", "b", "c"]).0, ["b", "c"]);
}

#[test]
fn a_commit_that_fails_is_retried() {
    let setting = Setting::new();
    setting.store.fail(Op::Commit, 2);
    let delivery = setting.delivery(&batch(&["a"]));
    let mut running = pin!(delivery.for_each_item(|_| ready(Ok(()))));
    for _ in 0..2 {
        assert!(poll(running.as_mut()).is_pending());
        setting.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(now(running).unwrap(), outcome(1, 0));
    assert_eq!(setting.run(&["a"]).1.unwrap(), outcome(0, 1));
}

#[test]
fn a_commit_that_fails_for_a_lease_is_reported() {
    let setting = Setting::new();
    setting.store.fail(Op::Commit, 1000);
    let delivery = setting.delivery(&batch(&["a"]));
    let mut running = pin!(delivery.for_each_item(|_| ready(Ok(()))));
    let error = loop {
        match poll(running.as_mut()) {
            Poll::Ready(result) => break result.unwrap_err(),
            Poll::Pending => setting.clock.advance(LEASE / 10),
        }
    };
    assert_eq!(kinds(&error), [(0, ItemFailureKind::NotCommitted)]);
    assert!(error.failures()[0].error().is_some());
}

#[test]
fn an_item_is_remembered_as_long_as_an_event() {
    let setting = Setting::new();
    setting.run(&["a"]).1.unwrap();
    let retention = setting.receiver.contract().retry_window();
    setting.clock.advance(retention - Duration::from_millis(1));
    assert_eq!(setting.run(&["a"]).1.unwrap(), outcome(0, 1));
    setting.clock.advance(Duration::from_millis(1));
    assert_eq!(setting.run(&["a"]).1.unwrap(), outcome(1, 0));
}

#[test]
fn without_dedup_every_item_runs() {
    let delivery = of(senders::LINE, r#"{"events":[{"webhookEventId":"a"}]}"#);
    for _ in 0..2 {
        let result = now(delivery.for_each_item(|item| {
            assert_eq!(item.claim_token(), None);
            ready(Ok(()))
        }));
        assert_eq!(result.unwrap(), outcome(1, 0));
    }
}

#[test]
fn a_body_without_items_is_rejected() {
    let result = now(of(senders::LINE, "{}").for_each_item(|_| ready(Ok(()))));
    let error = result.unwrap_err();
    assert_eq!(error.rejection().unwrap().kind(), RejectionKind::Undecodable);
    assert_eq!(error.status(), 422);
    assert_eq!(Response::from(error).status(), 422);
}

#[test]
fn a_success_is_200() {
    assert_eq!(Response::from(ItemsOutcome::default()).status(), 200);
}

proptest! {
    /// However events are grouped, and whichever of them fail, each is handled once.
    #[test]
    fn each_event_succeeds_once(
        batches in proptest::collection::vec(proptest::collection::vec(0_usize..6, 0..6), 1..8),
        fails in proptest::collection::vec(proptest::bool::weighted(0.3), 48),
    ) {
        let setting = Setting::new();
        let names = ["a", "b", "c", "d", "e", "f"];
        let succeeded = RefCell::new(Vec::new());
        let fails = RefCell::new(fails.into_iter());
        let all: Vec<_> = (0..names.len()).collect();
        for ids in batches.iter().chain([&all]) {
            let ids: Vec<_> = ids.iter().map(|id| names[*id]).collect();
            let is_last = ids == names;
            let failed = Cell::new(0);
            let (_, result) = setting.run_with(&ids, |id| {
                if !is_last && fails.borrow_mut().next() == Some(true) {
                    failed.set(failed.get() + 1);
                    return Err("no".into());
                }
                succeeded.borrow_mut().push(id.to_owned());
                Ok(())
            });
            let errors = result.err().map_or(0, |error| error.failures().len());
            prop_assert_eq!(errors, failed.get());
        }
        let mut succeeded = succeeded.into_inner();
        succeeded.sort();
        prop_assert_eq!(succeeded, names);
    }
}
