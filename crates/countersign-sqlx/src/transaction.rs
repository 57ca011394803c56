//! A handler's transaction, in which its event is marked as handled.

use std::fmt;
use std::ops::{Deref, DerefMut};

use sqlx::Database;

use crate::error::TransactionError;
use crate::held::Holding;

/// A transaction in which the event is marked as handled: what a handler writes in it is applied
/// together with that mark, or not at all.
///
/// Dropped, it is rolled back, and the event is still claimed. Statements run on `&mut **transaction`.
#[must_use]
pub struct Transaction<DB: Database> {
    inner: sqlx::Transaction<'static, DB>,
    _holding: Holding,
    /// What keeps others from writing meanwhile; given back last.
    _turn: Option<Turn>,
}

/// A turn at writing.
pub(crate) type Turn = Box<dyn Send + Sync>;

impl<DB: Database> Transaction<DB> {
    pub(crate) fn new(
        inner: sqlx::Transaction<'static, DB>,
        holding: Holding,
        turn: Option<Turn>,
    ) -> Self {
        Self { inner, _holding: holding, _turn: turn }
    }

    /// Applies all that was written, and the mark that the event is handled.
    ///
    /// # Errors
    ///
    /// [`TransactionErrorKind::Failed`](crate::TransactionErrorKind::Failed) if the database fails;
    /// whether it was applied is then unknown, and the sender's retry will find out.
    pub async fn commit(self) -> Result<(), TransactionError> {
        Ok(self.inner.commit().await?)
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
