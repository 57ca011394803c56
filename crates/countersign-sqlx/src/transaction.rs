//! A handler's transaction, whose commit marks its event as handled.

use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx::{AssertSqlSafe, Database, Executor, raw_sql};

use crate::error::TransactionError;
use crate::held::Holding;

/// A transaction whose [commit](Self::commit) marks the event as handled: what a handler writes in it
/// is applied together with that mark, or not at all.
///
/// Dropped, it is rolled back, and the event is still claimed. Statements run on `&mut **transaction`.
#[must_use]
pub struct Transaction<DB: Database> {
    inner: sqlx::Transaction<'static, DB>,
    /// Sent together with the commit.
    mark: Option<String>,
    _holding: Holding,
    /// What keeps others from writing meanwhile; given back last.
    _turn: Option<Turn>,
}

/// A turn at writing.
pub(crate) type Turn = Box<dyn Send + Sync>;

impl<DB> Transaction<DB>
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    pub(crate) fn new(
        inner: sqlx::Transaction<'static, DB>,
        mark: Option<String>,
        holding: Holding,
        turn: Option<Turn>,
    ) -> Self {
        Self { inner, mark, _holding: holding, _turn: turn }
    }

    /// Applies all that was written, and the mark that the event is handled.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::Failed`](crate::TransactionErrorKind::Failed) if the database fails; whether it was applied is then unknown,
    /// and the sender's retry will find out.
    pub async fn commit(self) -> Result<(), TransactionError> {
        // The event is held, and others wait for their turn, up to the end.
        let Self { mut inner, mark, _holding: holding, _turn: turn } = self;
        if let Some(mark) = mark {
            // In one message: whoever is cut off between the two would hold up every claim of the event.
            // What is then committed by sqlx is empty.
            let end = AssertSqlSafe(format!("{mark}; COMMIT; BEGIN"));
            raw_sql(end).execute(&mut *inner).await?;
        }
        inner.commit().await?;
        drop((holding, turn));
        Ok(())
    }

    /// Applies nothing, and leaves the event claimed.
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
    type Target = sqlx::Transaction<'static, DB>;

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
