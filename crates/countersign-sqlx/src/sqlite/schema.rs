//! The tables, which stand beside the application's own.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign::dedup::{StoreError, StoreErrorKind};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, raw_sql};

use crate::error::{sqlite_error, store_error};

/// What this version of the crate reads and writes.
const SCHEMA: i64 = 1;

/// How long a connection waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

const VERSION: &str = "SELECT schema FROM countersign_meta";

/// How long it waits before it tries again where SQLite does not wait by itself.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// `last_fencing_token` is the highest granted for any event, so it rises for each, and rows can go. `swept` is
/// the key up to which rows that are over were cleared away.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS countersign_events (
        key BLOB PRIMARY KEY NOT NULL,
        fence INTEGER NOT NULL,
        state INTEGER NOT NULL,
        until INTEGER NOT NULL,
        fingerprint INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS countersign_meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        schema INTEGER NOT NULL,
        last_fence INTEGER NOT NULL,
        swept BLOB NOT NULL
    ) STRICT;
    INSERT OR IGNORE INTO countersign_meta VALUES (1, 1, 0, x'');
";

/// How many pages the log may grow to before it is written back.
const LOG: u32 = 10_000;

/// How many KiB of the file the writer keeps at hand.
const CACHE: u32 = 16 * 1024;

/// How a handler's transaction connects, and an operator's look. What is committed survives a power
/// cut: the log is synced at every commit.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", LOG.to_string())
        .busy_timeout(BUSY_TIMEOUT)
}

/// How the writer does, to a file that is there.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    connect_by(path, OpenFlags::default().difference(OpenFlags::SQLITE_OPEN_CREATE))
}

fn connect_by(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let journal = keep_a_log(&connection)?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = {LOG};
         PRAGMA cache_size = -{CACHE};"
    ))?;
    // What SQLite keeps in memory, or removes at the end, has no such log.
    if journal == "wal" { Ok(connection) } else { Err(no_file()) }
}

/// Tells which log there is then. SQLite itself waits for nobody who does the same.
fn keep_a_log(connection: &Connection) -> rusqlite::Result<String> {
    let start = Instant::now();
    loop {
        let row = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
        match row {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < BUSY_TIMEOUT =>
            {
                std::thread::sleep(BUSY_PAUSE);
            }
            row => return row,
        }
    }
}

fn no_file() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    let mend = "a SQLite store needs a file on a local disk: for one in memory take `MemoryStore`";
    rusqlite::Error::SqliteFailure(code, Some(mend.to_owned()))
}

/// Connects, and makes the tables that are missing, whichever process comes first.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let open = || {
        let mut connection = connect_by(path, OpenFlags::default())?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(TABLES)?;
        let schema = transaction.query_row(VERSION, [], |row| row.get(0))?;
        transaction.commit()?;
        Ok((connection, schema))
    };
    let (connection, schema) = open().map_err(|error: rusqlite::Error| sqlite_error(&error))?;
    is_known(schema)?;
    Ok(connection)
}

fn is_known(schema: i64) -> Result<(), StoreError> {
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

/// Sees that the file and its tables are there, and changes nothing.
pub(super) async fn look(path: &Path) -> Result<(), StoreError> {
    let look = async {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
        raw_sql(VERSION).fetch_one(&mut connection).await?.try_get(0)
    };
    is_known(look.await.map_err(|error| store_error(&error))?)
}
