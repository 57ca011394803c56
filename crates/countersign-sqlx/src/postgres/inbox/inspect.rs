//! What an operator sees of the inbox.

use bytes::Bytes;
use countersign::Timestamp;
use countersign::dedup::StoreError;
use countersign::inbox::{
    Attempt, InspectInbox, MessageFilter, MessageId, MessageRecord, MessageState,
};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row, query};

use super::lane_lock;
use super::prepared::prepare;
use super::statements::Filtered;
use crate::error::store_error;
use crate::inbox_row::{FilterValues, from_id, to_count, to_id, to_key, to_state};
use crate::postgres::statements::Statement;
use crate::postgres::{PostgresStore, with_retries};
use crate::row::duration;

impl InspectInbox for PostgresStore {
    async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        self.inbox().await?;
        let list = self.filtered(filter, Filtered::list);
        let list = list.bind(before.map_or(i64::MAX, from_id)).bind(i64::from(limit));
        let rows = list.fetch_all(&self.0.pool).await;
        let records = rows.and_then(|rows| rows.iter().map(record).collect());
        records.map_err(|error| store_error(&error))
    }

    async fn count_messages(&self, filter: &MessageFilter, limit: u64) -> Result<u64, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.inbox().await?;
        let count = self.filtered(filter, Filtered::count).bind(limit);
        let count = count.fetch_one(&self.0.pool).await.and_then(|row| row.try_get("messages"));
        count.map(i64::unsigned_abs).map_err(|error| store_error(&error))
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        let mut filter = MessageFilter::default();
        filter.id = Some(id);
        Ok(self.messages(&filter, None, 1).await?.pop())
    }

    async fn message_body(&self, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        let body = prepare(&self.inbox().await?.body).bind(from_id(id));
        let row = body.fetch_optional(&self.0.pool).await;
        let body = row.and_then(|row| row.map(|row| row.try_get::<Vec<u8>, _>("body")).transpose());
        body.map(|body| body.map(Into::into)).map_err(|error| store_error(&error))
    }

    async fn attempts(&self, id: MessageId) -> Result<Vec<Attempt>, StoreError> {
        let attempts = prepare(&self.inbox().await?.attempts).bind(from_id(id));
        let rows = attempts.fetch_all(&self.0.pool).await;
        let attempts = rows.and_then(|rows| rows.iter().map(attempt).collect());
        attempts.map_err(|error| store_error(&error))
    }

    async fn replay_messages(&self, filter: &MessageFilter, limit: u32) -> Result<u64, StoreError> {
        let statements = self.inbox().await?;
        let replay = async {
            let mut transaction = self.0.pool.begin().await?;
            let find = self.filtered(filter, Filtered::find_replayable).bind(i64::from(limit));
            let rows = find.fetch_all(&mut *transaction).await?;
            let (mut ids, mut lanes) = (Vec::new(), Vec::new());
            for row in &rows {
                ids.push(row.try_get::<i64, _>("id")?);
                lanes.extend(row.try_get::<Option<Vec<u8>>, _>("lane")?);
            }
            // In one order, so that two replays do not wait for each other.
            lanes.sort();
            lanes.dedup();
            for lane in lanes {
                let lock = prepare(&statements.lock_lane).bind(lane_lock(&lane));
                lock.execute(&mut *transaction).await?;
            }
            let replay = prepare(&statements.replay).bind(ids);
            let replayed = replay.execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            Ok(replayed)
        };
        replay.await.map_err(|error: sqlx::Error| store_error(&error))
    }

    async fn discard_messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> Result<u64, StoreError> {
        self.inbox().await?;
        let discard = || {
            let discard = self.filtered(filter, Filtered::discard).bind(i64::from(limit));
            discard.execute(&self.0.pool)
        };
        Ok(with_retries(discard).await?.rows_affected())
    }
}

impl PostgresStore {
    /// Returns a statement with the values of a filter as its first parameters.
    fn filtered<'f>(
        &self,
        filter: &'f MessageFilter,
        statement: impl Fn(&Filtered) -> String,
    ) -> Statement<'f> {
        let values = FilterValues::from(filter);
        let sql = statement(&Filtered::new(&self.0.inbox.tables, &values));
        // Planned each time, since which index is best depends on the values.
        query(AssertSqlSafe(sql))
            .persistent(false)
            .bind(values.id)
            .bind(values.key)
            .bind(values.endpoint)
            .bind(values.tenant)
            .bind(values.event_type)
            .bind(values.event_id)
            .bind(values.state)
            .bind(values.received_from)
            .bind(values.received_before)
    }
}

fn record(row: &PgRow) -> Result<MessageRecord, sqlx::Error> {
    let text = |name| row.try_get::<Option<String>, _>(name).map(|text| text.map(Into::into));
    let mut record =
        MessageRecord::new(to_id(row.try_get("id")?), to_key(row.try_get::<&[u8], _>("key")?));
    record.state = to_state(row.try_get("state")?);
    if matches!(record.state, MessageState::Ready | MessageState::Running) {
        record.due_in = duration(row.try_get("left_ms")?);
    }
    record.attempts = to_count(row.try_get::<i32, _>("attempt")?.into());
    record.replays = to_count(row.try_get::<i32, _>("replays")?.into());
    record.endpoint = row.try_get::<String, _>("endpoint")?.into();
    record.tenant = text("tenant")?;
    record.sender = row.try_get::<String, _>("sender")?.into();
    record.event_id = text("event_id")?;
    record.event_type = text("event_type")?;
    record.received = to_time(row.try_get("received")?);
    record.error = text("error")?;
    record.request = row.try_get::<String, _>("request")?.into();
    record.body_bytes = row.try_get::<i64, _>("body_bytes")?.unsigned_abs();
    Ok(record)
}

fn attempt(row: &PgRow) -> Result<Attempt, sqlx::Error> {
    let (number, ended) =
        (to_count(row.try_get::<i32, _>("number")?.into()), to_time(row.try_get("ended")?));
    let mut attempt = Attempt::new(number, row.try_get::<String, _>("outcome")?, ended);
    attempt.error = row.try_get::<Option<String>, _>("error")?.map(Into::into);
    attempt.took = duration(row.try_get("took_ms")?);
    attempt.worker = row.try_get::<String, _>("worker")?.into();
    Ok(attempt)
}

fn to_time(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or(0))
}
