//! A delivery from its claim to its response, polled by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::adapter::{Detachable, Responder, Timer, drive};
use countersign::omniai::OmniAi;
use countersign::{Outcome, Receiver, Secret, Shutdown, Timestamp};

/// A timer that counts how often it is started, and never ends.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Timer for Counting {
    type Instant = Duration;
    type Sleep = std::future::Pending<()>;

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep_until(&self, _: Duration) -> Self::Sleep {
        self.0.fetch_add(1, Ordering::Relaxed);
        pending()
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a delivery with this handler once, and returns its outcome and the number of timers.
fn drive_once<H: Future<Output = u16>>(handler: H) -> (Option<Outcome>, usize) {
    let secret = Secret::new("a secret of at least 24 bytes").unwrap();
    let receiver = Receiver::new(OmniAi::new("x-secret", secret).unwrap());
    let headers = [("x-secret", "a secret of at least 24 bytes")];
    let body = r#"{"event":"lead.created","data":{"leadId":"1"}}"#;
    let delivery = receiver.verify(&headers, body, Timestamp::from_secs(1_700_000_000)).unwrap();
    let (timer, in_flight) = (Counting::default(), Shutdown::default().track().unwrap());
    let mut outcome = None;
    {
        let respond = |sent, _| outcome = Some(sent);
        let is_success = |status: &u16| *status == 200;
        let driven =
            drive(&receiver, delivery, &timer, &in_flight, |_| handler, is_success, respond);
        let _ = poll_once(pin!(driven));
    }
    (outcome, timer.0.load(Ordering::Relaxed))
}

#[test]
fn a_handler_that_never_waits_starts_no_timer() {
    assert_eq!(drive_once(ready(200)), (Some(Outcome::Handled), 0));
    assert_eq!(drive_once(ready(500)), (Some(Outcome::Failed), 0));
}

#[test]
fn a_handler_that_waits_starts_the_timers_of_its_lease_and_its_deadline() {
    assert_eq!(drive_once(pending()), (None, 2));
}

#[test]
fn a_handler_that_panics_is_reported_as_such() {
    let handler = poll_fn(|_| panic!("the handler's own"));
    assert_eq!(drive_once(handler), (Some(Outcome::Panicked), 0));
}

type Remaining = dyn Future<Output = ()>;

thread_local! {
    static SPAWNED: RefCell<Vec<Pin<Box<Remaining>>>> = const { RefCell::new(Vec::new()) };
}

fn detachable<F: Future<Output = ()> + 'static>(
    start: impl FnOnce(Responder<u16>) -> F,
) -> Detachable<Remaining, u16> {
    Detachable::new(
        |responder| -> Pin<Box<Remaining>> { Box::pin(start(responder)) },
        |remaining| SPAWNED.with_borrow_mut(|spawned| spawned.push(remaining)),
    )
}

fn spawned() -> usize {
    SPAWNED.with_borrow(Vec::len)
}

#[test]
fn a_future_that_ends_with_its_response_is_not_spawned() {
    let mut future = detachable(async |responder| {
        responder.must_end();
        responder.respond(200);
    });
    assert_eq!(poll_once(pin!(&mut future)), Poll::Ready(200));
    drop(future);
    assert_eq!(spawned(), 0);
}

#[test]
fn what_remains_after_the_response_is_spawned() {
    let mut future = detachable(async |responder| {
        responder.respond(200);
        pending().await
    });
    assert_eq!(poll_once(pin!(&mut future)), Poll::Ready(200));
    assert_eq!(spawned(), 1);
}

#[test]
fn a_dropped_future_is_spawned_only_if_it_must_end() {
    for must_end in [false, true] {
        let mut future = detachable(async move |responder| {
            if must_end {
                responder.must_end();
            }
            pending::<()>().await;
            responder.respond(200);
        });
        assert_eq!(poll_once(pin!(&mut future)), Poll::Pending);
        drop(future);
        assert_eq!(spawned(), usize::from(must_end));
    }
}
