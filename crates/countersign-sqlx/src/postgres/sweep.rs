//! Rows that are over are cleared away.
//!
//! They are looked for in the order of the table, some blocks at a time. An index of their ends would
//! find them at once, but every claim and every commit would have to write to it.

use countersign::{Claim, StoreError};
use sqlx::Row;

use super::{PostgresStore, retried};
use crate::error::store_error;

/// Of how many claims, those of all machines counted, one clears away rows that are over; and at how
/// many blocks of the table it looks. They hold some five rows for two claims, so about two fifths of
/// the table may be over.
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

    async fn blocks(&self) -> Result<u64, StoreError> {
        let blocks = async {
            let row = self.0.statements.blocks().fetch_one(&self.0.pool).await?;
            row.try_get("blocks").map(|blocks: i64| blocks.unsigned_abs())
        };
        blocks.await.map_err(|error| store_error(&error))
    }

    /// Fences come one after the other for all machines, so they tell whose turn it is, and where.
    pub(super) fn keep_house(&self, claim: Claim) {
        let Claim::Acquired { fence, .. } = claim else { return };
        if fence.as_u64().is_multiple_of(CLAIMS_PER_SWEEP) {
            let (store, turn) = (self.clone(), fence.as_u64() / CLAIMS_PER_SWEEP);
            // If it fails, a later one does its work.
            tokio::spawn(async move {
                let turns = store.blocks().await?.div_ceil(SWEPT).max(1);
                store.sweep(turn % turns * SWEPT, SWEPT, u64::MAX).await
            });
        }
    }
}
