//! What becomes of a verified delivery: claim, handler, settle, answer.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::time::Duration;

use countersign::{Outcome, Receiver};
use support::{
    Act, Breakable, Fault, Guarded, Handler, NOW, Op, builder, deliver, guard, layer, outcome,
    receiver, sender, signed, signed_at,
};
use tower::{Layer, ServiceExt};

fn breakable(store: &Breakable, handler: &Handler) -> Guarded {
    guard(Receiver::builder(sender()).dedup(store.clone()).build().unwrap(), handler)
}

#[tokio::test]
async fn a_finished_event_is_acknowledged_and_not_run_again() {
    let handler = Handler::open();
    let service = guard(receiver(), &handler);
    let first = deliver(&service, signed("msg_1")).await;
    assert_eq!((first.status().as_u16(), outcome(&first)), (200, Outcome::Handled));
    let again = deliver(&service, signed("msg_1")).await;
    assert_eq!(again.status(), 200);
    assert_eq!(outcome(&again), Outcome::Duplicate { same_body: true });
    assert_eq!(handler.runs(), 1);
}

#[tokio::test]
async fn another_body_under_a_finished_id_is_acknowledged_and_reported() {
    let handler = Handler::open();
    let service = guard(receiver(), &handler);
    deliver(&service, signed("msg_1")).await;
    let other = deliver(&service, signed_at("msg_1", r#"{"attempt":2}"#, NOW)).await;
    assert_eq!(other.status(), 200);
    assert_eq!(outcome(&other), Outcome::Duplicate { same_body: false });
    assert_eq!(handler.runs(), 1);
}

#[tokio::test]
async fn an_event_in_progress_is_not_acknowledged() {
    let handler = Handler::held();
    let service = guard(receiver(), &handler);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.has_begun().await;
    let second = deliver(&service, signed("msg_1")).await;
    assert_eq!(second.status(), 503);
    assert!(matches!(outcome(&second), Outcome::InProgress { .. }));
    let wait: u64 = second.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    handler.let_through(1);
    assert_eq!(outcome(&first.await.unwrap().unwrap()), Outcome::Handled);
    assert_eq!(handler.runs(), 1);
}

#[tokio::test]
async fn a_failed_handler_is_not_a_handled_event() {
    for status in [304, 400, 404, 410, 422, 500, 503] {
        let handler = Handler::open().acting([Act::Answer(status)]);
        let service = guard(receiver(), &handler);
        let first = deliver(&service, signed("msg_1")).await;
        assert_eq!((first.status().as_u16(), outcome(&first)), (status, Outcome::Failed));
        let retry = deliver(&service, signed("msg_1")).await;
        assert_eq!((retry.status().as_u16(), outcome(&retry)), (200, Outcome::Handled));
        assert_eq!(handler.runs(), 2);
    }
}

#[tokio::test]
async fn a_panicking_handler_is_500_and_its_event_runs_again() {
    let handler = Handler::open().acting([Act::Panic]);
    let service = guard(receiver(), &handler);
    let first = deliver(&service, signed("msg_1")).await;
    assert_eq!((first.status().as_u16(), outcome(&first)), (500, Outcome::Panicked));
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test]
async fn a_failing_service_releases_its_claim_and_keeps_its_error() {
    let store = Breakable::new();
    let failing = tower::service_fn(|_: http::Request<support::Body>| async {
        Err::<http::Response<support::Body>, _>("the service's own error")
    });
    let service =
        layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap()).layer(failing);
    let error = service.oneshot(signed("msg_1")).await.unwrap_err();
    assert_eq!(error, "the service's own error");
    assert_eq!(store.calls_of(Op::Release), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_at_claim_is_503_and_the_handler_does_not_run() {
    for (fault, expected) in [
        (Fault::Unavailable, Outcome::StoreUnavailable),
        (Fault::AnswerLost, Outcome::StoreUnavailable),
        (Fault::Hangs, Outcome::StoreUnavailable),
        (Fault::Full, Outcome::StoreFull),
    ] {
        let (store, handler) = (Breakable::new(), Handler::open());
        store.breaks(Op::Claim, fault);
        let answer = deliver(&breakable(&store, &handler), signed("msg_1")).await;
        assert_eq!((answer.status().as_u16(), outcome(&answer)), (503, expected), "{fault:?}");
        assert!(answer.headers().contains_key("retry-after"));
        assert_eq!(handler.runs(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_was_lost_is_handled_once_its_lease_has_run_out() {
    let (store, handler) = (Breakable::new(), Handler::open());
    let service = breakable(&store, &handler);
    store.breaks(Op::Claim, Fault::AnswerLost);
    deliver(&service, signed("msg_1")).await;
    store.mend();
    let early = deliver(&service, signed("msg_1")).await;
    let Outcome::InProgress { retry_after } = outcome(&early) else { panic!("{early:?}") };
    tokio::time::advance(retry_after).await;
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test]
async fn a_handler_that_was_taken_over_is_reported() {
    let (store, handler) = (Breakable::new(), Handler::open());
    store.breaks(Op::Commit, Fault::Stale);
    let answer = deliver(&breakable(&store, &handler), signed("msg_1")).await;
    assert_eq!((answer.status().as_u16(), outcome(&answer)), (200, Outcome::LeaseLost));
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_the_handler_runs() {
    let (store, handler) = (Breakable::new(), Handler::held());
    let service = breakable(&store, &handler);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.has_begun().await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert!(store.calls_of(Op::Renew) > 10);
    let retry = deliver(&service, signed("msg_1")).await;
    assert!(matches!(outcome(&retry), Outcome::InProgress { .. }), "{retry:?}");
    assert_eq!(outcome(&first.await.unwrap().unwrap()), Outcome::DeadlineExceeded);
    assert_eq!(handler.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handler_past_the_deadline_runs_on_and_the_retry_finds_it_done() {
    let handler = Handler::held();
    let service = guard(receiver(), &handler);
    let late = deliver(&service, signed("msg_1")).await;
    assert_eq!((late.status().as_u16(), outcome(&late)), (503, Outcome::DeadlineExceeded));
    assert!(late.headers().contains_key("retry-after"));
    handler.let_through(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let retry = deliver(&service, signed("msg_1")).await;
    assert_eq!(outcome(&retry), Outcome::Duplicate { same_body: true });
    assert_eq!(handler.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handler_past_its_limit_is_stopped_and_its_event_runs_again() {
    let handler = Handler::held();
    let limit = Duration::from_secs(5);
    let service = guard(builder().handler_timeout(limit).build().unwrap(), &handler);
    let first = deliver(&service, signed("msg_1")).await;
    assert_eq!((first.status().as_u16(), outcome(&first)), (503, Outcome::Cancelled));
    handler.let_through(1);
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
    assert_eq!(handler.runs(), 2);
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_stop_the_handler() {
    let handler = Handler::held();
    let service = guard(receiver(), &handler);
    let caller = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.has_begun().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    handler.let_through(1);
    loop {
        let retry = deliver(&service, signed("msg_1")).await;
        match outcome(&retry) {
            Outcome::InProgress { .. } => tokio::task::yield_now().await,
            found => break assert_eq!(found, Outcome::Duplicate { same_body: true }),
        }
    }
    assert_eq!(handler.runs(), 1);
}

#[tokio::test]
async fn without_dedup_every_delivery_runs() {
    let handler = Handler::open();
    let service =
        guard(Receiver::builder(sender()).danger_without_dedup().build().unwrap(), &handler);
    for _ in 0..3 {
        assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
    }
    assert_eq!(handler.runs(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn sixty_four_deliveries_of_one_event_run_the_handler_once() {
    for round in 0..50 {
        let handler = Handler::open();
        let service = guard(receiver(), &handler);
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(64));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (service, start) = (service.clone(), start.clone());
            tasks.spawn(async move {
                start.wait().await;
                outcome(&deliver(&service, signed("msg_1")).await)
            });
        }
        let outcomes = tasks.join_all().await;
        let handled = outcomes.iter().filter(|outcome| **outcome == Outcome::Handled).count();
        assert_eq!((handled, handler.runs()), (1, 1), "round {round}: {outcomes:?}");
        for found in outcomes {
            assert!(
                matches!(
                    found,
                    Outcome::Handled
                        | Outcome::InProgress { .. }
                        | Outcome::Duplicate { same_body: true }
                ),
                "{found:?}"
            );
        }
    }
}
