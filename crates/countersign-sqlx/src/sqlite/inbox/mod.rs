//! The inbox in a SQLite file.

mod batch;
mod inspect;
mod statements;

use std::sync::Arc;
use std::time::Duration;

use countersign::dedup::{DedupStore, StoreError, UpdateOutcome};
use countersign::inbox::{
    Backlog, ClaimedMessages, EndpointBacklog, EnqueueOutcome, InboxStore, MessageClaim,
    MessageRetention, MessageToken, NewMessage, SettleOutcome, Settlement,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, query};

use self::statements::BACKLOG;
pub(super) use self::statements::MARK_DONE;
use super::SqliteStore;
use super::job::{InboxOperation, Operation};
use crate::error::store_error;
use crate::row::duration;

impl InboxStore for SqliteStore {
    async fn enqueue(&self, message: &NewMessage) -> Result<EnqueueOutcome, StoreError> {
        self.execute_inbox(InboxOperation::Enqueue(Arc::new(message.clone()))).await?.enqueued()
    }

    async fn claim_messages(&self, claim: &MessageClaim) -> Result<ClaimedMessages, StoreError> {
        let claim = InboxOperation::Claim(Arc::new(claim.clone()));
        let claimed = self.execute_inbox(claim).await?.claimed()?;
        Ok(if let Some(store) = self.id() { claimed.in_store(store) } else { claimed })
    }

    async fn renew_messages(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>, StoreError> {
        let renew = InboxOperation::Renew { tokens: tokens.into(), lease };
        self.execute_inbox(renew).await?.renewed()
    }

    async fn settle_messages(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>, StoreError> {
        self.execute_inbox(InboxOperation::Settle(settlements.into())).await?.settled()
    }

    async fn prune_messages(&self, keep: MessageRetention, limit: u32) -> Result<u64, StoreError> {
        self.execute_inbox(InboxOperation::Prune { keep, limit }).await?.changed()
    }

    async fn set_paused(&self, endpoint: &str, is_paused: bool) -> Result<(), StoreError> {
        let set = InboxOperation::SetPaused { endpoint: endpoint.into(), is_paused };
        self.execute_inbox(set).await?.changed().map(drop)
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let rows = query(BACKLOG.as_str()).fetch_all(&self.0.pool).await;
        let endpoints = rows.and_then(|rows| rows.iter().map(endpoint_backlog).collect());
        endpoints.map(Backlog::new).map_err(|error| store_error(&error))
    }
}

impl SqliteStore {
    async fn execute_inbox(
        &self,
        operation: InboxOperation,
    ) -> Result<super::job::Output, StoreError> {
        self.execute(Operation::Inbox(operation)).await
    }
}

fn endpoint_backlog(row: &SqliteRow) -> Result<EndpointBacklog, sqlx::Error> {
    let count = |name| row.try_get(name).map(|count: i64| count.unsigned_abs());
    let mut backlog = EndpointBacklog::new(row.try_get::<String, _>("endpoint")?);
    backlog.ready = count("ready")?;
    backlog.running = count("running")?;
    backlog.dead = count("dead")?;
    backlog.live_bytes = count("live_bytes")?;
    backlog.dead_bytes = count("dead_bytes")?;
    backlog.oldest_ready = duration(row.try_get("oldest_ms")?);
    backlog.is_paused = row.try_get::<i64, _>("paused")? > 0;
    Ok(backlog)
}
