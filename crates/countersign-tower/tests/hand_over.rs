//! What a delivery's future hands over when it is starved, dropped or stopped.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot continue fails")]
#![cfg(feature = "testing")]

mod support;

use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use countersign::MemoryStore;
use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, UpdateOutcome,
};
use countersign_tower::Outcome;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use support::{
    Body, FaultyStore, Handler, Operation, TokioClock, builder, deliver, guard, layer, outcome,
    receiver, signed,
};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, consume_budget, yield_now};
use tokio::time::advance;
use tower::{Layer, Service, ServiceExt, service_fn};

/// A store whose claims take 1.5 s.
struct Slow(MemoryStore);

impl Slow {
    fn new() -> Self {
        Self(MemoryStore::with_clock(10, TokioClock::start()).unwrap())
    }
}

impl DedupStore for Slow {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        self.0.claim(key, fingerprint, lease).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.renew(key, token, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.commit(key, token, retention).await
    }

    async fn release(
        &self,
        key: &EventKey,
        token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.release(key, token).await
    }
}

/// Delivers `msg_1` to a handler that is always ready to go on, so that it uses up its task's budget.
fn deliver_to_busy(
    receiver: countersign_tower::Receiver,
) -> JoinHandle<Result<Response<countersign_tower::ResponseBody<Body>>, Infallible>> {
    let busy = service_fn(async |_: Request<Body>| -> Result<Response<Body>, Infallible> {
        loop {
            consume_budget().await;
        }
    });
    tokio::spawn(layer(receiver).layer(busy).oneshot(signed("msg_1")))
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_uses_up_its_budget_has_a_response_deadline() {
    let response = deliver_to_busy(receiver());
    yield_now().await;
    advance(Duration::from_secs(20)).await;
    let response = response.await.unwrap().unwrap();
    assert_eq!(outcome(&response), Outcome::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn the_lease_of_a_handler_that_uses_up_its_budget_is_renewed() {
    let store = FaultyStore::new();
    let receiver = builder().dedup(store.clone()).lease(Duration::from_secs(60)).build().unwrap();
    let response = deliver_to_busy(receiver);
    yield_now().await;
    advance(Duration::from_secs(25)).await;
    response.await.unwrap().unwrap();
    while store.calls_of(Operation::Renew) == 0 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_uses_up_its_budget_is_cancelled_at_its_timeout() {
    let store = FaultyStore::new();
    let timeout = Duration::from_secs(1);
    let receiver = builder().dedup(store.clone()).handler_timeout(timeout).build().unwrap();
    let response = deliver_to_busy(receiver);
    yield_now().await;
    advance(timeout).await;
    assert_eq!(outcome(&response.await.unwrap().unwrap()), Outcome::Cancelled);
    assert_eq!(store.calls_of(Operation::Release), 1);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_handler_counts_from_its_start() {
    let receiver =
        builder().dedup(Slow::new()).handler_timeout(Duration::from_secs(1)).build().unwrap();
    let handler = service_fn(async |_: Request<Body>| {
        tokio::time::sleep(Duration::from_millis(900)).await;
        Ok::<_, Infallible>(Response::new(Body::default()))
    });
    let response = layer(receiver).layer(handler).oneshot(signed("msg_1")).await.unwrap();
    assert_eq!(outcome(&response), Outcome::Handled);
}

#[test]
fn a_delivery_that_is_dropped_outside_of_its_runtime_goes_on_in_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let handler = Handler::paused();
    let service = guard(receiver(), &handler);
    let mut response = Box::pin(service.clone().oneshot(signed("msg_1")));
    runtime.block_on(async {
        poll_fn(|cx| Poll::Ready(response.as_mut().poll(cx).is_pending())).await;
        handler.started().await;
    });
    drop(response);
    handler.resume(1);
    runtime.block_on(async {
        while handler.running() > 0 {
            yield_now().await;
        }
        // The claim is committed in the same task.
        while outcome(&deliver(&service, signed("msg_1")).await)
            != (Outcome::Duplicate { same_body: true })
        {
            yield_now().await;
        }
    });
    assert_eq!(handler.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_is_stopped_during_its_claim_starts_no_handler() {
    let handler = Handler::responding();
    let layer = layer(builder().dedup(Slow::new()).build().unwrap());
    let shutdown = layer.shutdown();
    let response = tokio::spawn(layer.layer(handler.clone()).oneshot(signed("msg_1")));
    yield_now().await;
    shutdown.stop().await;
    assert_eq!(outcome(&response.await.unwrap().unwrap()), Outcome::Cancelled);
    assert_eq!(handler.runs(), 0);
}

/// A body that notes when it is dropped.
struct Noted(Full<Bytes>, Arc<Semaphore>);

impl http_body::Body for Noted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.1.add_permits(1);
    }
}

#[tokio::test]
async fn the_body_of_a_request_is_dropped_before_its_handler_runs() {
    let dropped = Arc::new(Semaphore::new(0));
    let handler = service_fn(async |_: Request<Body>| {
        pending::<()>().await;
        Ok::<_, Infallible>(Response::new(Body::default()))
    });
    let mut service = layer(receiver()).layer(handler);
    let request = signed("msg_1").map(|body| Noted(body, dropped.clone()));
    let mut response = pin!(service.call(request));
    assert!(response.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(dropped.available_permits(), 1);
}
