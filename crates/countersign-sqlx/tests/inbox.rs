//! The contract of an inbox's store, in both databases.

#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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
