//! Shared by the suites: signed requests, a handler that a test pauses, a store with injected faults,
//! and virtual time.
#![allow(dead_code, reason = "each suite uses a part of it")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign::scheme::SigningRequest;
use countersign::senders::Sender;
use countersign::time::Clock;
use countersign::{
    MemoryStore, Receiver, ReceiverBuilder, Rejection, RejectionKind, Secret, StandardWebhooks,
    Timestamp,
};
use countersign_tower::{Outcome, ResponseBody, WebhookLayer, WebhookService};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

/// The time of every test.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) type Body = Full<Bytes>;
pub(crate) type LayerResponse = Response<ResponseBody<Body>>;

/// A clock that follows tokio's, which a test may pause and advance.
#[derive(Clone)]
pub(crate) struct TokioClock(Instant);

impl TokioClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        NOW.saturating_add(self.0.elapsed())
    }
}

pub(crate) fn sender() -> StandardWebhooks {
    StandardWebhooks::new(Secret::new(SECRET).unwrap()).unwrap()
}

/// Returns a receiver whose store follows tokio's clock.
pub(crate) fn receiver() -> Receiver {
    builder().build().unwrap()
}

pub(crate) fn builder() -> ReceiverBuilder {
    Receiver::builder(sender()).dedup(MemoryStore::with_clock(1000, TokioClock::start()).unwrap())
}

/// Returns a correctly signed request with the timestamp `at`.
pub(crate) fn signed_at(id: &str, body: &'static str, at: Timestamp) -> Request<Body> {
    sign(id, Bytes::from_static(body.as_bytes()), at)
}

/// Returns a correctly signed request with this body.
pub(crate) fn signed_body(id: &str, body: String) -> Request<Body> {
    sign(id, body.into(), NOW)
}

fn sign(id: &str, body: Bytes, at: Timestamp) -> Request<Body> {
    let secret = Secret::new(SECRET).unwrap();
    let headers = SigningRequest::new(&body)
        .id(id)
        .timestamp(at)
        .sign(sender().verifier().scheme(), &secret)
        .unwrap();
    let mut request = Request::post("/hook");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Full::from(body)).unwrap()
}

pub(crate) fn signed(id: &str) -> Request<Body> {
    signed_at(id, r#"{"type":"ping"}"#, NOW)
}

/// What a handler does once it is resumed.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    Respond(u16),
    Panic,
}

/// A handler that counts its runs, and that a test can pause at its start.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) runs: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
    /// Has a permit for each run that has started.
    pub(crate) starts: Arc<Semaphore>,
    gate: Arc<Semaphore>,
    actions: Arc<Mutex<Vec<Action>>>,
}

impl Handler {
    /// Returns a handler that responds with 200 at once.
    pub(crate) fn responding() -> Self {
        let handler = Self::paused();
        handler.resume(Semaphore::MAX_PERMITS);
        handler
    }

    /// Returns a handler that waits at the start of each run until it is resumed.
    pub(crate) fn paused() -> Self {
        Self {
            runs: Arc::default(),
            running: Arc::default(),
            starts: Arc::new(Semaphore::new(0)),
            gate: Arc::new(Semaphore::new(0)),
            actions: Arc::default(),
        }
    }

    /// Performs one of `actions` in each run, and responds with 200 after the last.
    pub(crate) fn with_actions(self, actions: impl IntoIterator<Item = Action>) -> Self {
        *self.actions.lock().unwrap() = actions.into_iter().collect();
        self
    }

    pub(crate) fn resume(&self, runs: usize) {
        self.gate.add_permits(runs);
    }

    /// Returns once another run has started.
    pub(crate) async fn started(&self) {
        self.starts.acquire().await.unwrap().forget();
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// Returns the number of runs that have started and neither ended nor been cancelled.
    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }
}

/// Counts a run until it is dropped.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Service<Request<Body>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let handler = self.clone();
        Box::pin(async move {
            tracing::info!("the handler runs");
            handler.runs.fetch_add(1, Ordering::SeqCst);
            handler.running.fetch_add(1, Ordering::SeqCst);
            let _running = Running(handler.running.clone());
            handler.starts.add_permits(1);
            handler.gate.acquire().await.unwrap().forget();
            let action = {
                let mut actions = handler.actions.lock().unwrap();
                if actions.is_empty() { Action::Respond(200) } else { actions.remove(0) }
            };
            match action {
                Action::Respond(status) => {
                    let mut response = Response::new(Full::from("from the handler"));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok(response)
                }
                Action::Panic => panic!("the handler panics, as the test intends"),
            }
        })
    }
}

pub(crate) type Guarded = WebhookService<Handler, Body>;

/// Returns the handler behind the layer, at [`NOW`].
pub(crate) fn guard(receiver: Receiver, handler: &Handler) -> Guarded {
    layer(receiver).layer(handler.clone())
}

pub(crate) fn layer(receiver: Receiver) -> WebhookLayer {
    WebhookLayer::new(receiver).clock(TokioClock::start())
}

pub(crate) async fn deliver(service: &Guarded, request: Request<Body>) -> LayerResponse {
    service.clone().oneshot(request).await.unwrap()
}

#[track_caller]
pub(crate) fn rejection(response: &LayerResponse) -> RejectionKind {
    let rejection = response.extensions().get::<Rejection>().expect("a rejection");
    assert_eq!(response.status(), rejection.status(), "{rejection}");
    rejection.kind()
}

#[track_caller]
pub(crate) fn outcome(response: &LayerResponse) -> Outcome {
    *response.extensions().get::<Outcome>().expect("an outcome")
}

/// An operation of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    Claim,
    Renew,
    Commit,
    Release,
}

/// How a store fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Unavailable,
    Full,
    /// The operation takes effect, and its result is lost.
    ResultLost,
    /// The operation never completes.
    Hangs,
    /// The store reports that the fencing token is stale.
    StaleToken,
    Panics,
}

/// A memory store with injected faults, which records its calls.
#[derive(Clone)]
pub(crate) struct FaultyStore {
    store: MemoryStore,
    faults: Arc<Mutex<Vec<(Operation, Fault)>>>,
    pub(crate) calls: Arc<Mutex<Vec<Operation>>>,
}

impl FaultyStore {
    pub(crate) fn new() -> Self {
        Self {
            store: MemoryStore::with_clock(1000, TokioClock::start()).unwrap(),
            faults: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// Injects `fault` into every call of `operation`, until [`recover`](Self::recover).
    pub(crate) fn fail(&self, operation: Operation, fault: Fault) {
        self.faults.lock().unwrap().push((operation, fault));
    }

    pub(crate) fn recover(&self) {
        self.faults.lock().unwrap().clear();
    }

    pub(crate) fn calls_of(&self, operation: Operation) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| **called == operation).count()
    }

    async fn run<T>(
        &self,
        operation: Operation,
        stale: Option<T>,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.calls.lock().unwrap().push(operation);
        let fault =
            self.faults.lock().unwrap().iter().find(|(broken, _)| *broken == operation).copied();
        match (fault.map(|(_, fault)| fault), stale) {
            (None, _) => call.await,
            (Some(Fault::StaleToken), Some(stale)) => Ok(stale),
            (Some(Fault::Full), _) => Err(StoreError::new(StoreErrorKind::Full, "full")),
            (Some(Fault::Hangs), _) => std::future::pending().await,
            (Some(Fault::Panics), _) => panic!("the store panics, as the test intends"),
            (Some(fault), _) => {
                if fault == Fault::ResultLost {
                    call.await?;
                }
                Err(StoreError::new(StoreErrorKind::Unavailable, "down"))
            }
        }
    }
}

impl DedupStore for FaultyStore {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.run(Operation::Claim, None, self.store.claim(key, fingerprint, lease)).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.run(
            Operation::Renew,
            Some(UpdateOutcome::StaleToken),
            self.store.renew(key, fencing_token, lease),
        )
        .await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.run(
            Operation::Commit,
            Some(UpdateOutcome::StaleToken),
            self.store.commit(key, fencing_token, retention),
        )
        .await
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.run(
            Operation::Release,
            Some(UpdateOutcome::StaleToken),
            self.store.release(key, fencing_token),
        )
        .await
    }
}
