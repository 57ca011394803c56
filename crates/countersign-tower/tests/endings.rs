//! How a delivery ends where something fails on the way: the store, the lease, the service.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use countersign::{Contract, Outcome, Receiver};
use support::{
    Act, Breakable, Fault, Guarded, Handler, Op, deliver, guard, layer, outcome, receiver, sender,
    signed,
};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

fn breakable(store: &Breakable, handler: &Handler) -> Guarded {
    guard(Receiver::builder(sender()).dedup(store.clone()).build().unwrap(), handler)
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_fails_is_tried_again_and_the_answer_stands() {
    for fault in [Fault::Unavailable, Fault::AnswerLost, Fault::Hangs, Fault::Panics] {
        let (store, handler) = (Breakable::new(), Handler::open());
        let service = breakable(&store, &handler);
        store.breaks(Op::Commit, fault);
        let answer = deliver(&service, signed("msg_1")).await;
        assert_eq!((answer.status().as_u16(), outcome(&answer)), (200, Outcome::CommitPending));
        assert!(store.calls_of(Op::Commit) > 1, "{fault:?}");
        store.mend();
        tokio::time::sleep(Duration::from_secs(20)).await;
        let calls = store.calls_of(Op::Commit);
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(store.calls_of(Op::Commit), calls, "{fault:?}: it is done");
        let retry = deliver(&service, signed("msg_1")).await;
        assert_eq!(outcome(&retry), Outcome::Duplicate { same_body: true });
        assert_eq!(handler.runs(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_not_run_again_while_its_commit_fails() {
    let (store, handler) = (Breakable::new(), Handler::open());
    let service = breakable(&store, &handler);
    store.breaks(Op::Commit, Fault::Unavailable);
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
async fn the_sender_is_answered_by_the_deadline_however_slow_the_settling() {
    for (op, act, status, expected) in [
        (Op::Commit, Act::Answer(200), 200, Outcome::CommitPending),
        (Op::Release, Act::Answer(500), 500, Outcome::Failed),
        (Op::Release, Act::Panic, 500, Outcome::Panicked),
    ] {
        let (store, handler) = (Breakable::new(), Handler::held().acting([act]));
        let contract =
            Contract::builder().response_deadline(Duration::from_secs(4)).build().unwrap();
        let receiver = Receiver::builder(sender().with_contract(contract))
            .dedup(store.clone())
            .build()
            .unwrap();
        let service = guard(receiver, &handler);
        store.breaks(op, Fault::Hangs);
        let began = Instant::now();
        let answer = tokio::spawn(service.oneshot(signed("msg_1")));
        handler.has_begun().await;
        tokio::time::sleep(Duration::from_millis(3900)).await;
        handler.let_through(1);
        let answer = answer.await.unwrap().unwrap();
        assert_eq!((answer.status().as_u16(), outcome(&answer)), (status, expected));
        assert!(began.elapsed() < Duration::from_millis(4100), "{:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_once_does_not_stop_the_handler() {
    let (store, handler) = (Breakable::new(), Handler::held());
    let service = breakable(&store, &handler);
    store.breaks(Op::Renew, Fault::Unavailable);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.has_begun().await;
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(store.calls_of(Op::Renew), 1);
    handler.let_through(1);
    assert_eq!(outcome(&first.await.unwrap().unwrap()), Outcome::Handled);
}

#[tokio::test(start_paused = true)]
async fn a_handler_whose_lease_cannot_be_held_is_stopped_before_another_begins() {
    for fault in [Fault::Unavailable, Fault::Hangs, Fault::Panics] {
        let (store, handler) = (Breakable::new(), Handler::held());
        let service = breakable(&store, &handler);
        store.breaks(Op::Renew, fault);
        store.breaks(Op::Release, fault);
        let late = deliver(&service, signed("msg_1")).await;
        assert_eq!(outcome(&late), Outcome::DeadlineExceeded, "{fault:?}");
        while handler.runs() == 1 {
            assert!(handler.under_way() <= 1, "{fault:?}: two at a time");
            let retry = tokio::spawn(service.clone().oneshot(signed("msg_1")));
            tokio::time::sleep(Duration::from_millis(500)).await;
            retry.abort();
        }
        assert_eq!(handler.under_way(), 1, "{fault:?}: the first has been stopped");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_lost_its_lease_is_stopped() {
    let (store, handler) = (Breakable::new(), Handler::held());
    let service = breakable(&store, &handler);
    store.breaks(Op::Renew, Fault::Stale);
    let answer = deliver(&service, signed("msg_1")).await;
    assert_eq!((answer.status().as_u16(), outcome(&answer)), (503, Outcome::Cancelled));
    assert_eq!(handler.under_way(), 0);
}

#[tokio::test]
async fn a_store_that_panics_has_failed() {
    let (store, handler) = (Breakable::new(), Handler::open());
    store.breaks(Op::Claim, Fault::Panics);
    let answer = deliver(&breakable(&store, &handler), signed("msg_1")).await;
    assert_eq!((answer.status().as_u16(), outcome(&answer)), (503, Outcome::StoreUnavailable));
    assert_eq!(handler.runs(), 0);
}

#[tokio::test]
async fn the_longest_span_is_no_overflow() {
    let contract = Contract::builder()
        .response_deadline(Duration::MAX)
        .retry_window(Duration::MAX)
        .build()
        .unwrap();
    let handler = Handler::open();
    let service = guard(Receiver::new(sender().with_contract(contract)), &handler);
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test]
async fn shutting_down_claims_nothing_more_and_waits_for_what_is_in_hand() {
    let (store, handler) = (Breakable::new(), Handler::held());
    let layer = layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap());
    let service = layer.layer(handler.clone());
    let caller = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.has_begun().await;
    caller.abort();
    let shutdown = layer.shutdown();
    let mut drained = pin!(shutdown.drain());
    assert!(drained.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let rejected = deliver(&service, signed("msg_2")).await;
    assert_eq!((rejected.status().as_u16(), outcome(&rejected)), (503, Outcome::ShuttingDown));
    handler.let_through(1);
    drained.await;
    assert_eq!((store.calls_of(Op::Claim), store.calls_of(Op::Commit)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_handlers_and_releases_their_events() {
    let (store, handler) = (Breakable::new(), Handler::held());
    let layer = layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap());
    let caller = tokio::spawn(layer.layer(handler.clone()).oneshot(signed("msg_1")));
    handler.has_begun().await;
    layer.shutdown().stop().await;
    assert_eq!(outcome(&caller.await.unwrap().unwrap()), Outcome::Cancelled);
    assert_eq!((handler.under_way(), store.calls_of(Op::Release)), (0, 1));
    let next = breakable(&store, &Handler::open());
    assert_eq!(outcome(&deliver(&next, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test(start_paused = true)]
async fn a_drain_does_not_wait_for_a_store_that_is_down() {
    let (store, handler) = (Breakable::new(), Handler::open());
    let layer = layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap());
    store.breaks(Op::Commit, Fault::Unavailable);
    deliver(&layer.layer(handler.clone()), signed("msg_1")).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let began = Instant::now();
    layer.shutdown().drain().await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_holds_no_place_of_the_service_behind() {
    use http_body_util::BodyExt;
    let handler = Handler::open();
    let limited = tower::limit::ConcurrencyLimitLayer::new(1).layer(handler.clone());
    let service = layer(receiver()).layer(limited);
    let stalled = signed("msg_1").map(|_| http_body_util::StreamBody::new(Never).boxed());
    let stalled = tokio::spawn(service.clone().oneshot(stalled));
    tokio::task::yield_now().await;
    let began = Instant::now();
    let answer = service.oneshot(signed("msg_2")).await.unwrap();
    assert_eq!((outcome(&answer), began.elapsed()), (Outcome::Handled, Duration::ZERO));
    stalled.abort();
}

/// A stream that never gives anything.
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
