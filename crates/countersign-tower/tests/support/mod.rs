//! What the suites share: a signed request, a handler that can be watched and held, a store that can
//! be broken, and virtual time.
#![allow(dead_code, reason = "each suite uses its own part")]

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

/// When all tests take place.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) type Body = Full<Bytes>;
pub(crate) type Answer = Response<ResponseBody<Body>>;

/// Follows tokio's clock, which a test may stop and move.
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

/// A receiver whose store follows tokio's clock.
pub(crate) fn receiver() -> Receiver {
    builder().build().unwrap()
}

pub(crate) fn builder() -> ReceiverBuilder {
    Receiver::builder(sender()).dedup(MemoryStore::with_clock(1000, TokioClock::start()).unwrap())
}

/// A rightly signed request of `at`.
pub(crate) fn signed_at(id: &str, body: &'static str, at: Timestamp) -> Request<Body> {
    let secret = Secret::new(SECRET).unwrap();
    let headers = SigningRequest::new(body.as_bytes())
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

/// What a handler does once it is let through.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Answer(u16),
    Panic,
}

/// A handler that counts its runs, and can be held at its start.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) runs: Arc<AtomicUsize>,
    under_way: Arc<AtomicUsize>,
    pub(crate) began: Arc<Semaphore>,
    gate: Arc<Semaphore>,
    acts: Arc<Mutex<Vec<Act>>>,
}

impl Handler {
    /// Answers 200 at once.
    pub(crate) fn open() -> Self {
        let handler = Self::held();
        handler.let_through(Semaphore::MAX_PERMITS);
        handler
    }

    /// Waits at its start until it is let through.
    pub(crate) fn held() -> Self {
        Self {
            runs: Arc::default(),
            under_way: Arc::default(),
            began: Arc::new(Semaphore::new(0)),
            gate: Arc::new(Semaphore::new(0)),
            acts: Arc::default(),
        }
    }

    /// Does these, one a run, and then answers 200.
    pub(crate) fn acting(self, acts: impl IntoIterator<Item = Act>) -> Self {
        *self.acts.lock().unwrap() = acts.into_iter().collect();
        self
    }

    pub(crate) fn let_through(&self, runs: usize) {
        self.gate.add_permits(runs);
    }

    /// Returns once it has begun another run.
    pub(crate) async fn has_begun(&self) {
        self.began.acquire().await.unwrap().forget();
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }

    /// How many runs have begun and not ended, nor been stopped.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }
}

/// Counts a run as ended when it is dropped.
struct HandlerOutcome(Arc<AtomicUsize>);

impl Drop for HandlerOutcome {
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
            handler.under_way.fetch_add(1, Ordering::SeqCst);
            let _ended = HandlerOutcome(handler.under_way.clone());
            handler.began.add_permits(1);
            handler.gate.acquire().await.unwrap().forget();
            let act = {
                let mut acts = handler.acts.lock().unwrap();
                if acts.is_empty() { Act::Answer(200) } else { acts.remove(0) }
            };
            match act {
                Act::Answer(status) => {
                    let mut response = Response::new(Full::from("from the handler"));
                    *response.status_mut() = StatusCode::from_u16(status).unwrap();
                    Ok(response)
                }
                Act::Panic => panic!("the handler panics, as the test wants it to"),
            }
        })
    }
}

pub(crate) type Guarded = WebhookService<Handler, Body>;

/// The handler behind the layer, at [`NOW`].
pub(crate) fn guard(receiver: Receiver, handler: &Handler) -> Guarded {
    layer(receiver).layer(handler.clone())
}

pub(crate) fn layer(receiver: Receiver) -> WebhookLayer {
    WebhookLayer::new(receiver).clock(TokioClock::start())
}

pub(crate) async fn deliver(service: &Guarded, request: Request<Body>) -> Answer {
    service.clone().oneshot(request).await.unwrap()
}

#[track_caller]
pub(crate) fn rejection(answer: &Answer) -> RejectionKind {
    let rejection = answer.extensions().get::<Rejection>().expect("a rejection");
    assert_eq!(answer.status(), rejection.status(), "{rejection}");
    rejection.kind()
}

#[track_caller]
pub(crate) fn outcome(answer: &Answer) -> Outcome {
    *answer.extensions().get::<Outcome>().expect("an outcome")
}

/// An operation of a store, to break.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Op {
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
    /// It does as asked, and the answer is lost.
    AnswerLost,
    /// It never answers.
    Hangs,
    /// It says the fencing token is stale.
    Stale,
    Panics,
}

/// A memory store that fails as told, and notes what it was asked.
#[derive(Clone)]
pub(crate) struct Breakable {
    store: MemoryStore,
    faults: Arc<Mutex<Vec<(Op, Fault)>>>,
    pub(crate) calls: Arc<Mutex<Vec<Op>>>,
}

impl Breakable {
    pub(crate) fn new() -> Self {
        Self {
            store: MemoryStore::with_clock(1000, TokioClock::start()).unwrap(),
            faults: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// Breaks every call of `op`, until [`mend`](Self::mend).
    pub(crate) fn breaks(&self, op: Op, fault: Fault) {
        self.faults.lock().unwrap().push((op, fault));
    }

    pub(crate) fn mend(&self) {
        self.faults.lock().unwrap().clear();
    }

    pub(crate) fn calls_of(&self, op: Op) -> usize {
        self.calls.lock().unwrap().iter().filter(|called| **called == op).count()
    }

    async fn run<T>(
        &self,
        op: Op,
        stale: Option<T>,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.calls.lock().unwrap().push(op);
        let fault = self.faults.lock().unwrap().iter().find(|(broken, _)| *broken == op).copied();
        match (fault.map(|(_, fault)| fault), stale) {
            (None, _) => call.await,
            (Some(Fault::Stale), Some(stale)) => Ok(stale),
            (Some(Fault::Full), _) => Err(StoreError::new(StoreErrorKind::Full, "full")),
            (Some(Fault::Hangs), _) => std::future::pending().await,
            (Some(Fault::Panics), _) => panic!("the store panics, as the test wants it to"),
            (Some(fault), _) => {
                if fault == Fault::AnswerLost {
                    call.await?;
                }
                Err(StoreError::new(StoreErrorKind::Unavailable, "down"))
            }
        }
    }
}

impl DedupStore for Breakable {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.run(Op::Claim, None, self.store.claim(key, fingerprint, lease)).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.run(
            Op::Renew,
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
            Op::Commit,
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
            Op::Release,
            Some(UpdateOutcome::StaleToken),
            self.store.release(key, fencing_token),
        )
        .await
    }
}
