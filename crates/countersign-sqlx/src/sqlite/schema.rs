//! The tables, and how connections to the file are opened.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign::dedup::{StoreError, StoreErrorKind};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, raw_sql};

use crate::error::{sqlite_error, store_error};

/// How long the creation of the tables waits for other processes' transactions.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// The version of the tables that this version of the crate reads and writes.
const SCHEMA: i64 = 1;

/// The version of the inbox's tables, which a program that only deduplicates need not know.
const INBOX_SCHEMA: i64 = 1;

/// The version of the log's tables.
const LOG_SCHEMA: i64 = 1;

/// How long a connection waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

const VERSION: &str = "SELECT schema FROM countersign_meta";
const INBOX_VERSION: &str = "SELECT schema FROM countersign_inbox_meta";
const LOG_VERSION: &str = "SELECT schema FROM countersign_log_meta";
/// A file of an earlier program has no inbox.
const HAS_INBOX: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'countersign_inbox_meta')";

/// How long a connection pauses before it tries again to switch to WAL mode.
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// The SQL of the tables, which is published as files.
const TABLES: &str = include_str!("../../sql/sqlite/1-events.sql");
const INBOX_TABLES: &str = include_str!("../../sql/sqlite/2-inbox.sql");
const LOG_TABLES: &str = include_str!("../../sql/sqlite/3-log.sql");

/// How many pages the log may grow to before it is written back.
const LOG_PAGES: u32 = 10_000;

/// The size of the writer's page cache, in KiB.
const CACHE_KIB: u32 = 16 * 1024;

/// Returns how the connections for handlers' transactions and for an operator's reads are opened. A commit
/// survives a power cut: the log is synced at every commit.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", LOG_PAGES.to_string())
        .busy_timeout(BUSY_TIMEOUT)
}

/// Opens the writer's connection to an existing file.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    connect_with(path, OpenFlags::default().difference(OpenFlags::SQLITE_OPEN_CREATE))
}

fn connect_with(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let journal = set_wal_mode(&connection)?;
    connection.execute_batch(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = {LOG_PAGES};
         PRAGMA cache_size = -{CACHE_KIB};"
    ))?;
    // An in-memory or temporary database has no WAL.
    if journal == "wal" { Ok(connection) } else { Err(not_a_file()) }
}

/// Switches to WAL mode, and returns the journal mode in effect.
///
/// It retries by itself: the busy timeout does not apply while another connection switches the mode.
fn set_wal_mode(connection: &Connection) -> rusqlite::Result<String> {
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

fn not_a_file() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    let hint = "a SQLite store needs a file on a local disk: use `MemoryStore` for one in memory";
    rusqlite::Error::SqliteFailure(code, Some(hint.to_owned()))
}

/// Opens the writer's connection, and creates the file and the tables if they are missing. Several
/// processes may do so at the same time.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    let open = || {
        let mut connection = connect_with(path, OpenFlags::default())?;
        // A process that starts while another is busy need not wait for its writes.
        let versions = match versions(&connection) {
            Ok(versions) => versions,
            Err(_) => create(&mut connection)?,
        };
        Ok((connection, versions))
    };
    let (connection, [events, inbox, log]) =
        open().map_err(|error: rusqlite::Error| sqlite_error(&error))?;
    check_version("event", events, SCHEMA)?;
    check_version("inbox", inbox, INBOX_SCHEMA)?;
    check_version("log", log, LOG_SCHEMA)?;
    Ok(connection)
}

/// Creates the tables that are missing, and returns the version of each part.
fn create(connection: &mut Connection) -> rusqlite::Result<[i64; 3]> {
    connection.busy_timeout(OPEN_TIMEOUT)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for tables in [TABLES, INBOX_TABLES, LOG_TABLES] {
        transaction.execute_batch(tables)?;
    }
    let versions = versions(&transaction)?;
    transaction.commit()?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(versions)
}

/// Reads the version of each part.
fn versions(connection: &Connection) -> rusqlite::Result<[i64; 3]> {
    let read = |statement| connection.query_row(statement, [], |row| row.get(0));
    Ok([read(VERSION)?, read(INBOX_VERSION)?, read(LOG_VERSION)?])
}

fn check_version(tables: &str, found: i64, own: i64) -> Result<(), StoreError> {
    if found == own {
        return Ok(());
    }
    Err(StoreError::new(
        StoreErrorKind::Unavailable,
        format!(
            "the {tables} tables are of version {found}, this program supports version {own}: \
             upgrade the program"
        ),
    ))
}

/// Checks that the file and its tables exist, and changes nothing.
pub(super) async fn check(path: &Path) -> Result<(), StoreError> {
    let versions = async {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
        let events = raw_sql(VERSION).fetch_one(&mut connection).await?.try_get(0)?;
        let has_inbox = raw_sql(HAS_INBOX).fetch_one(&mut connection).await?.try_get(0)?;
        let inbox = if has_inbox {
            raw_sql(INBOX_VERSION).fetch_one(&mut connection).await?.try_get(0)?
        } else {
            INBOX_SCHEMA
        };
        Ok((events, inbox))
    };
    let (events, inbox) = versions.await.map_err(|error: sqlx::Error| store_error(&error))?;
    check_version("event", events, SCHEMA)?;
    check_version("inbox", inbox, INBOX_SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::TABLES;
    use crate::documented::{sql_of, words_of};

    #[test]
    fn the_documentation_shows_the_tables() {
        assert_eq!(sql_of("The tables in SQLite"), words_of(TABLES));
    }
}
