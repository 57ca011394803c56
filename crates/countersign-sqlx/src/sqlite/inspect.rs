//! What an operator is shown of the file.

use countersign::dedup::{EventKey, InspectStore, Record, StoreError, StoreStats};
use sqlx::query;

use super::SqliteStore;
use super::job::Operation;
use super::statements::{LOOK, STATS};
use crate::error::store_error;
use crate::row::{self, Found, key_bytes};

impl InspectStore for SqliteStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let row = query(STATS.as_str()).fetch_one(&self.0.pool).await;
        row.and_then(|row| row::stats(&row)).map_err(|error| store_error(&error))
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let found = async {
            let row = query(LOOK.as_str()).bind(key_bytes(key)).fetch_optional(&self.0.pool).await?;
            row.map(|row| Found::read(&row)).transpose()
        };
        let found: Option<Found> = found.await.map_err(|error| store_error(&error))?;
        Ok(found.and_then(|found| found.record()))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        Ok(self.ask(Operation::Forget { key: *key }).await?.changed()? > 0)
    }
}
