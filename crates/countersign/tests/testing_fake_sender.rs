//! The fake sender: what it delivers, when, and what it makes of the answers.

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

/// Runs what is ready whenever it is polled.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Gives way once, so that others run.
async fn give_way() {
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

fn fake(sender: SenderSpec, seed: u64) -> SenderSimulator {
    let (receiver, key) = receiver(sender);
    SenderSimulator::new(&receiver, key, seed)
}

fn events(count: usize) -> impl Iterator<Item = WebhookRequest> {
    (0..count).map(|n| WebhookRequest::to("/").json(&json!({ "n": n })))
}

/// What is delivered to someone who answers by what came, and what was made of it.
fn deliver(
    sender: &SenderSimulator,
    count: usize,
    mut answer: impl FnMut(&SignedRequest) -> u16,
) -> (Report, Vec<SignedRequest>) {
    let mut requests = Vec::new();
    let report = run(sender.deliver(events(count), |request| {
        let status = answer(&request);
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
fn one_seed_delivers_the_same_and_another_something_else() {
    let storm = |seed| {
        let sender = fake(senders::STRIPE, seed).duplicates(30).corrupt(10).lost_answers(10);
        let (report, requests) = deliver(&sender, 60, |_| 200);
        (kinds(&report), requests)
    };
    assert!(storm(1) == storm(1), "the same requests in the same order");
    assert!(storm(1).0 != storm(2).0 && storm(1).1 != storm(2).1, "others");
}

#[test]
fn shares_are_of_all_deliveries() {
    let sender = fake(senders::STRIPE, SEED).duplicates(30).corrupt(10);
    let (report, _) = deliver(&sender, 600, |_| 200);
    assert_eq!((report.events(), report.duplicates(), report.corrupt()), (600, 300, 100));
    assert_eq!(report.sent().len(), 1000);
}

#[test]
fn deliveries_come_out_of_order() {
    let (_, requests) = deliver(&fake(senders::STRIPE, SEED), 20, |_| 200);
    let bodies: Vec<_> = requests.iter().map(|request| request.body().clone()).collect();
    let in_order: Vec<_> = (0..20).map(|n| json!({ "n": n }).to_string().into_bytes()).collect();
    assert!(bodies != in_order);
    assert_eq!(bodies.iter().collect::<HashSet<_>>().len(), 20);
}

#[test]
fn a_rejected_event_comes_again_by_the_schedule_signed_anew() {
    let sender = fake(senders::STANDARD_WEBHOOKS, SEED).delay(Duration::ZERO);
    let mut left = [500, 503, 200].into_iter();
    let (report, requests) = deliver(&sender, 1, |_| left.next().unwrap());
    let sent = &report.sent()[0];
    let statuses: Vec<_> = sent.attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [500, 503, 200]);
    assert!(sent.is_accepted);
    let [first, second, third] = [0, 1, 2].map(|n: usize| sent.attempts[n].at);
    for (wait, usual) in
        [(second.saturating_since(first), 5), (third.saturating_since(second), 300)]
    {
        let usual = Duration::from_secs(usual);
        assert!((usual..usual + usual / 10).contains(&wait), "{wait:?}");
    }
    let header = |n: usize, name| {
        requests[n].headers().iter().find(|(key, _)| key == name).unwrap().1.clone()
    };
    assert_eq!(header(0, "webhook-id"), header(2, "webhook-id"));
    assert_eq!(header(2, "webhook-timestamp"), third.as_secs().to_string());
}

#[test]
fn an_event_that_is_never_accepted_is_given_up_and_the_failure_has_the_seed() {
    let waits = [Duration::from_secs(1); 2];
    let (report, requests) = deliver(&fake(senders::STRIPE, SEED).retries(waits), 1, |_| 500);
    assert_eq!(requests.len(), 3);
    let failure = failure(|| report.assert_answers());
    assert!(failure.contains("event 0, first delivery: 500 500 500"), "{failure}");
    assert!(failure.contains("seed 11"), "{failure}");
}

#[test]
fn a_spoilt_delivery_that_is_taken_is_named() {
    let sender = fake(senders::STRIPE, SEED).corrupt(50);
    let (report, requests) = deliver(&sender, 3, |_| 200);
    assert_eq!(requests.len(), 6);
    let failure = failure(|| report.assert_answers());
    assert!(failure.starts_with("3 wrongly answered"), "{failure}");
    assert!(failure.contains("corrupt, "), "{failure}");
}

#[test]
fn a_spoilt_delivery_is_not_retried() {
    let (receiver, key) = receiver(senders::STRIPE);
    let sender = SenderSimulator::new(&receiver, key, SEED).corrupt(50);
    let clock = sender.clock();
    let (report, _) = deliver(&sender, 50, |request| {
        let verified = receiver.verify(request, request.body().clone(), clock.now());
        verified.map_or_else(|rejection| rejection.status(), |_| 200)
    });
    report.assert_answers();
    assert_eq!(report.requests(), 100);
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again() {
    let sender = fake(senders::STRIPE, SEED).lost_answers(50);
    let (report, requests) = deliver(&sender, 50, |_| 200);
    report.assert_answers();
    let lost =
        report.sent().iter().flat_map(|sent| &sent.attempts).filter(|attempt| attempt.is_lost);
    assert_eq!(requests.len(), 50 + lost.count());
    assert!(requests.len() > 70, "{report}");
}

#[test]
fn success_is_what_the_senders_contract_says() {
    let once = |sender, status| {
        let (report, _) = deliver(&fake(sender, SEED).retries([]), 1, |_| status);
        report.sent()[0].is_accepted
    };
    assert!(once(senders::STRIPE, 204) && once(senders::LINEAR, 200));
    assert!(!once(senders::LINEAR, 204) && !once(senders::STRIPE, 302));
}

#[test]
fn a_replay_is_an_earlier_request_byte_for_byte() {
    let sender = fake(senders::STANDARD_WEBHOOKS, SEED).duplicates(90);
    let (report, requests) = deliver(&sender, 30, |_| 200);
    let replays = report.sent().iter().filter(|sent| sent.kind == SentKind::Replay);
    let replays = replays.filter(|sent| !sent.attempts.is_empty()).count();
    let repeated =
        requests.iter().enumerate().filter(|(at, request)| requests[..*at].contains(request));
    assert!(replays > 30 && repeated.count() >= replays, "{report}");
}

#[test]
fn time_stands_still_while_a_request_is_under_way() {
    let sender = fake(senders::STRIPE, SEED).duplicates(40);
    let clock = sender.clock();
    let (begun, moved) = (clock.now(), Cell::new(0));
    let report = run(sender.deliver(events(60), |_| async {
        let before = clock.now();
        give_way().await;
        moved.set(moved.get() + usize::from(clock.now() != before));
        200
    }));
    report.unwrap().assert_answers();
    assert_eq!(moved.get(), 0);
    assert!(clock.now() > begun);
}

#[test]
fn several_requests_are_under_way_at_once_and_no_more_than_asked_for() {
    let (now, most) = (Cell::new(0), Cell::new(0));
    let sender = fake(senders::STRIPE, SEED).concurrency(5);
    let report = run(sender.deliver(events(100), |_| async {
        now.set(now.get() + 1);
        most.set(most.get().max(now.get()));
        give_way().await;
        now.set(now.get() - 1);
        200
    }));
    report.unwrap().assert_answers();
    assert_eq!((now.get(), most.get()), (0, 5));
}

#[test]
fn an_event_that_is_handled_twice_is_named() {
    let handled = RefCell::new(vec![0; 20]);
    let sender = fake(senders::STRIPE, SEED).duplicates(50);
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
fn shares_that_leave_no_place_are_an_error() {
    let sender = fake(senders::STRIPE, SEED).duplicates(90).corrupt(10);
    let error = run(sender.deliver(events(1), async |_| 200)).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::OutOfRange);
}

#[test]
fn a_scheme_that_shows_no_damage_cannot_be_sent_any() {
    let scheme = Scheme::danger_unauthenticated("acme").build().unwrap();
    let receiver = Receiver::new(Custom::danger_unauthenticated(scheme).unwrap());
    let sender = SenderSimulator::new(&receiver, Secret::new("unused").unwrap(), SEED).corrupt(10);
    let error = run(sender.deliver(events(1), async |_| 200)).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme);
}
