//! What an operator sees of the file.

use countersign::dedup::{EventKey, InspectStore, Record, StoreError, StoreStats};
use sqlx::query;

use super::SqliteStore;
use super::job::Operation;
use super::statements::{GET, STATS};
use crate::error::store_error;
use crate::row::{self, EventRow, key_bytes};

impl InspectStore for SqliteStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let row = query(STATS.as_str()).fetch_one(&self.0.pool).await;
        row.and_then(|row| row::stats(&row)).map_err(|error| store_error(&error))
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let row = async {
            let get = query(GET.as_str()).bind(key_bytes(key));
            let row = get.fetch_optional(&self.0.pool).await?;
            row.map(|row| EventRow::read(&row)).transpose()
        };
        let row: Option<EventRow> = row.await.map_err(|error| store_error(&error))?;
        Ok(row.and_then(|row| row.record()))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        Ok(self.execute(Operation::Forget { key: *key }).await?.changed()? > 0)
    }
}
