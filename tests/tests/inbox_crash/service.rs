//! A service with an inbox, in a process of its own.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::routing::post;
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::{SplitMix64, report};
use countersign_tower::inbox::{
    ClaimedMessage, EndpointClaim, InboxStore, MessageClaim, RetryPolicy, Settled, Settlement,
};
use countersign_tower::{Delivery, Inbox, Receiver, RunWorker, Shutdown, Webhook, WebhookLayer};
use sqlx::{PgPool, SqlitePool, query};
use tokio::net::TcpListener;

use crate::config::{Config, Fault, Mode, StoreLocation};

const ENDPOINT: &str = "crash";
const LEASE: Duration = Duration::from_secs(1);

/// Where the handlers of all services note what they do. A line is written in one piece, and survives the
/// process.
#[derive(Clone)]
struct Journal(Arc<std::fs::File>);

impl Journal {
    fn open(path: &Path) -> Self {
        Self(Arc::new(OpenOptions::new().append(true).create(true).open(path).unwrap()))
    }

    fn note(&self, line: &str) {
        (&*self.0).write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// What every handler of a service uses.
#[derive(Clone)]
struct Work {
    config: Arc<Config>,
    journal: Journal,
    random: Arc<SplitMix64>,
}

impl Work {
    fn begin(&self, delivery: &Delivery) -> String {
        let id = delivery.signed_id().unwrap().into_owned();
        self.journal.note(&format!("begin {id} {}", delivery.is_takeover()));
        id
    }

    /// Takes a few milliseconds, in which the process may be killed.
    async fn take_time(&self) {
        tokio::time::sleep(self.random.millis(0..6)).await;
    }

    fn end(&self, id: &str) {
        self.journal.note(&format!("end {id}"));
    }
}

fn receiver() -> Receiver {
    let builder = Receiver::builder(countersign_test_support::webhook::sender());
    builder.endpoint(ENDPOINT).build().unwrap()
}

pub(crate) async fn serve(config: Config) {
    let work = Work {
        journal: Journal::open(&config.journal),
        random: Arc::new(SplitMix64::new(u64::from(std::process::id()))),
        config: Arc::new(config.clone()),
    };
    // The two databases differ in the types of their pools and transactions.
    macro_rules! serve_with {
        ($store:expr, $pool:expr, $insert:expr) => {{
            let (store, pool) = ($store, $pool);
            let (own, own_work) = (store.clone(), work.clone());
            let handler = async move |Webhook(delivery): Webhook<Delivery>| {
                let id = own_work.begin(&delivery);
                let insert = query($insert).bind(id.clone());
                match (own_work.config.mode, own_work.config.fault) {
                    (Mode::Lease, _) => own_work.take_time().await,
                    (Mode::Transaction, Fault::WritesOutside) => {
                        insert.execute(&pool).await.unwrap();
                        own_work.take_time().await;
                    }
                    (Mode::Transaction, _) => {
                        let Ok(mut transaction) = own.begin(&delivery).await else {
                            return StatusCode::SERVICE_UNAVAILABLE;
                        };
                        insert.execute(&mut *transaction).await.unwrap();
                        own_work.take_time().await;
                        transaction.commit().await.unwrap();
                    }
                }
                own_work.end(&id);
                StatusCode::OK
            };
            run(&work, store, Router::new().route("/", post(handler))).await;
        }};
    }
    match &config.store {
        StoreLocation::Sqlite(path) => {
            let store = SqliteStore::open(path).await.unwrap();
            let pool = SqlitePool::connect(&format!("sqlite:{path}")).await.unwrap();
            serve_with!(store, pool, "INSERT INTO applied (id) VALUES (?)");
        }
        StoreLocation::Postgres(url) => {
            let store = PostgresStore::connect(url).await.unwrap();
            let pool = PgPool::connect(url).await.unwrap();
            serve_with!(store, pool, "INSERT INTO applied (id) VALUES ($1)");
        }
    }
}

async fn run(work: &Work, store: impl InboxStore + Clone, route: Router) {
    let inbox = Inbox::new(store);
    let mut app = route.route_layer(WebhookLayer::new(receiver()).inbox(inbox.clone()));
    let policy = RetryPolicy::exponential(Duration::ZERO, Duration::ZERO).max_attempts(1000);
    if work.config.fault == Fault::SettlesFirst {
        tokio::spawn(settle_first(inbox, work.clone()));
    } else {
        let worker = inbox.worker(app.clone()).concurrency(8).lease(LEASE).retry(policy);
        tokio::spawn(worker.run(Shutdown::default()));
    }
    if work.config.fault == Fault::RespondsEarly {
        app = app.layer(from_fn(async |request: Request, next: Next| {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                next.run(request).await
            });
            StatusCode::OK
        }));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    report(listener.local_addr().unwrap().port().into());
    axum::serve(listener, app).await.unwrap();
}

/// A worker by hand that settles each message before it handles it.
async fn settle_first(inbox: Inbox, work: Work) {
    let receiver = receiver();
    let endpoints = vec![EndpointClaim::new(ENDPOINT, 8, 1000)];
    let claim = MessageClaim::new(endpoints, 8, LEASE, "by hand".into());
    loop {
        let claimed = inbox.claim_batch(&claim).await.unwrap().messages;
        let done = |message: &ClaimedMessage| Settlement::new(message.token, Settled::Done);
        let settlements: Vec<_> = claimed.iter().map(done).collect();
        inbox.settle(&settlements).await.unwrap();
        for message in &claimed {
            let delivery = receiver.redeliver(message).unwrap();
            work.take_time().await;
            let id = work.begin(&delivery);
            work.end(&id);
        }
        tokio::task::yield_now().await;
    }
}
