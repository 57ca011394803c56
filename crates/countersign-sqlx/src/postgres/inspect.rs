//! What an operator is shown of the table.

use countersign::{EventKey, InspectStore, Record, StoreError, StoreStats};
use sqlx::Row;

use super::{PostgresStore, retried};
use crate::error::store_error;
use crate::row::{key_bytes, span};

impl InspectStore for PostgresStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let stats = async {
            let row = self.0.statements.stats().fetch_one(&self.0.pool).await?;
            let count = |name| row.try_get(name).map(|count: i64| count.unsigned_abs());
            let mut stats = StoreStats::default();
            stats.in_progress = count("in_progress")?;
            stats.overdue = count("overdue")?;
            stats.longest_overdue = span(row.try_get("longest_overdue_ms")?);
            stats.done = count("done")?;
            stats.expired = count("expired")?;
            stats.bytes = Some(count("bytes")?);
            Ok(stats)
        };
        stats.await.map_err(|error| store_error(&error))
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let found = self.find(key).await?;
        Ok(found.and_then(|found| found.record()))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let forget = || self.0.statements.forget().bind(key_bytes(key)).execute(&self.0.pool);
        Ok(retried(forget).await?.rows_affected() > 0)
    }
}
