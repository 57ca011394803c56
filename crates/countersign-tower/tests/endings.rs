//! Outcomes of deliveries where the store, the lease or the service fails, and of shutdown.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]

mod support;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use countersign::{Contract, Outcome, Receiver};
use support::{
    Action, Fault, FaultyStore, Guarded, Handler, Operation, deliver, guard, layer, outcome,
    receiver, sender, signed,
};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

fn guard_store(store: &FaultyStore, handler: &Handler) -> Guarded {
    guard(Receiver::builder(sender()).dedup(store.clone()).build().unwrap(), handler)
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_is_retried_and_the_response_is_sent_unchanged() {
    for fault in [Fault::Unavailable, Fault::ResultLost, Fault::Hangs, Fault::Panics] {
        let (store, handler) = (FaultyStore::new(), Handler::responding());
        let service = guard_store(&store, &handler);
        store.fail(Operation::Commit, fault);
        let response = deliver(&service, signed("msg_1")).await;
        assert_eq!((response.status().as_u16(), outcome(&response)), (200, Outcome::CommitPending));
        assert!(store.calls_of(Operation::Commit) > 1, "{fault:?}");
        store.recover();
        tokio::time::sleep(Duration::from_secs(20)).await;
        let calls = store.calls_of(Operation::Commit);
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(
            store.calls_of(Operation::Commit),
            calls,
            "{fault:?}: retried after it succeeded"
        );
        let retry = deliver(&service, signed("msg_1")).await;
        assert_eq!(outcome(&retry), Outcome::Duplicate { same_body: true });
        assert_eq!(handler.runs(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_not_run_again_while_its_commit_fails() {
    let (store, handler) = (FaultyStore::new(), Handler::responding());
    let service = guard_store(&store, &handler);
    store.fail(Operation::Commit, Fault::Unavailable);
    deliver(&service, signed("msg_1")).await;
    for _ in 0..25 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let retry = deliver(&service, signed("msg_1")).await;
        let outcome = outcome(&retry);
        assert!(matches!(outcome, Outcome::InProgress { .. }), "{outcome:?}");
    }
    assert_eq!(handler.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_response_is_sent_by_the_deadline_however_slow_the_commit_or_release() {
    for (operation, action, status, expected) in [
        (Operation::Commit, Action::Respond(200), 200, Outcome::CommitPending),
        (Operation::Release, Action::Respond(500), 500, Outcome::Failed),
        (Operation::Release, Action::Panic, 500, Outcome::Panicked),
    ] {
        let (store, handler) = (FaultyStore::new(), Handler::paused().with_actions([action]));
        let contract =
            Contract::builder().response_deadline(Duration::from_secs(4)).build().unwrap();
        let receiver = Receiver::builder(sender().with_contract(contract))
            .dedup(store.clone())
            .build()
            .unwrap();
        let service = guard(receiver, &handler);
        store.fail(operation, Fault::Hangs);
        let started_at = Instant::now();
        let response = tokio::spawn(service.oneshot(signed("msg_1")));
        handler.started().await;
        tokio::time::sleep(Duration::from_millis(3900)).await;
        handler.resume(1);
        let response = response.await.unwrap().unwrap();
        assert_eq!((response.status().as_u16(), outcome(&response)), (status, expected));
        assert!(started_at.elapsed() < Duration::from_millis(4100), "{:?}", started_at.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_once_does_not_cancel_the_handler() {
    let (store, handler) = (FaultyStore::new(), Handler::paused());
    let service = guard_store(&store, &handler);
    store.fail(Operation::Renew, Fault::Unavailable);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.started().await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(store.calls_of(Operation::Renew), 1);
    handler.resume(1);
    assert_eq!(outcome(&first.await.unwrap().unwrap()), Outcome::Handled);
}

#[tokio::test(start_paused = true)]
async fn a_handler_whose_lease_cannot_be_renewed_is_cancelled_before_another_starts() {
    for fault in [Fault::Unavailable, Fault::Hangs, Fault::Panics] {
        let (store, handler) = (FaultyStore::new(), Handler::paused());
        let service = guard_store(&store, &handler);
        store.fail(Operation::Renew, fault);
        store.fail(Operation::Release, fault);
        let late = deliver(&service, signed("msg_1")).await;
        assert_eq!(outcome(&late), Outcome::DeadlineExceeded, "{fault:?}");
        while handler.runs() == 1 {
            assert!(handler.running() <= 1, "{fault:?}: two at a time");
            let retry = tokio::spawn(service.clone().oneshot(signed("msg_1")));
            tokio::time::sleep(Duration::from_millis(500)).await;
            retry.abort();
        }
        assert_eq!(handler.running(), 1, "{fault:?}: the first has not been cancelled");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_lost_its_lease_is_cancelled() {
    let (store, handler) = (FaultyStore::new(), Handler::paused());
    let service = guard_store(&store, &handler);
    store.fail(Operation::Renew, Fault::StaleToken);
    let response = deliver(&service, signed("msg_1")).await;
    assert_eq!((response.status().as_u16(), outcome(&response)), (503, Outcome::Cancelled));
    assert_eq!(handler.running(), 0);
}

#[tokio::test]
async fn a_store_that_panics_is_unavailable() {
    let (store, handler) = (FaultyStore::new(), Handler::responding());
    store.fail(Operation::Claim, Fault::Panics);
    let response = deliver(&guard_store(&store, &handler), signed("msg_1")).await;
    assert_eq!((response.status().as_u16(), outcome(&response)), (503, Outcome::StoreUnavailable));
    assert_eq!(handler.runs(), 0);
}

#[tokio::test]
async fn the_longest_durations_do_not_overflow() {
    let contract = Contract::builder()
        .response_deadline(Duration::MAX)
        .retry_window(Duration::MAX)
        .build()
        .unwrap();
    let handler = Handler::responding();
    let service = guard(Receiver::new(sender().with_contract(contract)), &handler);
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test]
async fn a_drain_claims_nothing_more_and_waits_for_running_handlers() {
    let (store, handler) = (FaultyStore::new(), Handler::paused());
    let layer = layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap());
    let service = layer.layer(handler.clone());
    let caller = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.started().await;
    caller.abort();
    let shutdown = layer.shutdown();
    let mut drained = pin!(shutdown.drain());
    assert!(drained.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let rejected = deliver(&service, signed("msg_2")).await;
    assert_eq!((rejected.status().as_u16(), outcome(&rejected)), (503, Outcome::ShuttingDown));
    handler.resume(1);
    drained.await;
    assert_eq!((store.calls_of(Operation::Claim), store.calls_of(Operation::Commit)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_cancels_handlers_and_releases_their_events() {
    let (store, handler) = (FaultyStore::new(), Handler::paused());
    let layer = layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap());
    let caller = tokio::spawn(layer.layer(handler.clone()).oneshot(signed("msg_1")));
    handler.started().await;
    layer.shutdown().stop().await;
    assert_eq!(outcome(&caller.await.unwrap().unwrap()), Outcome::Cancelled);
    assert_eq!((handler.running(), store.calls_of(Operation::Release)), (0, 1));
    let next = guard_store(&store, &Handler::responding());
    assert_eq!(outcome(&deliver(&next, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test(start_paused = true)]
async fn a_drain_does_not_wait_for_a_store_that_is_down() {
    let (store, handler) = (FaultyStore::new(), Handler::responding());
    let layer = layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap());
    store.fail(Operation::Commit, Fault::Unavailable);
    deliver(&layer.layer(handler.clone()), signed("msg_1")).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let started_at = Instant::now();
    layer.shutdown().drain().await;
    assert!(started_at.elapsed() < Duration::from_secs(1), "{:?}", started_at.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_occupies_no_capacity_of_the_inner_service() {
    use http_body_util::BodyExt;
    let handler = Handler::responding();
    let limited = tower::limit::ConcurrencyLimitLayer::new(1).layer(handler.clone());
    let service = layer(receiver()).layer(limited);
    let stalled = signed("msg_1").map(|_| http_body_util::StreamBody::new(Never).boxed());
    let stalled = tokio::spawn(service.clone().oneshot(stalled));
    tokio::task::yield_now().await;
    let started_at = Instant::now();
    let response = service.oneshot(signed("msg_2")).await.unwrap();
    assert_eq!((outcome(&response), started_at.elapsed()), (Outcome::Handled, Duration::ZERO));
    stalled.abort();
}

/// A stream that is never ready.
struct Never;

impl futures_core::Stream for Never {
    type Item = Result<http_body::Frame<bytes::Bytes>, std::convert::Infallible>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Pending
    }
}
