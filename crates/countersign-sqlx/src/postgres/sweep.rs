//! Deletes expired rows.
//!
//! A sweep reads some blocks of the table in their order. An index on the time of expiry would find the
//! rows at once, but every claim and every commit would have to write to it.

use countersign::dedup::{EventKey, StoreError};
use sqlx::Row;

use super::statements::Statement;
use super::{PostgresStore, with_retries};
use crate::error::store_error;

/// How many claims there are for one sweep. The blocks of a sweep hold about five rows for every two of
/// these claims, so up to about two fifths of the table may be expired.
const CLAIMS_PER_SWEEP: u64 = 1024;

/// How many blocks a sweep reads.
const BLOCKS_PER_SWEEP: u64 = 32;

impl PostgresStore {
    /// Deletes up to `limit` expired rows, and returns how many it deleted.
    ///
    /// Claims delete expired rows by themselves; this is for a store that gets no claims. It waits for no
    /// lock, and no claim waits for it. A row is deleted an hour after it expired, that of a claim which
    /// was never settled after a day.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the database fails.
    pub async fn purge(&self, limit: u32) -> Result<u64, StoreError> {
        let (limit, blocks) = (u64::from(limit), self.blocks().await?);
        let (mut removed, mut from) = (0, 0);
        while from < blocks && removed < limit {
            removed += self.sweep(from, BLOCKS_PER_SWEEP, limit - removed).await?;
            from += BLOCKS_PER_SWEEP;
        }
        Ok(removed)
    }

    /// Deletes at most `limit` expired rows of the blocks that begin at `from`.
    async fn sweep(&self, from: u64, blocks: u64, limit: u64) -> Result<u64, StoreError> {
        let block = |number: u64| format!("({},0)", u32::try_from(number).unwrap_or(u32::MAX));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let sweep = || {
            let sweep = self.0.statements.sweep().bind(block(from)).bind(block(from + blocks));
            sweep.bind(limit).execute(&self.0.pool)
        };
        Ok(with_retries(sweep).await?.rows_affected())
    }

    /// Starts a sweep if the claim of this event is one that does.
    ///
    /// The key decides, since keys are spread evenly. A counter of claims could fall into step with a
    /// sender that repeats its events.
    pub(super) fn spawn_sweep(&self, key: &EventKey) {
        let number = key.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        if number.is_multiple_of(CLAIMS_PER_SWEEP) {
            let store = self.clone();
            // If it fails, a later sweep deletes the same rows.
            tokio::spawn(async move { store.sweep_next_blocks().await });
        }
    }

    /// Sweeps the blocks after those of the last sweep by any machine.
    async fn sweep_next_blocks(&self) -> Result<u64, StoreError> {
        let blocks = self.blocks().await?;
        let number = self.number(self.0.statements.next_sweep(), "number").await?;
        let mut from = number.saturating_sub(1).saturating_mul(BLOCKS_PER_SWEEP);
        if from >= blocks {
            self.number(self.0.statements.restart_sweeps(), "setval").await?;
            from = 0;
        }
        self.sweep(from, BLOCKS_PER_SWEEP, u64::MAX).await
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
