//! Outcomes of a verified delivery: its claim, its handler, its commit or release, and its response.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]

mod support;

use std::time::Duration;

use countersign::{Outcome, Receiver};
use support::{
    Action, Fault, FaultyStore, Guarded, Handler, NOW, Operation, builder, deliver, guard, layer,
    outcome, receiver, sender, signed, signed_at,
};
use tower::{Layer, ServiceExt};

fn guard_store(store: &FaultyStore, handler: &Handler) -> Guarded {
    guard(Receiver::builder(sender()).dedup(store.clone()).build().unwrap(), handler)
}

#[tokio::test]
async fn a_handled_event_is_acknowledged_and_not_run_again() {
    let handler = Handler::responding();
    let service = guard(receiver(), &handler);
    let first = deliver(&service, signed("msg_1")).await;
    assert_eq!((first.status().as_u16(), outcome(&first)), (200, Outcome::Handled));
    let again = deliver(&service, signed("msg_1")).await;
    assert_eq!(again.status(), 200);
    assert_eq!(outcome(&again), Outcome::Duplicate { same_body: true });
    assert_eq!(handler.runs(), 1);
}

#[tokio::test]
async fn another_body_under_a_handled_id_is_acknowledged_and_reported() {
    let handler = Handler::responding();
    let service = guard(receiver(), &handler);
    deliver(&service, signed("msg_1")).await;
    let other = deliver(&service, signed_at("msg_1", r#"{"attempt":2}"#, NOW)).await;
    assert_eq!(other.status(), 200);
    assert_eq!(outcome(&other), Outcome::Duplicate { same_body: false });
    assert_eq!(handler.runs(), 1);
}

#[tokio::test]
async fn an_event_in_progress_is_not_acknowledged() {
    let handler = Handler::paused();
    let service = guard(receiver(), &handler);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.started().await;
    let second = deliver(&service, signed("msg_1")).await;
    assert_eq!(second.status(), 503);
    assert!(matches!(outcome(&second), Outcome::InProgress { .. }));
    let wait: u64 = second.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    handler.resume(1);
    assert_eq!(outcome(&first.await.unwrap().unwrap()), Outcome::Handled);
    assert_eq!(handler.runs(), 1);
}

#[tokio::test]
async fn a_failed_handler_is_not_a_handled_event() {
    for status in [304, 400, 404, 410, 422, 500, 503] {
        let handler = Handler::responding().with_actions([Action::Respond(status)]);
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
    let handler = Handler::responding().with_actions([Action::Panic]);
    let service = guard(receiver(), &handler);
    let first = deliver(&service, signed("msg_1")).await;
    assert_eq!((first.status().as_u16(), outcome(&first)), (500, Outcome::Panicked));
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test]
async fn a_failing_service_releases_its_claim_and_keeps_its_error() {
    let store = FaultyStore::new();
    let failing = tower::service_fn(|_: http::Request<support::Body>| async {
        Err::<http::Response<support::Body>, _>("the service's own error")
    });
    let service =
        layer(Receiver::builder(sender()).dedup(store.clone()).build().unwrap()).layer(failing);
    let error = service.oneshot(signed("msg_1")).await.unwrap_err();
    assert_eq!(error, "the service's own error");
    assert_eq!(store.calls_of(Operation::Release), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_at_claim_is_503_and_the_handler_does_not_run() {
    for (fault, expected) in [
        (Fault::Unavailable, Outcome::StoreUnavailable),
        (Fault::ResultLost, Outcome::StoreUnavailable),
        (Fault::Hangs, Outcome::StoreUnavailable),
        (Fault::Full, Outcome::StoreFull),
    ] {
        let (store, handler) = (FaultyStore::new(), Handler::responding());
        store.fail(Operation::Claim, fault);
        let response = deliver(&guard_store(&store, &handler), signed("msg_1")).await;
        assert_eq!((response.status().as_u16(), outcome(&response)), (503, expected), "{fault:?}");
        assert!(response.headers().contains_key("retry-after"));
        assert_eq!(handler.runs(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_result_was_lost_is_handled_once_its_lease_has_expired() {
    let (store, handler) = (FaultyStore::new(), Handler::responding());
    let service = guard_store(&store, &handler);
    store.fail(Operation::Claim, Fault::ResultLost);
    deliver(&service, signed("msg_1")).await;
    store.recover();
    let rejected_early = deliver(&service, signed("msg_1")).await;
    let Outcome::InProgress { retry_after } = outcome(&rejected_early) else {
        panic!("{rejected_early:?}")
    };
    tokio::time::advance(retry_after).await;
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
}

#[tokio::test]
async fn a_handler_whose_event_was_taken_over_is_reported() {
    let (store, handler) = (FaultyStore::new(), Handler::responding());
    store.fail(Operation::Commit, Fault::StaleToken);
    let response = deliver(&guard_store(&store, &handler), signed("msg_1")).await;
    assert_eq!((response.status().as_u16(), outcome(&response)), (200, Outcome::LeaseLost));
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_renewed_while_the_handler_runs() {
    let (store, handler) = (FaultyStore::new(), Handler::paused());
    let service = guard_store(&store, &handler);
    let first = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.started().await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert!(store.calls_of(Operation::Renew) > 10);
    let retry = deliver(&service, signed("msg_1")).await;
    assert!(matches!(outcome(&retry), Outcome::InProgress { .. }), "{retry:?}");
    assert_eq!(outcome(&first.await.unwrap().unwrap()), Outcome::DeadlineExceeded);
    assert_eq!(handler.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handler_past_the_deadline_continues_and_the_retry_finds_it_handled() {
    let handler = Handler::paused();
    let service = guard(receiver(), &handler);
    let late = deliver(&service, signed("msg_1")).await;
    assert_eq!((late.status().as_u16(), outcome(&late)), (503, Outcome::DeadlineExceeded));
    assert!(late.headers().contains_key("retry-after"));
    handler.resume(1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let retry = deliver(&service, signed("msg_1")).await;
    assert_eq!(outcome(&retry), Outcome::Duplicate { same_body: true });
    assert_eq!(handler.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handler_past_its_timeout_is_cancelled_and_its_event_runs_again() {
    let handler = Handler::paused();
    let limit = Duration::from_secs(5);
    let service = guard(builder().handler_timeout(limit).build().unwrap(), &handler);
    let first = deliver(&service, signed("msg_1")).await;
    assert_eq!((first.status().as_u16(), outcome(&first)), (503, Outcome::Cancelled));
    handler.resume(1);
    assert_eq!(outcome(&deliver(&service, signed("msg_1")).await), Outcome::Handled);
    assert_eq!(handler.runs(), 2);
}

#[tokio::test]
async fn a_client_that_disconnects_does_not_cancel_the_handler() {
    let handler = Handler::paused();
    let service = guard(receiver(), &handler);
    let caller = tokio::spawn(service.clone().oneshot(signed("msg_1")));
    handler.started().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    handler.resume(1);
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
    let handler = Handler::responding();
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
        let handler = Handler::responding();
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
