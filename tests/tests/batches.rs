//! The events of a batch are handled one by one, with each store, and in a handler's own transaction.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use axum::routing::post;
use countersign::dedup::{ClaimOutcome, DedupStore};
use countersign::scheme::SigningRequest;
use countersign_redis::RedisStore;
use countersign_sqlx::sqlx::{PgPool, SqlitePool, query, query_scalar};
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::{PostgresServer, RedisServer};
use countersign_tower::senders::Sender;
use countersign_tower::time::FixedClock;
use countersign_tower::{
    Delivery, Item, ItemsResponse, MemoryStore, Outcome, Receiver, Secret, Timestamp, Webhook,
    WebhookLayer, WebhookRejection, senders,
};
use tokio::sync::Semaphore;
use tower::ServiceExt;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

fn secret() -> Secret {
    Secret::new("the app secret of Meta's dashboard").unwrap()
}

/// A body of Meta with one entry for each of `pages`.
fn batch(pages: &[&str]) -> String {
    let entry = |page: &&str| {
        format!(r#"{{"id":"{page}","time":1,"changes":[{{"field":"feed","value":"{page}"}}]}}"#)
    };
    let entries: Vec<_> = pages.iter().map(entry).collect();
    format!(r#"{{"object":"page","entry":[{}]}}"#, entries.join(","))
}

fn page(item: &Item) -> String {
    item.event::<serde_json::Value>().unwrap()["value"].as_str().unwrap().to_owned()
}

/// Delivers a batch to a route.
async fn deliver(app: Router, layer: WebhookLayer, pages: &[&str]) -> Response<Body> {
    let body = batch(pages);
    let scheme = senders::META.config().scheme().unwrap();
    let mut request = Request::post("/");
    for (name, value) in SigningRequest::new(body.as_bytes()).sign(&scheme, &secret()).unwrap() {
        request = request.header(name, value);
    }
    app.route_layer(layer).oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
}

fn layer(store: impl DedupStore) -> WebhookLayer {
    let sender = senders::META.keys(secret()).unwrap();
    assert_eq!(sender.verifier().scheme().sender(), "meta");
    // Each delivery has a receiver of its own, like those of several processes.
    let receiver = Receiver::builder(sender).endpoint("updates").dedup(store).build().unwrap();
    WebhookLayer::new(receiver).clock(FixedClock::new(NOW))
}

fn seen(response: &Response<Body>) -> (u16, Outcome) {
    (response.status().as_u16(), *response.extensions().get::<Outcome>().unwrap())
}

/// The handler of [`Service`]: records each item, and fails for those in `fails`.
#[derive(Clone, Default)]
struct Handler {
    ran: Arc<Mutex<Vec<String>>>,
    fails: Arc<Mutex<BTreeSet<String>>>,
}

async fn on_batch(
    State(handler): State<Handler>,
    Webhook(delivery): Webhook<Delivery>,
) -> ItemsResponse {
    let handled = delivery.for_each_item(async |item| {
        let page = page(&item);
        handler.ran.lock().unwrap().push(page.clone());
        if handler.fails.lock().unwrap().contains(&page) { Err("it fails".into()) } else { Ok(()) }
    });
    handled.await.into()
}

/// A service that shares `store` between deliveries.
struct Service<S> {
    store: S,
    handler: Handler,
}

impl<S: DedupStore + Clone> Service<S> {
    fn new(store: S) -> Self {
        Self { store, handler: Handler::default() }
    }

    async fn deliver(&self, pages: &[&str]) -> (u16, Outcome) {
        let app = Router::new().route("/", post(on_batch)).with_state(self.handler.clone());
        seen(&deliver(app, layer(self.store.clone()), pages).await)
    }

    fn ran(&self) -> Vec<String> {
        std::mem::take(&mut self.handler.ran.lock().unwrap())
    }

    /// The event of a batch comes again beside another, and a failed one alone is handled again.
    async fn handles_each_event_once(&self) {
        assert_eq!(self.deliver(&["A"]).await, (200, Outcome::Handled));
        assert_eq!(self.ran(), ["A"]);
        self.handler.fails.lock().unwrap().insert("B".to_owned());
        assert_eq!(self.deliver(&["A", "B", "C"]).await, (503, Outcome::Failed));
        assert_eq!(self.ran(), ["B", "C"]);
        self.handler.fails.lock().unwrap().clear();
        assert_eq!(self.deliver(&["A", "B", "C"]).await, (200, Outcome::Handled));
        assert_eq!(self.ran(), ["B"]);
        let duplicate = Outcome::Duplicate { same_body: true };
        assert_eq!(self.deliver(&["A", "B", "C"]).await, (200, duplicate));
        assert_eq!(self.ran(), [""; 0]);
    }
}

/// An item of two concurrent batches runs in one of them.
async fn one_of_two_batches_runs_an_item(store: impl DedupStore + Clone) {
    #[derive(Clone)]
    struct Gate {
        ran: Arc<AtomicUsize>,
        open: Arc<Semaphore>,
        begun: Arc<Semaphore>,
    }
    async fn on_batch(
        State(gate): State<Gate>,
        Webhook(delivery): Webhook<Delivery>,
    ) -> Result<StatusCode, WebhookRejection> {
        let handled = delivery.for_each_item(async |item| {
            if page(&item) == "A" {
                gate.ran.fetch_add(1, Ordering::SeqCst);
                gate.begun.add_permits(1);
                gate.open.acquire().await?.forget();
            }
            Ok(())
        });
        handled.await?;
        Ok(StatusCode::OK)
    }
    let gate = Gate {
        ran: Arc::default(),
        open: Arc::new(Semaphore::new(0)),
        begun: Arc::new(Semaphore::new(0)),
    };
    let app = || Router::new().route("/", post(on_batch)).with_state(gate.clone());
    let first = tokio::spawn(deliver(app(), layer(store.clone()), &["A"]));
    gate.begun.acquire().await.unwrap().forget();
    let second = deliver(app(), layer(store.clone()), &["B", "A"]).await;
    assert_eq!(seen(&second), (503, Outcome::Failed));
    let retry_after = second.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap();
    assert!((1..=60).contains(&retry_after), "the remaining lease: {retry_after}");
    gate.open.add_permits(1);
    assert_eq!(seen(&first.await.unwrap()), (200, Outcome::Handled));
    let again = deliver(app(), layer(store), &["B", "A"]).await;
    assert_eq!(seen(&again), (200, Outcome::Handled));
    assert_eq!(gate.ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn with_the_memory_store() {
    Service::new(MemoryStore::default()).handles_each_event_once().await;
    one_of_two_batches_runs_an_item(MemoryStore::default()).await;
}

#[tokio::test]
async fn with_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let open = async |name: &str| SqliteStore::open(dir.path().join(name)).await.unwrap();
    Service::new(open("one.db").await).handles_each_event_once().await;
    one_of_two_batches_runs_an_item(open("two.db").await).await;
}

#[tokio::test]
async fn with_postgres() {
    let Some(server) = PostgresServer::shared() else { return };
    let open = async |table: &str| {
        let pool = PgPool::connect(&server.url()).await.unwrap();
        let store = PostgresStore::new(pool).table(table).unwrap();
        store.migrate().await.unwrap();
        store
    };
    Service::new(open("one").await).handles_each_event_once().await;
    one_of_two_batches_runs_an_item(open("two").await).await;
}

#[tokio::test]
async fn with_redis() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    Service::new(store).handles_each_event_once().await;
    let Some(server) = RedisServer::start(&[]) else { return };
    one_of_two_batches_runs_an_item(RedisStore::connect(&server.url()).await.unwrap()).await;
}

/// What the handler of a transaction does after its write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum After {
    Commits,
    /// It fails before the commit.
    Fails,
    /// It fails after the commit.
    CommitsAndFails,
}

/// A handler that writes each item in a transaction of `$Store`, and a service with it.
macro_rules! transaction_mode {
    ($test:ident, $Store:ident, $insert:literal, $open:expr) => {
        #[tokio::test]
        async fn $test() {
            async fn on_batch(
                State((store, after)): State<($Store, After)>,
                Webhook(delivery): Webhook<Delivery>,
            ) -> Result<StatusCode, WebhookRejection> {
                let handled = delivery.for_each_item(async |item| {
                    let mut transaction = store.begin(&item).await?;
                    query($insert).bind(page(&item)).execute(&mut *transaction).await?;
                    let is_last = page(&item) == "B";
                    if after == After::Fails && is_last {
                        return Err("it fails before the commit".into());
                    }
                    transaction.commit().await?;
                    // The item is marked as handled by the commit itself.
                    let token = item.claim_token().unwrap();
                    let again = store.claim(token.key(), 0, std::time::Duration::ZERO).await?;
                    assert!(matches!(again, ClaimOutcome::Duplicate { .. }), "{again:?}");
                    if after == After::CommitsAndFails && is_last {
                        return Err("it fails after the commit".into());
                    }
                    Ok(())
                });
                handled.await?;
                Ok(StatusCode::OK)
            }
            let Some((_server, store, pool)) = $open.await else { return };
            let send = async |after, pages: &[&str]| {
                let app = Router::new().route("/", post(on_batch));
                let app = app.with_state((store.clone(), after));
                seen(&deliver(app, layer(store.clone()), pages).await)
            };
            let written = async || {
                query_scalar::<_, String>("SELECT page FROM notes ORDER BY page")
                    .fetch_all(&pool)
                    .await
                    .unwrap()
            };
            assert_eq!(send(After::Fails, &["A", "B"]).await, (503, Outcome::Failed));
            assert_eq!(written().await, ["A"]);
            assert_eq!(send(After::CommitsAndFails, &["A", "B"]).await, (503, Outcome::Failed));
            assert_eq!(written().await, ["A", "B"]);
            assert_eq!(send(After::Commits, &["A", "B", "C"]).await, (200, Outcome::Handled));
            assert_eq!(written().await, ["A", "B", "C"]);
            let duplicate = Outcome::Duplicate { same_body: true };
            assert_eq!(send(After::Commits, &["A", "B", "C"]).await, (200, duplicate));
        }
    };
}

transaction_mode!(
    in_a_transaction_of_sqlite,
    SqliteStore,
    "INSERT INTO notes VALUES (?1)",
    async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let pool = SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        query("CREATE TABLE notes (page TEXT)").execute(&pool).await.unwrap();
        Some((dir, store, pool))
    }
);

transaction_mode!(
    in_a_transaction_of_postgres,
    PostgresStore,
    "INSERT INTO notes VALUES ($1)",
    async {
        let server = PostgresServer::shared()?;
        let pool = PgPool::connect(&server.url()).await.unwrap();
        query("CREATE TABLE notes (page TEXT)").execute(&pool).await.unwrap();
        let store = PostgresStore::new(pool.clone()).table("in_transaction").unwrap();
        store.migrate().await.unwrap();
        Some((server, store, pool))
    }
);
