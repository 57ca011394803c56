//! `SenderSimulator`: which requests it sends, when, and how it treats the responses.

#![allow(clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::scheme::Scheme;
use countersign::senders::{self, SenderSpec};
use countersign::testing::{
    Report, SenderSimulator, SentKind, SignedRequest, TestKeys, WebhookRequest,
};
use countersign::time::Clock;
use countersign::{ConfigErrorKind, Custom, Receiver, Secret};
use serde_json::json;

const SEED: u64 = 11;

/// Polls `future` until it is ready.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Yields once, so that other futures run.
async fn yield_once() {
    let mut is_first = true;
    std::future::poll_fn(|_| match std::mem::take(&mut is_first) {
        true => Poll::Pending,
        false => Poll::Ready(()),
    })
    .await;
}

fn receiver(sender: SenderSpec) -> (Receiver, Secret) {
    let keys = TestKeys::new(&sender.config().scheme().unwrap(), 1).unwrap();
    (Receiver::new(sender.keys(keys.receiver()).unwrap()), keys.sender())
}

fn simulator(sender: SenderSpec, seed: u64) -> SenderSimulator {
    let (receiver, key) = receiver(sender);
    SenderSimulator::new(&receiver, key, seed)
}

fn events(count: usize) -> impl Iterator<Item = WebhookRequest> {
    (0..count).map(|n| WebhookRequest::to("/").json(&json!({ "n": n })))
}

/// Delivers `count` events to `respond`; returns the report and all requests.
fn deliver(
    sender: &SenderSimulator,
    count: usize,
    mut respond: impl FnMut(&SignedRequest) -> u16,
) -> (Report, Vec<SignedRequest>) {
    let mut requests = Vec::new();
    let report = run(sender.deliver(events(count), |request| {
        let status = respond(&request);
        requests.push(request);
        async move { status }
    }));
    (report.unwrap(), requests)
}

fn kinds(report: &Report) -> Vec<(usize, SentKind)> {
    report.sent().iter().map(|sent| (sent.event, sent.kind)).collect()
}

#[track_caller]
fn failure(check: impl FnOnce()) -> String {
    *catch_unwind(AssertUnwindSafe(check)).unwrap_err().downcast::<String>().unwrap()
}

#[test]
fn one_seed_gives_the_same_requests_and_another_gives_others() {
    let deliveries = |seed| {
        let sender =
            simulator(senders::STRIPE, seed).duplicates(30).tampered(10).lost_responses(10);
        let (report, requests) = deliver(&sender, 60, |_| 200);
        (kinds(&report), requests)
    };
    assert!(deliveries(1) == deliveries(1), "the same requests in the same order");
    assert!(deliveries(1).0 != deliveries(2).0 && deliveries(1).1 != deliveries(2).1, "others");
}

#[test]
fn percentages_are_of_all_deliveries() {
    let sender = simulator(senders::STRIPE, SEED).duplicates(30).tampered(10);
    let (report, _) = deliver(&sender, 600, |_| 200);
    assert_eq!((report.events(), report.duplicates(), report.tampered()), (600, 300, 100));
    assert_eq!(report.sent().len(), 1000);
}

#[test]
fn deliveries_are_out_of_order() {
    let (_, requests) = deliver(&simulator(senders::STRIPE, SEED), 20, |_| 200);
    let bodies: Vec<_> = requests.iter().map(|request| request.body().clone()).collect();
    let in_order: Vec<_> = (0..20).map(|n| json!({ "n": n }).to_string().into_bytes()).collect();
    assert!(bodies != in_order);
    assert_eq!(bodies.iter().collect::<HashSet<_>>().len(), 20);
}

#[test]
fn a_failed_event_is_retried_on_schedule_and_signed_again() {
    let sender = simulator(senders::STANDARD_WEBHOOKS, SEED).max_delay(Duration::ZERO);
    let mut left = [500, 503, 200].into_iter();
    let (report, requests) = deliver(&sender, 1, |_| left.next().unwrap());
    let sent = &report.sent()[0];
    let statuses: Vec<_> = sent.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [500, 503, 200]);
    assert!(sent.is_accepted);
    let [first, second, third] = [0, 1, 2].map(|n: usize| sent.attempts[n].at);
    for (delay, scheduled) in
        [(second.saturating_since(first), 5), (third.saturating_since(second), 300)]
    {
        let scheduled = Duration::from_secs(scheduled);
        assert!((scheduled..scheduled + scheduled / 10).contains(&delay), "{delay:?}");
    }
    let header = |n: usize, name| {
        requests[n].headers().iter().find(|(key, _)| key == name).unwrap().1.clone()
    };
    assert_eq!(header(0, "webhook-id"), header(2, "webhook-id"));
    assert_eq!(header(2, "webhook-timestamp"), third.as_secs().to_string());
}

#[test]
fn an_event_that_is_never_accepted_fails_the_assertion_with_the_seed() {
    let delays = [Duration::from_secs(1); 2];
    let (report, requests) = deliver(&simulator(senders::STRIPE, SEED).retries(delays), 1, |_| 500);
    assert_eq!(requests.len(), 3);
    let failure = failure(|| report.assert_responses());
    assert!(failure.contains("event 0, first delivery: 500 500 500"), "{failure}");
    assert!(failure.contains("seed 11"), "{failure}");
}

#[test]
fn an_accepted_tampered_delivery_is_named() {
    let sender = simulator(senders::STRIPE, SEED).tampered(50);
    let (report, requests) = deliver(&sender, 3, |_| 200);
    assert_eq!(requests.len(), 6);
    let failure = failure(|| report.assert_responses());
    assert!(failure.starts_with("3 with a wrong response"), "{failure}");
    assert!(failure.contains("tampered, "), "{failure}");
}

#[test]
fn a_tampered_delivery_is_not_retried() {
    let (receiver, key) = receiver(senders::STRIPE);
    let sender = SenderSimulator::new(&receiver, key, SEED).tampered(50);
    let clock = sender.clock();
    let (report, _) = deliver(&sender, 50, |request| {
        let verified = receiver.verify(request, request.body().clone(), clock.now());
        verified.map_or_else(|rejection| rejection.status(), |_| 200)
    });
    report.assert_responses();
    assert_eq!(report.requests(), 100);
}

#[test]
fn a_delivery_whose_response_is_lost_is_retried() {
    let sender = simulator(senders::STRIPE, SEED).lost_responses(50);
    let (report, requests) = deliver(&sender, 50, |_| 200);
    report.assert_responses();
    let lost =
        report.sent().iter().flat_map(|sent| &sent.attempts).filter(|attempt| attempt.is_lost);
    assert_eq!(requests.len(), 50 + lost.count());
    assert!(requests.len() > 70, "{report}");
}

#[test]
fn the_senders_contract_decides_what_is_a_success() {
    let once = |sender, status| {
        let (report, _) = deliver(&simulator(sender, SEED).retries([]), 1, |_| status);
        report.sent()[0].is_accepted
    };
    assert!(once(senders::STRIPE, 204) && once(senders::LINEAR, 200));
    assert!(!once(senders::LINEAR, 204) && !once(senders::STRIPE, 302));
}

#[test]
fn a_replay_is_an_earlier_request_byte_for_byte() {
    let sender = simulator(senders::STANDARD_WEBHOOKS, SEED).duplicates(90);
    let (report, requests) = deliver(&sender, 30, |_| 200);
    let replays = report.sent().iter().filter(|sent| sent.kind == SentKind::Replay);
    let replays = replays.filter(|sent| !sent.attempts.is_empty()).count();
    let repeated =
        requests.iter().enumerate().filter(|(at, request)| requests[..*at].contains(request));
    assert!(replays > 30 && repeated.count() >= replays, "{report}");
}

#[test]
fn time_does_not_advance_while_a_request_is_in_flight() {
    let sender = simulator(senders::STRIPE, SEED).duplicates(40);
    let clock = sender.clock();
    let (started, advanced) = (clock.now(), Cell::new(0));
    let report = run(sender.deliver(events(60), |_| async {
        let before = clock.now();
        yield_once().await;
        advanced.set(advanced.get() + usize::from(clock.now() != before));
        200
    }));
    report.unwrap().assert_responses();
    assert_eq!(advanced.get(), 0);
    assert!(clock.now() > started);
}

#[test]
fn requests_are_concurrent_up_to_the_limit() {
    let (current, largest) = (Cell::new(0), Cell::new(0));
    let sender = simulator(senders::STRIPE, SEED).concurrency(5);
    let report = run(sender.deliver(events(100), |_| async {
        current.set(current.get() + 1);
        largest.set(largest.get().max(current.get()));
        yield_once().await;
        current.set(current.get() - 1);
        200
    }));
    report.unwrap().assert_responses();
    assert_eq!((current.get(), largest.get()), (0, 5));
}

#[test]
fn an_event_that_is_handled_twice_is_named() {
    let handled = RefCell::new(vec![0; 20]);
    let sender = simulator(senders::STRIPE, SEED).duplicates(50);
    let (report, _) = deliver(&sender, 20, |request| {
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        handled.borrow_mut()[usize::try_from(body["n"].as_u64().unwrap()).unwrap()] += 1;
        200
    });
    let twice = handled.borrow().iter().position(|times| *times == 2).unwrap();
    let failure = failure(|| report.assert_handled_once(|event| handled.borrow()[event].min(2)));
    let line = format!("event {twice} was handled 2 times");
    assert!(failure.contains("not handled exactly once") && failure.contains(&line), "{failure}");
}

#[test]
fn percentages_that_leave_no_first_deliveries_are_an_error() {
    let sender = simulator(senders::STRIPE, SEED).duplicates(90).tampered(10);
    let error = run(sender.deliver(events(1), async |_| 200)).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::OutOfRange);
}

#[test]
fn tampering_without_a_detectable_kind_is_an_error() {
    let scheme = Scheme::danger_unauthenticated("acme").build().unwrap();
    let receiver = Receiver::new(Custom::danger_unauthenticated(scheme).unwrap());
    let sender = SenderSimulator::new(&receiver, Secret::new("unused").unwrap(), SEED).tampered(10);
    let error = run(sender.deliver(events(1), async |_| 200)).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme);
}
