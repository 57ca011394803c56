//! A handler's transaction, whose commit marks its event as handled.

use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx::{AssertSqlSafe, Database, Executor, raw_sql};

use crate::error::TransactionError;
use crate::open_transactions::OpenTransactionGuard;

/// A handler's transaction, whose [commit](Self::commit) also marks the event as handled.
///
/// The handler's writes and the mark are applied together or not at all. Statements run on
/// `&mut *transaction`, as with a transaction of sqlx. A transaction that is dropped is rolled back, and
/// its event stays claimed.
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # mod example {
/// use countersign::Delivery;
/// use countersign_sqlx::{PostgresStore, TransactionError, sqlx};
///
/// async fn book(store: &PostgresStore, delivery: &Delivery) -> Result<(), TransactionError> {
///     let mut transaction = store.begin(delivery).await?;
///     sqlx::query("INSERT INTO bookings (body) VALUES ($1)")
///         .bind(delivery.body().as_ref())
///         .execute(&mut *transaction)
///         .await?;
///     transaction.commit().await
/// }
/// # }
/// ```
///
/// See [Choosing a store](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md#exactly-once).
#[must_use]
pub struct Transaction<DB: Database> {
    inner: sqlx::Transaction<'static, DB>,
    /// A statement that is sent together with the commit.
    mark_handled: Option<String>,
    _guard: Option<OpenTransactionGuard>,
    /// Keeps this process's other writers waiting; released last.
    _write_lock: Option<WriteLockGuard>,
}

/// The exclusive right to write in this process, until it is dropped.
pub(crate) type WriteLockGuard = Box<dyn Send + Sync>;

impl<DB> Transaction<DB>
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    pub(crate) fn new(
        inner: sqlx::Transaction<'static, DB>,
        mark_handled: Option<String>,
        guard: Option<OpenTransactionGuard>,
        write_lock: Option<WriteLockGuard>,
    ) -> Self {
        Self { inner, mark_handled, _guard: guard, _write_lock: write_lock }
    }

    /// Commits the handler's writes and marks the event as handled.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::Failed`](crate::TransactionErrorKind::Failed) if the database fails. The
    /// writes may or may not have been applied; the sender's retry is handled or recognised accordingly.
    pub async fn commit(self) -> Result<(), TransactionError> {
        // The guards are dropped only after the commit.
        let Self { mut inner, mark_handled, _guard: guard, _write_lock: write_lock } = self;
        if let Some(mark_handled) = mark_handled {
            // The mark and `COMMIT` are one message: a process that was cut off between the two would
            // leave the row locked, and every claim of the event would wait. The transaction that sqlx
            // then commits is empty.
            let end = AssertSqlSafe(format!("{mark_handled}; COMMIT; BEGIN"));
            raw_sql(end).execute(&mut *inner).await?;
        }
        inner.commit().await?;
        drop((guard, write_lock));
        Ok(())
    }

    /// Rolls the handler's writes back. The event stays claimed.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::Failed`](crate::TransactionErrorKind::Failed) if the database fails;
    /// nothing is applied then either.
    pub async fn rollback(self) -> Result<(), TransactionError> {
        Ok(self.inner.rollback().await?)
    }
}

impl<DB: Database> Deref for Transaction<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl<DB: Database> DerefMut for Transaction<DB> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.inner
    }
}

impl<DB: Database> fmt::Debug for Transaction<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}
