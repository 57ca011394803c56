//! The contract of an inbox's store, in both databases.

#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::dedup::StoreErrorKind;
use countersign::dedup::{EventKey, Identity};
use countersign::inbox::{InboxStore, InspectInbox, MessageFilter, NewMessage};
use countersign::testing::inbox::{InboxUnderTest, check};
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;
use tempfile::TempDir;

static NUMBERS: AtomicUsize = AtomicUsize::new(0);

/// A new file in this directory for each store.
struct Files(TempDir);

impl InboxUnderTest for Files {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        let name = format!("{}.db", NUMBERS.fetch_add(1, Ordering::Relaxed));
        SqliteStore::open(self.0.path().join(name)).await.unwrap()
    }

    /// The store's time is the machine's.
    async fn advance(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// New tables on this server for each store.
struct Tables(Arc<PostgresServer>);

impl InboxUnderTest for Tables {
    type Store = PostgresStore;

    async fn open(&self) -> PostgresStore {
        let name = format!("suite_{}", NUMBERS.fetch_add(1, Ordering::Relaxed));
        let store = PostgresStore::new(self.0.pool(4, &[]).await).table(&name).unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// The store's time is the server's.
    async fn advance(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[tokio::test]
async fn an_inbox_in_sqlite_keeps_the_contract() {
    check(&Files(tempfile::tempdir().unwrap())).await.unwrap();
}

#[tokio::test]
async fn an_inbox_in_postgres_keeps_the_contract() {
    let Some(server) = PostgresServer::shared() else { return };
    check(&Tables(server)).await.unwrap();
}

/// What a program says of tables that a later version has made.
const LATER: &str =
    "the inbox tables are of version 2, this program supports version 1: upgrade the program";

#[tokio::test]
async fn a_file_of_a_later_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("inbox.db");
    drop(SqliteStore::open(&path).await.unwrap());
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("UPDATE countersign_inbox_meta SET schema = 2").execute(&pool).await.unwrap();
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (StoreErrorKind::Unavailable, LATER));
}

#[tokio::test]
async fn tables_of_a_later_version_and_missing_ones_are_refused() {
    let Some(server) = PostgresServer::shared() else { return };
    let pool = server.pool(2, &[]).await;
    let store = |name| PostgresStore::new(pool.clone()).table(name).unwrap();
    let missing = store("inbox_missing").backlog().await.unwrap_err();
    assert!(missing.to_string().contains("apply `sql/postgres/2-inbox.sql`"), "{missing}");
    store("inbox_later").migrate().await.unwrap();
    let later = "UPDATE inbox_later_inbox_meta SET schema = 2";
    sqlx::query(later).execute(&pool).await.unwrap();
    let error = store("inbox_later").backlog().await.unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (StoreErrorKind::Unavailable, LATER));
}

/// An operator's command opens the file so, and only reads.
#[tokio::test]
async fn a_file_of_a_later_version_is_refused_by_reads_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("inbox.db");
    drop(SqliteStore::open(&path).await.unwrap());
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::query("UPDATE countersign_inbox_meta SET schema = 2").execute(&pool).await.unwrap();
    let listed = match SqliteStore::open_existing(&path).await {
        Ok(store) => store.messages(&MessageFilter::default(), None, 1).await.map(drop),
        Err(error) => Err(error),
    };
    assert_eq!(listed.unwrap_err().to_string(), LATER);
}

/// The names of the inbox's tables are made of the events' table.
#[tokio::test]
async fn two_tables_of_events_have_two_inboxes() {
    let Some(server) = PostgresServer::start() else { return };
    let default = PostgresStore::new(server.pool(2, &[]).await);
    default.migrate().await.unwrap();
    let other = default.clone().table("countersign").unwrap();
    other.migrate().await.unwrap();
    let key = EventKey::new("billing", "stripe", &Identity::id("evt_1"));
    default.enqueue(&NewMessage::new(key, "billing", "{}")).await.unwrap();
    assert_eq!(other.backlog().await.unwrap().live(), 0);
}

#[tokio::test]
async fn a_server_that_acknowledges_before_its_disk_is_a_risk() {
    let Some(server) = PostgresServer::start() else { return };
    let risk_of = async |setting| {
        let pool = server.pool(1, &[("synchronous_commit", setting)]).await;
        PostgresStore::new(pool).durability_risk().await.unwrap()
    };
    assert_eq!(risk_of("on").await, None);
    let risk = risk_of("off").await.unwrap();
    assert!(risk.contains("`synchronous_commit` of PostgreSQL is off"), "{risk}");
}
