//! Rows that are over are cleared away.
//!
//! They are looked for in the order of the table, some blocks at a time. An index of their ends would
//! find them at once, but every claim and every commit would have to write to it.

use countersign::dedup::{EventKey, StoreError};
use sqlx::Row;

use super::statements::Statement;
use super::{PostgresStore, retried};
use crate::error::store_error;

/// Of how many claims one clears away rows that are over, and at how many blocks of the table it looks.
/// They hold some five rows for two claims, so about two fifths of the table may be over.
const CLAIMS_PER_SWEEP: u64 = 1024;
const SWEPT: u64 = 32;

impl PostgresStore {
    /// Removes up to `limit` rows that have been over for a while, and tells how many it removed.
    ///
    /// It waits for nobody, and nobody waits for it. Claims do so as they come; this is for a store
    /// that gets none.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the database fails.
    pub async fn purge(&self, limit: u32) -> Result<u64, StoreError> {
        let (limit, blocks) = (u64::from(limit), self.blocks().await?);
        let (mut removed, mut from) = (0, 0);
        while from < blocks && removed < limit {
            removed += self.sweep(from, SWEPT, limit - removed).await?;
            from += SWEPT;
        }
        Ok(removed)
    }

    /// Looks at a part of the table, and removes at most `limit` rows that are over.
    async fn sweep(&self, from: u64, blocks: u64, limit: u64) -> Result<u64, StoreError> {
        let block = |number: u64| format!("({},0)", u32::try_from(number).unwrap_or(u32::MAX));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sweep = || {
            let sweep = self.0.statements.sweep().bind(block(from)).bind(block(from + blocks));
            sweep.bind(limit).execute(&self.0.pool)
        };
        Ok(retried(sweep).await?.rows_affected())
    }

    /// By its key an event tells whether its claim is the one that sweeps: keys are spread evenly, which
    /// no rhythm of new, known and repeated events is.
    pub(super) fn keep_house(&self, key: &EventKey) {
        let number = key.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        if number.is_multiple_of(CLAIMS_PER_SWEEP) {
            let store = self.clone();
            // If it fails, a later one does its work.
            tokio::spawn(async move { store.sweep_on().await });
        }
    }

    /// Goes on where the last one, of whatever machine, left off.
    async fn sweep_on(&self) -> Result<u64, StoreError> {
        let blocks = self.blocks().await?;
        let turn = self.number(self.0.statements.turn(), "turn").await?;
        let mut from = turn.saturating_sub(1).saturating_mul(SWEPT);
        if from >= blocks {
            self.number(self.0.statements.rewind(), "setval").await?;
            from = 0;
        }
        self.sweep(from, SWEPT, u64::MAX).await
    }

    async fn blocks(&self) -> Result<u64, StoreError> {
        self.number(self.0.statements.blocks(), "blocks").await
    }

    async fn number(&self, statement: Statement<'static>, name: &str) -> Result<u64, StoreError> {
        let row = statement.fetch_one(&self.0.pool).await;
        let number = row.and_then(|row| row.try_get(name)).map(|number: i64| number.unsigned_abs());
        number.map_err(|error| store_error(&error))
    }
}
