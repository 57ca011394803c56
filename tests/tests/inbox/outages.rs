//! An inbox whose store fails, hangs, loses its replies, or is restarted.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_sqlx::PostgresStore;
use countersign_test_support::PostgresServer;
use countersign_tower::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign_tower::inbox::{
    Backlog, ClaimedMessages, EnqueueOutcome, InboxStore, InspectInbox, MemoryInbox, MessageClaim,
    MessageFilter, MessageRetention, MessageState, MessageToken, NewMessage, SettleOutcome,
    Settlement,
};
use countersign_tower::{Delivery, Inbox, Outcome, Receiver, Webhook, WebhookLayer};

use crate::support::{Running, Runs, at_once, in_state, layer, send, until};

/// How one call of a store fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// It changes nothing, and fails.
    Down,
    /// It takes effect, and its reply is lost.
    ReplyLost,
    /// It never returns.
    Hangs,
    /// It panics.
    Panics,
    /// It takes effect, and returns once the test lets it.
    Waits,
}

/// An inbox in memory whose next calls of an operation fail.
#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) inner: MemoryInbox,
    faults: Arc<Mutex<Vec<(&'static str, Fault)>>>,
    /// Noted when a call [waits](Fault::Waits), and what it waits for.
    pub(crate) waiting: Runs,
    pub(crate) go: Runs,
}

impl Faulty {
    pub(crate) fn new(faults: impl IntoIterator<Item = (&'static str, Fault)>) -> Self {
        let faults = Arc::new(Mutex::new(faults.into_iter().collect()));
        let inner = MemoryInbox::danger_new();
        Self { inner, faults, waiting: Runs::new(), go: Runs::new() }
    }

    /// Returns how many faults are left.
    pub(crate) fn left(&self) -> usize {
        self.faults.lock().unwrap().len()
    }

    async fn run<T>(
        &self,
        operation: &str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let fault = {
            let mut faults = self.faults.lock().unwrap();
            let next = faults.iter().position(|(name, _)| *name == operation);
            next.map(|index| faults.remove(index).1)
        };
        match fault {
            None => call.await,
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::Panics) => panic!("the store panics, as the test intends"),
            Some(Fault::Waits) => {
                let result = call.await;
                self.waiting.note();
                self.go.wait(1).await;
                result
            }
            Some(fault) => {
                if fault == Fault::ReplyLost {
                    call.await?;
                }
                Err(StoreError::new(StoreErrorKind::Unavailable, "down, as the test intends"))
            }
        }
    }
}

impl DedupStore for Faulty {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        self.inner.claim(key, fingerprint, lease).await
    }

    async fn renew(
        &self,
        key: &EventKey,
        token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.inner.renew(key, token, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.inner.commit(key, token, retention).await
    }

    async fn release(
        &self,
        key: &EventKey,
        token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.inner.release(key, token).await
    }
}

impl InboxStore for Faulty {
    async fn enqueue(&self, message: &NewMessage) -> Result<EnqueueOutcome, StoreError> {
        self.run("enqueue", self.inner.enqueue(message)).await
    }

    async fn claim_messages(&self, claim: &MessageClaim) -> Result<ClaimedMessages, StoreError> {
        self.run("claim", self.inner.claim_messages(claim)).await
    }

    async fn renew_messages(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>, StoreError> {
        self.run("renew", self.inner.renew_messages(tokens, lease)).await
    }

    async fn settle_messages(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>, StoreError> {
        self.run("settle", self.inner.settle_messages(settlements)).await
    }

    async fn prune_messages(&self, keep: MessageRetention, limit: u32) -> Result<u64, StoreError> {
        self.inner.prune_messages(keep, limit).await
    }

    async fn set_paused(&self, endpoint: &str, is_paused: bool) -> Result<(), StoreError> {
        self.inner.set_paused(endpoint, is_paused).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.inner.backlog().await
    }
}

fn app(store: &Faulty, runs: &Runs) -> (Inbox, Router) {
    let inbox = Inbox::new(store.clone());
    let noted = runs.clone();
    let handler = post(async move || noted.note());
    let app = Router::new().route("/", handler).route_layer(layer("outages", &inbox));
    (inbox, app)
}

/// Waits until the only message is done, in virtual time.
async fn until_done(store: &MemoryInbox) {
    while in_state(store, MessageState::Done).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_event_whose_reply_was_lost_is_stored_once() {
    let store = Faulty::new([("enqueue", Fault::ReplyLost)]);
    let (_inbox, app) = app(&store, &Runs::new());
    let unknown = send(&app, "/", "{}").await;
    assert_eq!(unknown.status(), 503);
    assert_eq!(unknown.extensions().get(), Some(&Outcome::StoreUnavailable));
    let retried = send(&app, "/", "{}").await;
    assert_eq!(retried.extensions().get(), Some(&Outcome::Duplicate { same_body: true }));
    let stored = store.inner.count_messages(&MessageFilter::default(), 10).await.unwrap();
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn a_store_that_is_down_stores_nothing_and_acknowledges_nothing() {
    let store = Faulty::new([("enqueue", Fault::Down)]);
    let (_inbox, app) = app(&store, &Runs::new());
    assert_eq!(send(&app, "/", "{}").await.status(), 503);
    let retried = send(&app, "/", "{}").await;
    assert_eq!(retried.extensions().get(), Some(&Outcome::Stored));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_a_rejection_after_its_time() {
    let store = Faulty::new([("enqueue", Fault::Hangs)]);
    let (_inbox, app) = app(&store, &Runs::new());
    assert_eq!(send(&app, "/", "{}").await.status(), 503);
}

#[tokio::test(start_paused = true)]
async fn a_worker_goes_on_when_its_store_is_back() {
    use Fault::{Down, Hangs, ReplyLost};
    for fault in [Down, Hangs, ReplyLost] {
        let store = Faulty::new([("settle", fault), ("settle", fault)]);
        let runs = Runs::new();
        let (inbox, app) = app(&store, &runs);
        send(&app, "/", "{}").await;
        let worker = Running::start(inbox.worker(app).retry(at_once(1)));
        until_done(&store.inner).await;
        worker.drain().await;
        assert_eq!(runs.left(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_is_repeated() {
    let store = Faulty::new([("claim", Fault::Down), ("claim", Fault::Hangs)]);
    let runs = Runs::new();
    let (inbox, app) = app(&store, &runs);
    send(&app, "/", "{}").await;
    let worker = Running::start(inbox.worker(app));
    runs.wait(1).await;
    worker.drain().await;
}

#[tokio::test]
async fn a_long_attempt_is_renewed_also_where_a_renewal_fails() {
    let store = Faulty::new([("renew", Fault::Down)]);
    let inbox = Inbox::new(store.clone());
    let attempts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&attempts);
    // Longer than two leases.
    let handler = async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(8500)).await;
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("long", &inbox));
    send(&app, "/", "{}").await;
    let lease = Duration::from_secs(4);
    let workers = [inbox.worker(app.clone()).lease(lease), inbox.worker(app).lease(lease)];
    let workers = workers.map(Running::start);
    until(&store.inner, MessageState::Done, 1).await;
    for worker in workers {
        worker.drain().await;
    }
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_receiver_with_another_dedup_store_is_rejected() {
    let sender = countersign_tower::senders::GITHUB.keys(crate::support::secret()).unwrap();
    let other = MemoryInbox::danger_new();
    let own = Receiver::builder(sender.clone()).dedup(other).endpoint("other").build().unwrap();
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::new(store.clone());
    let clock = countersign_tower::time::FixedClock::new(crate::support::NOW);
    let routed = |receiver| {
        let layer = WebhookLayer::new(receiver).clock(clock.clone()).inbox(inbox.clone());
        Router::new().route("/", post(async || ())).route_layer(layer)
    };
    let rejected = send(&routed(own), "/", "{}").await;
    assert_eq!(rejected.extensions().get(), Some(&Outcome::StoreUnavailable));
    let same = Receiver::builder(sender).dedup(store).endpoint("same").build().unwrap();
    let stored = send(&routed(same), "/", "{}").await;
    assert_eq!(stored.extensions().get(), Some(&Outcome::Stored));
}

#[tokio::test]
async fn what_a_database_has_acknowledged_survives_its_crash() {
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::new(server.pool(4, &[]).await);
    store.migrate().await.unwrap();
    let inbox = Inbox::new(store.clone());
    let handler = async |Webhook(delivery): Webhook<Delivery>| match delivery.attempt() {
        1 => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    };
    let app = Router::new().route("/", post(handler)).route_layer(layer("crashed", &inbox));
    for number in 0..20 {
        assert_eq!(send(&app, "/", &format!(r#"{{"n":{number}}}"#)).await.status(), 200);
    }
    let worker = Running::start(inbox.worker(app.clone()).retry(at_once(5)));
    server.crash();
    assert_eq!(send(&app, "/", r#"{"n":"down"}"#).await.status(), 503);
    server.restart();
    until(&store, MessageState::Done, 20).await;
    worker.drain().await;
    assert!(in_state(&store, MessageState::Dead).await.is_empty());
}
