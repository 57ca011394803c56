//! Outages of the stores while they are used: servers crash, are stopped or are locked, and connections
//! are cut after any number of bytes (Redis: each; PostgreSQL: one in eleven). What the store
//! acknowledged still holds afterwards, and the service responds with 503 meanwhile.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod inbox;
mod proxy;
mod service;
mod stopped;

use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::DedupStore;
use countersign::testing::store::{
    FaultInjection, OutageReport, StoreUnderTest, cut_connections_lose_no_event,
    outages_lose_no_event,
};
use countersign_redis::RedisStore;
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::{PostgresServer, RedisServer};
use proxy::{Cut, Direction, Proxy, Target};
use service::Service;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, query};
use stopped::Stopped;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// The pause between two outages: long enough to connect and to complete some calls.
const PAUSE: Duration = Duration::from_millis(300);

/// How often one outage ends all sessions.
const SESSIONS_ENDED: usize = 20;

/// The shortest lease that a [`Service`] allows, and one that no test outlasts.
const SHORT_LEASE: Duration = Duration::from_millis(1900);
const LONG_LEASE: Duration = Duration::from_secs(60);

async fn postgres_store(url: &str) -> PostgresStore {
    let store = PostgresStore::connect(url).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// A store, with the lease and the timeout that its test uses.
struct StoreWithTimes<S> {
    store: S,
    short_lease: Duration,
    store_timeout: Duration,
}

impl<S: DedupStore + Clone> StoreUnderTest for StoreWithTimes<S> {
    type Store = S;

    async fn open(&self) -> S {
        self.store.clone()
    }

    async fn advance(&self, duration: Duration) {
        sleep(duration).await;
    }

    fn short_lease(&self) -> Duration {
        self.short_lease
    }
}

impl<S: DedupStore + Clone> FaultInjection for StoreWithTimes<S> {
    async fn wait(&self, duration: Duration) {
        sleep(duration).await;
    }

    fn store_timeout(&self) -> Duration {
        self.store_timeout
    }
}

/// Asserts that outages lose nothing. Each is followed by a pause.
async fn loses_nothing_in<S: DedupStore + Clone>(store: S, outage: impl AsyncFn()) {
    // The longer the timeout, the longer sqlx waits between its attempts to connect.
    let (short_lease, store_timeout) = (Duration::from_millis(100), Duration::from_millis(500));
    let store = StoreWithTimes { store, short_lease, store_timeout };
    let outage_and_pause = async || {
        outage().await;
        sleep(PAUSE).await;
    };
    let report = outages_lose_no_event(&store, outage_and_pause).await;
    assert!(matches!(report, Ok(OutageReport { events: 16.., failed: 1.., .. })), "{report:?}");
}

/// Asserts that cuts lose nothing: in either direction, of one connection or of every later one too.
async fn loses_nothing_to_cuts<S: DedupStore + Clone>(
    store: S,
    proxied: &S,
    mut proxy: Proxy,
    stride: usize,
) {
    let short_lease = Duration::from_millis(8);
    let store = StoreWithTimes { store, short_lease, store_timeout: Duration::from_secs(2) };
    let (mut cuts, mut failed) = (0, 0);
    for direction in [Direction::ToServer, Direction::ToClient] {
        for each in [false, true] {
            proxy.set_cut(Cut { direction, each, stride });
            let report = cut_connections_lose_no_event(&store, proxied, &proxy).await;
            let report = report
                .unwrap_or_else(|violation| panic!("{direction:?}, each {each}: {violation}"));
            cuts += report.events;
            failed += report.failed;
        }
    }
    assert!(cuts > 100 && failed > 50, "{cuts} calls cut, {failed} failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_to_connections_cut_at_any_byte() {
    let Some(server) = PostgresServer::start() else { return };
    let proxy = Proxy::to(Target::Socket(server.dir().join(".s.PGSQL.5432"))).await;
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", proxy.port());
    let direct = postgres_store(&server.url()).await;
    let one = PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
    loses_nothing_to_cuts(direct, &PostgresStore::new(one), proxy, 11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_loses_nothing_to_connections_cut_at_any_byte() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let proxy = Proxy::to(Target::Port(server.port())).await;
    let proxied = RedisStore::connect(&format!("redis://127.0.0.1:{}", proxy.port())).await;
    let direct = RedisStore::connect(&server.url()).await.unwrap();
    loses_nothing_to_cuts(direct, &proxied.unwrap(), proxy, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_in_crashes_under_load() {
    let Some(server) = PostgresServer::start().map(Arc::new) else { return };
    let store = postgres_store(&server.url()).await;
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
async fn postgres_loses_nothing_when_sessions_are_terminated_continually() {
    let Some(server) = PostgresServer::start() else { return };
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
    let Some(server) = RedisServer::durable().map(Arc::new) else { return };
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
async fn a_file_that_is_locked_repeatedly_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db").to_str().unwrap().to_owned();
    let store = SqliteStore::open(&path).await.unwrap();
    loses_nothing_in(store, async || {
        let lock = lock(&path).await;
        // Longer than the timeout of a call.
        sleep(Duration::from_millis(700)).await;
        drop(lock);
    })
    .await;
}

/// Asserts that the service responds with 503 and runs no handler while the store is blocked, and that
/// it then recovers without help.
async fn a_service_waits_for_its_store<H>(
    store: impl DedupStore + Clone,
    block: impl AsyncFn() -> H,
) {
    let service = Service::start(store.clone(), SHORT_LEASE).await;
    assert_eq!(service.deliver_until_handled("before").await, "handled");
    let blocked = block().await;
    for id in ["before", "during"] {
        assert_eq!(service.deliver(id).await, (503, "store_unavailable".to_owned()), "{id}");
    }
    drop(blocked);
    assert_eq!(service.deliver_until_handled("after").await, "handled");
    assert_eq!(service.deliver_until_handled("before").await, "duplicate");
    // Its claim may have been granted in the meantime, and then has to expire.
    assert_eq!(service.deliver_until_handled("during").await, "handled");
    assert_eq!(service.deliver_until_handled("during").await, "duplicate");
    for id in ["before", "during", "after"] {
        assert_eq!(service.runs(id), 1, "{id}");
    }
}

/// Asserts that a commit which the store does not respond to is repeated later. At its deadline the
/// sender still gets the handler's success.
async fn a_handled_event_is_marked_later<H>(
    store: impl DedupStore + Clone,
    block: impl AsyncFn() -> H,
) {
    let service = Service::start(store, LONG_LEASE).await;
    let delivering = service.clone();
    let delivery = tokio::spawn(async move { delivering.deliver("held").await });
    service.wait_until_running("held").await;
    let blocked = block().await;
    service.release_handler();
    assert_eq!(delivery.await.unwrap(), (200, "commit_pending".to_owned()));
    drop(blocked);
    assert_eq!(service.deliver_until_handled("held").await, "duplicate");
    assert_eq!(service.runs("held"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_waits_for_a_postgres_that_is_stopped() {
    let Some(server) = PostgresServer::start() else { return };
    let store = postgres_store(&server.url()).await;
    a_service_waits_for_its_store(store, async || Stopped::postgres(server.dir())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handled_event_is_marked_once_a_stopped_postgres_continues() {
    let Some(server) = PostgresServer::start() else { return };
    let store = postgres_store(&server.url()).await;
    a_handled_event_is_marked_later(store, async || Stopped::postgres(server.dir())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_waits_for_a_redis_that_is_stopped() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    a_service_waits_for_its_store(store, async || Stopped::redis(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handled_event_is_marked_once_a_stopped_redis_continues() {
    let Some(server) = RedisServer::start(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    a_handled_event_is_marked_later(store, async || Stopped::redis(&server)).await;
}

/// Locks the file as another program would, until the connection is dropped.
async fn lock(path: &str) -> SqliteConnection {
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
    a_service_waits_for_its_store(store, async || lock(&path).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handled_event_is_marked_once_a_locked_file_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.db").to_str().unwrap().to_owned();
    let store = SqliteStore::open(&path).await.unwrap();
    a_handled_event_is_marked_later(store, async || lock(&path).await).await;
}
