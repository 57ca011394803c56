//! What an operator sees of the table.

use countersign::dedup::{EventKey, InspectStore, Record, StoreError, StoreStats};

use super::{PostgresStore, with_retries};
use crate::error::store_error;
use crate::row::{self, key_bytes};

impl InspectStore for PostgresStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let row = self.0.statements.stats().fetch_one(&self.0.pool).await;
        row.and_then(|row| row::stats(&row)).map_err(|error| store_error(&error))
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let row = self.find(key).await?;
        Ok(row.and_then(|row| row.record()))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let forget = || self.0.statements.forget().bind(key_bytes(key)).execute(&self.0.pool);
        Ok(with_retries(forget).await?.rows_affected() > 0)
    }
}
