//! The tables, which stand beside the application's own.

use std::path::Path;
use std::time::Duration;

use countersign::{StoreError, StoreErrorKind};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, raw_sql};

use crate::error::store_error;

/// What this version of the crate reads and writes.
const SCHEMA: i64 = 1;

/// How long a connection waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// `last_fence` is the highest granted for any event, so it rises for each, and rows can go.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS countersign_events (
        key BLOB PRIMARY KEY NOT NULL,
        fence INTEGER NOT NULL,
        state INTEGER NOT NULL,
        until INTEGER NOT NULL,
        fingerprint INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS countersign_events_until ON countersign_events (until);
    CREATE TABLE IF NOT EXISTS countersign_meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        schema INTEGER NOT NULL,
        last_fence INTEGER NOT NULL
    ) STRICT;
    INSERT OR IGNORE INTO countersign_meta VALUES (1, 1, 0);
";

/// What is committed survives a power cut: the log is synced at every commit.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "10000")
        .busy_timeout(BUSY_TIMEOUT)
}

/// Makes the tables that are missing, whichever process comes first.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let schema = create(connection).await.map_err(|error| store_error(&error))?;
    if schema == SCHEMA {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Unavailable,
        format!(
            "the event tables are of version {schema}, this program knows {SCHEMA}: upgrade the program"
        ),
    ))
}

async fn create(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    raw_sql(TABLES).execute(&mut *transaction).await?;
    let schema = version(&mut transaction).await?;
    transaction.commit().await?;
    Ok(schema)
}

/// Sees that the file and its tables are there, and changes nothing.
pub(super) async fn look(path: &Path) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
    version(&mut connection).await.map(drop)
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    raw_sql("SELECT schema FROM countersign_meta").fetch_one(connection).await?.try_get(0)
}
