//! What a database's errors mean for a claim and for a transaction.

use std::error::Error;
use std::fmt;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use countersign::dedup::{StoreError, StoreErrorKind};

/// By PostgreSQL's name for it: a statement that was told not to wait for a lock.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// For the operator: what the database says, which holds none of the values that were bound.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn store_error(error: &sqlx::Error) -> StoreError {
    let kind = match error {
        sqlx::Error::PoolTimedOut => StoreErrorKind::Timeout,
        _ => StoreErrorKind::Unavailable,
    };
    let held = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    if held.is_some_and(|code| code == LOCK_NOT_AVAILABLE) {
        return StoreError::new(
            kind,
            "a handler's transaction holds the event: try again when that has ended",
        );
    }
    StoreError::new(kind, failed(error))
}

/// The same of SQLite itself.
#[cfg(feature = "sqlite")]
pub(crate) fn sqlite_error(error: &rusqlite::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, failed(error))
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn failed(error: &dyn Error) -> String {
    format!("the event store failed: {error}")
}

/// Why a handler's transaction came to nothing.
///
/// Whatever it is, answer the sender with an error status.
#[derive(Debug)]
pub struct TransactionError {
    kind: TransactionErrorKind,
    source: Option<sqlx::Error>,
}

/// What was wrong with a transaction.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TransactionErrorKind {
    /// The delivery has no claim: its receiver runs without dedup, or with another store.
    Unclaimed,
    /// The claim is no longer the current one, or the event is marked as handled already.
    StaleToken,
    /// The database failed. If that was during the commit, it may have been applied.
    Failed,
}

impl TransactionError {
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) const fn new(kind: TransactionErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// What was wrong, to match on.
    #[must_use]
    pub const fn kind(&self) -> TransactionErrorKind {
        self.kind
    }
}

/// The database failed: also for the handler's own statements.
impl From<sqlx::Error> for TransactionError {
    fn from(error: sqlx::Error) -> Self {
        Self { kind: TransactionErrorKind::Failed, source: Some(error) }
    }
}

impl fmt::Display for TransactionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransactionErrorKind::Unclaimed => {
                "the delivery has no claim: give its receiver the store that the handler uses"
            }
            TransactionErrorKind::StaleToken => {
                "another handler has the event, or it is marked as handled already"
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
