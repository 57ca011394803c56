//! The meaning of a database's errors for a claim and for a transaction.

use std::error::Error;
use std::fmt;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use countersign::dedup::{StoreError, StoreErrorKind};

/// PostgreSQL's code for a statement with `NOWAIT` that found the row locked.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// PostgreSQL's code for a table or a sequence that does not exist.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
const UNDEFINED_TABLE: &str = "42P01";

/// Returns the error with the database's own text, which holds none of the bound values.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn store_error(error: &sqlx::Error) -> StoreError {
    let kind = match error {
        sqlx::Error::PoolTimedOut => StoreErrorKind::Timeout,
        _ => StoreErrorKind::Unavailable,
    };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match code.as_deref() {
        Some(LOCK_NOT_AVAILABLE) => StoreError::new(
            kind,
            "a handler's transaction holds the event: try again when it has ended",
        ),
        Some(UNDEFINED_TABLE) => StoreError::new(
            kind,
            format!("{}: run `PostgresStore::migrate` once to create the table", failed(error)),
        ),
        // SQLite has one code for all errors of a statement.
        _ if error.to_string().contains("no such table: countersign_") => StoreError::new(
            kind,
            format!(
                "{}: open the file once with `SqliteStore::open`, or apply the files in `sql/sqlite`, to create the tables",
                failed(error)
            ),
        ),
        _ => StoreError::new(kind, failed(error)),
    }
}

/// Returns the error with SQLite's own text.
#[cfg(feature = "sqlite")]
pub(crate) fn sqlite_error(error: &rusqlite::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, failed(error))
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn failed(error: &dyn Error) -> String {
    format!("the event store failed: {error}")
}

/// The error of a handler's transaction.
///
/// Respond with an error status to every kind: the sender then retries, and the retry is either handled
/// or recognised as a duplicate.
///
/// ```
/// use countersign_sqlx::{TransactionError, TransactionErrorKind, sqlx};
///
/// // A handler's own statements fail with the same type, by `?`.
/// let error = TransactionError::from(sqlx::Error::RowNotFound);
/// assert_eq!(error.kind(), TransactionErrorKind::Failed);
/// assert_eq!(error.kind().as_str(), "failed");
/// ```
///
/// See [Choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md#exactly-once).
#[derive(Debug)]
pub struct TransactionError {
    kind: TransactionErrorKind,
    source: Option<sqlx::Error>,
}

/// The reason of a [`TransactionError`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TransactionErrorKind {
    /// The delivery has no claim: its receiver runs without dedup, or with another store.
    Unclaimed,
    /// The claim was taken over, or the event is already marked as handled.
    StaleToken,
    /// The delivery's message is in the inbox of another store: begin the transaction on that store.
    OtherStore,
    /// The database failed. After a failed commit, the writes may have been applied.
    Failed,
}

impl TransactionError {
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) const fn new(kind: TransactionErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Returns the reason, to match on.
    #[must_use]
    pub const fn kind(&self) -> TransactionErrorKind {
        self.kind
    }
}

impl TransactionErrorKind {
    /// Returns the kind's name in `snake_case`, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unclaimed => "unclaimed",
            Self::StaleToken => "stale_token",
            Self::OtherStore => "other_store",
            Self::Failed => "failed",
        }
    }
}

/// Converts a database error, also of the handler's own statements, to
/// [`Failed`](TransactionErrorKind::Failed).
impl From<sqlx::Error> for TransactionError {
    fn from(error: sqlx::Error) -> Self {
        Self { kind: TransactionErrorKind::Failed, source: Some(error) }
    }
}

impl fmt::Display for TransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransactionErrorKind::Unclaimed => {
                "the delivery or item has no claim: give its receiver the store that the handler uses, and take the item from `for_each_item`"
            }
            TransactionErrorKind::StaleToken => {
                "another handler has the event, or it is already marked as handled"
            }
            TransactionErrorKind::OtherStore => {
                "the delivery's message is in the inbox of another store: begin the transaction on that store"
            }
            TransactionErrorKind::Failed => "the database failed",
        })
    }
}

impl Error for TransactionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|error| error as _)
    }
}
