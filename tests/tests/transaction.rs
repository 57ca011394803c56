//! A handler that writes to the store's database: its writes and the mark are one commit.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::routing::post;
use countersign::dedup::InspectStore;
use countersign::scheme::SigningRequest;
use countersign_sqlx::sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use countersign_sqlx::sqlx::{self, query, query_scalar};
use countersign_sqlx::{SqliteStore, TransactionError};
use countersign_tower::senders::Sender;
use countersign_tower::time::FixedClock;
use countersign_tower::{
    Delivery, Outcome, Receiver, Secret, StandardWebhooks, Timestamp, Webhook, WebhookLayer,
    senders,
};
use tempfile::TempDir;
use tower::ServiceExt;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The fault of the handler.
#[derive(Clone, Copy)]
enum Fault {
    None,
    /// The handler fails after its write.
    Fails,
    /// An operator forgets the event before the handler begins its transaction.
    LosesTheEvent,
    /// The handler succeeds without committing.
    ForgetsToCommit,
}

struct Service {
    store: SqliteStore,
    notes: SqlitePool,
    _dir: TempDir,
}

impl Service {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let options = SqliteConnectOptions::new().filename(&path);
        let notes = SqlitePool::connect_with(options).await.unwrap();
        query("CREATE TABLE notes (body TEXT)").execute(&notes).await.unwrap();
        Self { store, notes, _dir: dir }
    }

    /// Delivers the event once; it is the same event every time.
    async fn deliver(&self, fault: Fault) -> Response<Body> {
        let sender = || StandardWebhooks::new(Secret::new(SECRET).unwrap()).unwrap();
        let receiver = Receiver::builder(sender()).dedup(self.store.clone()).build().unwrap();
        let app = Router::new()
            .route("/", post(on_event))
            .with_state((self.store.clone(), fault))
            .route_layer(WebhookLayer::new(receiver).clock(FixedClock::new(NOW)));
        let signed = SigningRequest::new(b"{}").id("msg_1").timestamp(NOW);
        let secret = Secret::new(SECRET).unwrap();
        let mut request = Request::post("/");
        for (name, value) in signed.sign(sender().verifier().scheme(), &secret).unwrap() {
            request = request.header(name, value);
        }
        app.oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap()
    }

    /// Delivers one order under this topic.
    async fn deliver_order(&self, topic: &str) -> Response<Body> {
        let sender = senders::SHOPIFY.keys(Secret::new(SECRET).unwrap()).unwrap();
        let signed = SigningRequest::new(b"{}");
        let signed =
            signed.sign(sender.verifier().scheme(), &Secret::new(SECRET).unwrap()).unwrap();
        let receiver = Receiver::builder(sender).dedup(self.store.clone()).build().unwrap();
        let app = Router::new()
            .route("/", post(on_event))
            .with_state((self.store.clone(), Fault::None))
            .route_layer(WebhookLayer::new(receiver));
        let mut request = Request::post("/").header("x-shopify-topic", topic);
        for (name, value) in signed {
            request = request.header(name, value);
        }
        app.oneshot(request.body(Body::from("{}")).unwrap()).await.unwrap()
    }

    async fn written(&self) -> i64 {
        query_scalar("SELECT count(*) FROM notes").fetch_one(&self.notes).await.unwrap()
    }
}

async fn on_event(
    State((store, fault)): State<(SqliteStore, Fault)>,
    Webhook(delivery): Webhook<Delivery>,
) -> StatusCode {
    match handle(&store, fault, &delivery).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn handle(
    store: &SqliteStore,
    fault: Fault,
    delivery: &Delivery,
) -> Result<(), TransactionError> {
    if let Fault::LosesTheEvent = fault {
        let claim_token = delivery.claim_token().unwrap();
        assert_eq!(store.forget(claim_token.key()).await, Ok(true));
    }
    let mut transaction = store.begin(delivery).await?;
    query("INSERT INTO notes VALUES ('written')").execute(&mut *transaction).await?;
    match fault {
        Fault::Fails => Err(sqlx::Error::RowNotFound.into()),
        Fault::ForgetsToCommit => Ok(()),
        Fault::None | Fault::LosesTheEvent => transaction.commit().await,
    }
}

fn outcome(response: &Response<Body>) -> Outcome {
    *response.extensions().get::<Outcome>().unwrap()
}

#[tokio::test]
async fn what_a_handler_writes_is_applied_once() {
    let service = Service::new().await;
    assert_eq!(outcome(&service.deliver(Fault::None).await), Outcome::Handled);
    let again = service.deliver(Fault::None).await;
    assert_eq!(outcome(&again), Outcome::Duplicate { same_body: true });
    assert_eq!(service.written().await, 1);
}

#[tokio::test]
async fn two_events_with_one_body_are_each_applied_once() {
    let service = Service::new().await;
    for topic in ["orders/create", "orders/updated"] {
        let first = service.deliver_order(topic).await;
        assert_eq!(outcome(&first), Outcome::Handled, "{topic}");
    }
    for topic in ["orders/create", "orders/updated"] {
        let again = service.deliver_order(topic).await;
        assert_eq!(outcome(&again), Outcome::Duplicate { same_body: true }, "{topic}");
    }
    assert_eq!(service.written().await, 2);
}

#[tokio::test]
async fn a_handler_that_fails_has_written_nothing_and_runs_again() {
    let service = Service::new().await;
    let failed = service.deliver(Fault::Fails).await;
    assert_eq!((failed.status().as_u16(), outcome(&failed)), (503, Outcome::Failed));
    assert_eq!(service.written().await, 0);
    assert_eq!(outcome(&service.deliver(Fault::None).await), Outcome::Handled);
    assert_eq!(service.written().await, 1);
}

#[tokio::test]
async fn a_handler_that_lost_its_event_writes_nothing() {
    let service = Service::new().await;
    let lost = service.deliver(Fault::LosesTheEvent).await;
    assert_eq!((lost.status().as_u16(), outcome(&lost)), (503, Outcome::Failed));
    assert_eq!(service.written().await, 0);
    assert_eq!(outcome(&service.deliver(Fault::None).await), Outcome::Handled);
}

#[tokio::test]
async fn a_success_without_a_commit_is_handled_with_nothing_written() {
    let service = Service::new().await;
    assert_eq!(outcome(&service.deliver(Fault::ForgetsToCommit).await), Outcome::Handled);
    assert_eq!(service.written().await, 0);
    let again = service.deliver(Fault::None).await;
    assert_eq!(outcome(&again), Outcome::Duplicate { same_body: true });
}
