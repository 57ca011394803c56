//! Stores that are lost while they are used: their servers crash, stop or are locked, and their
//! connections are cut at any byte: of Redis at each, of PostgreSQL at one in eleven. What was answered
//! holds, and the service in front says 503.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/post.rs"]
mod post;
#[path = "../../../crates/countersign-sqlx/tests/support/postgres.rs"]
#[allow(dead_code, reason = "the store's own suite needs more of it")]
mod postgres;
mod proxy;
#[path = "../../../crates/countersign-redis/tests/support/server.rs"]
#[allow(dead_code, reason = "the store's own suite needs more of it")]
mod redis_server;
mod service;
mod stopped;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::DedupStore;
use countersign::testing::store::{
    FaultInjection, OutageReport, StoreUnderTest, cut_connections_lose_no_event,
    outages_lose_no_event,
};
use countersign_redis::RedisStore;
use countersign_sqlx::{PostgresStore, SqliteStore};
use proxy::{Cut, Proxy, To, Way};
use service::Service;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, query};
use stopped::Stopped;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Between two outages: long enough to connect, and to get something done.
const CALM: Duration = Duration::from_millis(300);

/// How often all sessions are ended in one outage.
const SESSIONS_ENDED: usize = 20;

/// What a lease may be at the least for a [`Service`], and one that nothing here outlasts.
const SHORT_LEASE: Duration = Duration::from_millis(1900);
const LONG_LEASE: Duration = Duration::from_secs(60);

async fn postgres_store(url: &str) -> PostgresStore {
    let store = PostgresStore::connect(url).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// The folder of its socket.
fn folder(server: &postgres::Server) -> PathBuf {
    server.url().split_once("host=").unwrap().1.into()
}

/// A store with a lease to wait for, and how long one call may take.
struct Tried<S> {
    store: S,
    brief: Duration,
    store_timeout: Duration,
}

impl<S: DedupStore + Clone> StoreUnderTest for Tried<S> {
    type Store = S;

    async fn open(&self) -> S {
        self.store.clone()
    }

    async fn advance(&self, span: Duration) {
        sleep(span).await;
    }

    fn short_lease(&self) -> Duration {
        self.brief
    }
}

impl<S: DedupStore + Clone> FaultInjection for Tried<S> {
    async fn wait(&self, span: Duration) {
        sleep(span).await;
    }

    fn store_timeout(&self) -> Duration {
        self.store_timeout
    }
}

/// `outage` is followed by some calm.
async fn loses_nothing_in<S: DedupStore + Clone>(store: S, outage: impl AsyncFn()) {
    // The longer a call may take, the longer sqlx waits between its tries to connect.
    let (brief, store_timeout) = (Duration::from_millis(100), Duration::from_millis(500));
    let tried = Tried { store, brief, store_timeout };
    let calmed = async || {
        outage().await;
        sleep(CALM).await;
    };
    let endured = outages_lose_no_event(&tried, calmed).await;
    assert!(matches!(endured, Ok(OutageReport { events: 16.., failed: 1.., .. })), "{endured:?}");
}

/// Cuts in either direction: one connection, or every one that follows too.
async fn loses_nothing_to_cuts<S: DedupStore + Clone>(
    store: S,
    proxied: &S,
    mut proxy: Proxy,
    stride: usize,
) {
    let brief = Duration::from_millis(8);
    let tried = Tried { store, brief, store_timeout: Duration::from_secs(2) };
    let (mut cuts, mut failed) = (0, 0);
    for way in [Way::ToServer, Way::ToClient] {
        for each in [false, true] {
            proxy.cuts(Cut { way, each, stride });
            let endured = cut_connections_lose_no_event(&tried, proxied, &proxy).await;
            let endured = endured.unwrap_or_else(|broken| panic!("{way:?}, each {each}: {broken}"));
            cuts += endured.events;
            failed += endured.failed;
        }
    }
    assert!(cuts > 100 && failed > 50, "{cuts} calls cut, {failed} failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_to_connections_cut_at_any_byte() {
    let Some(server) = postgres::Server::new() else { return };
    let proxy = Proxy::to(To::Socket(folder(&server).join(".s.PGSQL.5432"))).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", proxy.port());
    let direct = postgres_store(&server.url()).await;
    let one = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    loses_nothing_to_cuts(direct, &PostgresStore::new(one), proxy, 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_loses_nothing_to_connections_cut_at_any_byte() {
    let Some(server) = redis_server::Server::start(&[]) else { return };
    let proxy = Proxy::to(To::Port(server.port())).await;
    let proxied = RedisStore::connect(&format!("redis://127.0.0.1:{}", proxy.port())).await;
    let direct = RedisStore::connect(&server.url()).await.unwrap();
    loses_nothing_to_cuts(direct, &proxied.unwrap(), proxy, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_in_crashes_under_load() {
    let Some(server) = postgres::Server::new().map(Arc::new) else { return };
    let store = postgres_store(&server.url()).await;
    loses_nothing_in(store, async || {
        let server = Arc::clone(&server);
        let crash = move || {
            server.crash();
            server.start();
        };
        spawn_blocking(crash).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_to_sessions_that_are_ended_all_the_time() {
    let Some(server) = postgres::Server::new() else { return };
    let store = postgres_store(&server.url()).await;
    let pool = PgPool::connect(&server.url()).await.unwrap();
    loses_nothing_in(store, async || {
        for _ in 0..SESSIONS_ENDED {
            let end = query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
            );
            end.execute(&pool).await.unwrap();
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_loses_nothing_in_crashes_under_load() {
    let Some(server) = redis_server::Server::durable().map(Arc::new) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    loses_nothing_in(store, async || {
        let server = Arc::clone(&server);
        let crash = move || {
            server.crash();
            server.restart();
        };
        spawn_blocking(crash).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_locked_again_and_again_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db").to_str().unwrap().to_owned();
    let store = SqliteStore::open(&path).await.unwrap();
    loses_nothing_in(store, async || {
        let held_up = locked(&path).await;
        // Longer than a call of the store is waited for.
        sleep(Duration::from_millis(700)).await;
        drop(held_up);
    })
    .await;
}

/// The service says 503 and runs no handler while the store is held up; afterwards it goes on by
/// itself.
async fn a_service_waits_for_its_store<H>(
    store: impl DedupStore + Clone,
    hold_up: impl AsyncFn() -> H,
) {
    let service = Service::start(store.clone(), SHORT_LEASE).await;
    assert_eq!(service.deliver_until_handled("before").await, "handled");
    let held_up = hold_up().await;
    for id in ["before", "during"] {
        assert_eq!(service.deliver(id).await, (503, "store_unavailable".to_owned()), "{id}");
    }
    drop(held_up);
    assert_eq!(service.deliver_until_handled("after").await, "handled");
    assert_eq!(service.deliver_until_handled("before").await, "duplicate");
    // Its claim may have been granted meanwhile, and its lease runs.
    assert_eq!(service.deliver_until_handled("during").await, "handled");
    assert_eq!(service.deliver_until_handled("during").await, "duplicate");
    for id in ["before", "during", "after"] {
        assert_eq!(service.runs(id), 1, "{id}");
    }
}

/// The sender's deadline passes while the store cannot be told that the handler succeeded: the
/// sender hears of its success all the same, and the mark is made later.
async fn a_handled_event_is_marked_later<H>(
    store: impl DedupStore + Clone,
    hold_up: impl AsyncFn() -> H,
) {
    let service = Service::start(store, LONG_LEASE).await;
    let delivering = service.clone();
    let delivery = tokio::spawn(async move { delivering.deliver("held").await });
    service.has_begun("held").await;
    let held_up = hold_up().await;
    service.let_go();
    assert_eq!(delivery.await.unwrap(), (200, "commit_pending".to_owned()));
    drop(held_up);
    assert_eq!(service.deliver_until_handled("held").await, "duplicate");
    assert_eq!(service.runs("held"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_waits_for_a_postgres_that_is_stopped() {
    let Some(server) = postgres::Server::new() else { return };
    let store = postgres_store(&server.url()).await;
    a_service_waits_for_its_store(store, async || Stopped::postgres(&folder(&server))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handled_event_is_marked_once_a_stopped_postgres_goes_on() {
    let Some(server) = postgres::Server::new() else { return };
    let store = postgres_store(&server.url()).await;
    a_handled_event_is_marked_later(store, async || Stopped::postgres(&folder(&server))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_waits_for_a_redis_that_is_stopped() {
    let Some(server) = redis_server::Server::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    a_service_waits_for_its_store(store, async || Stopped::redis(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handled_event_is_marked_once_a_stopped_redis_goes_on() {
    let Some(server) = redis_server::Server::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    a_handled_event_is_marked_later(store, async || Stopped::redis(&server)).await;
}

/// Another program's lock on the file, until it is dropped.
async fn locked(path: &str) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    query("BEGIN EXCLUSIVE").execute(&mut connection).await.unwrap();
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_waits_for_a_file_that_is_locked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db").to_str().unwrap().to_owned();
    let store = SqliteStore::open(&path).await.unwrap();
    a_service_waits_for_its_store(store, async || locked(&path).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handled_event_is_marked_once_a_locked_file_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db").to_str().unwrap().to_owned();
    let store = SqliteStore::open(&path).await.unwrap();
    a_handled_event_is_marked_later(store, async || locked(&path).await).await;
}
