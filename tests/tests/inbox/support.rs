//! An application with an inbox, and the requests of its sender.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use countersign_tower::inbox::{
    InspectInbox, MessageFilter, MessageId, MessageRecord, MessageState, RetryPolicy,
};
use countersign_tower::scheme::SigningRequest;
use countersign_tower::time::FixedClock;
use countersign_tower::{
    Inbox, Receiver, RunWorker, Secret, Shutdown, Timestamp, WebhookLayer, senders,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tower::ServiceExt;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

/// A policy whose pauses do not slow the tests down.
pub(crate) fn at_once(attempts: u32) -> RetryPolicy {
    RetryPolicy::exponential(Duration::ZERO, Duration::ZERO).max_attempts(attempts)
}

pub(crate) fn secret() -> Secret {
    Secret::new("a secret of GitHub's settings").unwrap()
}

pub(crate) fn receiver(endpoint: &str) -> Receiver {
    let github = senders::GITHUB.keys(secret()).unwrap();
    Receiver::builder(github).endpoint(endpoint).build().unwrap()
}

pub(crate) fn layer(endpoint: &str, inbox: &Inbox) -> WebhookLayer {
    let clock = FixedClock::new(NOW);
    WebhookLayer::new(receiver(endpoint)).clock(clock).inbox(inbox.clone())
}

/// Sends a signed event to a path of the application.
pub(crate) async fn send(app: &Router, path: &str, body: &str) -> Response<Body> {
    let scheme = senders::GITHUB.config().scheme().unwrap();
    let mut request = Request::post(path).header("x-github-event", "push");
    for (name, value) in SigningRequest::new(body.as_bytes()).sign(&scheme, &secret()).unwrap() {
        request = request.header(name, value);
    }
    app.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap()
}

/// A worker that runs until it is drained.
pub(crate) struct Running {
    pub(crate) shutdown: Shutdown,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(worker: impl RunWorker) -> Self
    where
        Self: Sized,
    {
        let shutdown = Shutdown::default();
        Self { task: spawn(worker, shutdown.clone()), shutdown }
    }

    pub(crate) async fn drain(self) {
        self.shutdown.drain().await;
        self.task.await.unwrap();
    }

    pub(crate) async fn stop(self) {
        self.shutdown.stop().await;
        self.task.await.unwrap();
    }

    /// Ends the worker as the end of its process does: nothing is settled.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

fn spawn(worker: impl RunWorker, shutdown: Shutdown) -> JoinHandle<()> {
    let run = worker.run(shutdown);
    tokio::spawn(run)
}

/// What a handler notes: each run, for the test to wait for.
#[derive(Clone)]
pub(crate) struct Runs(Arc<Semaphore>);

impl Runs {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub(crate) fn note(&self) {
        self.0.add_permits(1);
    }

    pub(crate) async fn wait(&self, count: u32) {
        self.0.acquire_many(count).await.unwrap().forget();
    }

    pub(crate) fn left(&self) -> usize {
        self.0.available_permits()
    }
}

/// Returns the messages in a state.
pub(crate) async fn in_state(store: &impl InspectInbox, state: MessageState) -> Vec<MessageRecord> {
    let mut filter = MessageFilter::default();
    filter.state = Some(state);
    store.messages(&filter, None, 1000).await.unwrap()
}

/// Waits until as many messages are in a state.
pub(crate) async fn until(store: &impl InspectInbox, state: MessageState, count: usize) {
    let found = async {
        while in_state(store, state).await.len() != count {
            tokio::task::yield_now().await;
        }
    };
    if tokio::time::timeout(PATIENCE, found).await.is_err() {
        panic!("{state:?} never held {count} messages: {:?}", in_state(store, state).await);
    }
}

pub(crate) async fn outcomes(store: &impl InspectInbox, id: MessageId) -> Vec<String> {
    let attempts = store.attempts(id).await.unwrap();
    attempts.iter().map(|attempt| attempt.outcome.to_string()).collect()
}
