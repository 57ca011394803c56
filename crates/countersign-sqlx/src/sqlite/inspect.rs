//! What an operator is shown of the file.

use countersign::{EventKey, InspectStore, Record, StoreError, StoreStats};
use sqlx::{Row, query};

use super::SqliteStore;
use super::job::Operation;
use super::statements::{LOOK, STATS};
use crate::error::store_error;
use crate::row::{Found, key_bytes, span};

impl InspectStore for SqliteStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let stats = async {
            let row = query(STATS).fetch_one(&self.0.pool).await?;
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
        let found = async {
            let row = query(LOOK).bind(key_bytes(key)).fetch_optional(&self.0.pool).await?;
            row.map(|row| Found::read(&row)).transpose()
        };
        let found: Option<Found> = found.await.map_err(|error| store_error(&error))?;
        Ok(found.and_then(|found| found.record()))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        Ok(self.ask(Operation::Forget { key: *key }).await?.changed()? > 0)
    }
}
