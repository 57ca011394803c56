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
        |(), remaining| SPAWNED.with_borrow_mut(|spawned| spawned.push(remaining)),
    )
}

fn spawned() -> usize {
    SPAWNED.with_borrow(Vec::len)
}

#[test]
fn a_future_that_ends_with_its_response_is_not_spawned() {
    let mut future = detachable(async |responder| {
        responder.detach_on_drop(());
        responder.respond(200);
    });
    assert_eq!(poll_once(pin!(&mut future)), Poll::Ready(200));
    drop(future);
    assert_eq!(spawned(), 0);
}

#[test]
fn what_remains_after_the_response_is_spawned() {
    let mut future = detachable(async |responder| {
        responder.detach_on_drop(());
        responder.respond(200);
        pending().await
    });
    assert_eq!(poll_once(pin!(&mut future)), Poll::Ready(200));
    assert_eq!(spawned(), 1);
}

#[test]
fn a_dropped_future_is_spawned_only_once_it_is_to_be_detached() {
    for is_detached in [false, true] {
        let mut future = detachable(async move |responder| {
            if is_detached {
                responder.detach_on_drop(());
            }
            pending::<()>().await;
            responder.respond(200);
        });
        assert_eq!(poll_once(pin!(&mut future)), Poll::Pending);
        drop(future);
        assert_eq!(spawned(), usize::from(is_detached));
    }
}

#[test]
#[should_panic(expected = "ended without a response")]
fn a_future_that_ends_without_a_response_panics() {
    let mut future = detachable(async |responder| {
        std::mem::forget(responder);
    });
    let _ = poll_once(pin!(&mut future));
}

#[test]
#[should_panic(expected = "dropped without a response")]
fn a_responder_that_is_dropped_without_a_response_panics() {
    let mut future = detachable(async |responder| {
        drop(responder);
        pending().await
    });
    let _ = poll_once(pin!(&mut future));
}

#[test]
#[should_panic(expected = "after its completion")]
fn a_future_that_is_polled_after_its_completion_panics() {
    let mut future = detachable(async |responder| responder.respond(200));
    assert_eq!(poll_once(pin!(&mut future)), Poll::Ready(200));
    let _ = poll_once(pin!(&mut future));
}

#[test]
fn a_panic_whose_payload_panics_is_a_panic_of_the_handler() {
    struct Payload;

    impl Drop for Payload {
        fn drop(&mut self) {
            std::panic::panic_any(Self);
        }
    }

    let handler = poll_fn(|_| std::panic::panic_any(Payload));
    assert_eq!(drive_once(handler), (Some(Outcome::Panicked), 0));
}

#[test]
fn no_delivery_is_tracked_once_shutdown_has_begun() {
    let shutdown = Shutdown::default();
    let tracked = shutdown.track();
    let mut drain = pin!(shutdown.drain());
    assert_eq!(poll_once(drain.as_mut()), Poll::Pending);
    assert!(shutdown.track().is_none());
    drop(tracked);
    assert_eq!(poll_once(drain), Poll::Ready(()));
}
