//! What an operator sees of the inbox.

use bytes::Bytes;
use countersign::Timestamp;
use countersign::dedup::StoreError;
use countersign::inbox::{
    Attempt, InspectInbox, MessageFilter, MessageId, MessageRecord, MessageState,
};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row, Sqlite, query};

use super::statements::{ATTEMPTS, BODY, count, list, matching};
use crate::error::store_error;
use crate::inbox_row::{FilterValues, from_id, to_count, to_id, to_key, to_state};
use crate::row::duration;
use crate::sqlite::SqliteStore;
use crate::sqlite::job::InboxOperation;

impl InspectInbox for SqliteStore {
    async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let list = filtered(list, filter).bind(before.map_or(i64::MAX, from_id)).bind(limit);
        let rows = list.fetch_all(&self.0.pool).await;
        let records = rows.and_then(|rows| rows.iter().map(record).collect());
        records.map_err(|error| store_error(&error))
    }

    async fn count_messages(&self, filter: &MessageFilter, limit: u64) -> Result<u64, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let row = filtered(count, filter).bind(limit).fetch_one(&self.0.pool).await;
        let count = row.and_then(|row| row.try_get("messages"));
        count.map(i64::unsigned_abs).map_err(|error| store_error(&error))
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        let mut filter = MessageFilter::default();
        filter.id = Some(id);
        Ok(self.messages(&filter, None, 1).await?.pop())
    }

    async fn message_body(&self, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        let row = query(BODY).bind(from_id(id)).fetch_optional(&self.0.pool).await;
        let body = row.and_then(|row| row.map(|row| row.try_get::<Vec<u8>, _>("body")).transpose());
        body.map(|body| body.map(Into::into)).map_err(|error| store_error(&error))
    }

    async fn attempts(&self, id: MessageId) -> Result<Vec<Attempt>, StoreError> {
        let rows = query(ATTEMPTS).bind(from_id(id)).fetch_all(&self.0.pool).await;
        let attempts = rows.and_then(|rows| rows.iter().map(attempt).collect());
        attempts.map_err(|error| store_error(&error))
    }

    async fn replay_messages(&self, filter: &MessageFilter, limit: u32) -> Result<u64, StoreError> {
        let replay = InboxOperation::Replay { filter: Box::new(filter.clone()), limit };
        self.execute_inbox(replay).await?.changed()
    }

    async fn discard_messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let discard = InboxOperation::Discard { filter: Box::new(filter.clone()), limit };
        self.execute_inbox(discard).await?.changed()
    }
}

fn filtered<'f>(
    statement: fn(&str) -> String,
    filter: &'f MessageFilter,
) -> Query<'f, Sqlite, SqliteArguments> {
    let values = FilterValues::from(filter);
    query(AssertSqlSafe(statement(&matching(&values))))
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

fn record(row: &SqliteRow) -> Result<MessageRecord, sqlx::Error> {
    let text = |name| row.try_get::<Option<String>, _>(name).map(|text| text.map(Into::into));
    let mut record =
        MessageRecord::new(to_id(row.try_get("id")?), to_key(row.try_get::<&[u8], _>("key")?));
    record.state = to_state(row.try_get("state")?);
    if matches!(record.state, MessageState::Ready | MessageState::Running) {
        record.due_in = duration(row.try_get("left_ms")?);
    }
    record.attempts = to_count(row.try_get("attempt")?);
    record.replays = to_count(row.try_get("replays")?);
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

fn attempt(row: &SqliteRow) -> Result<Attempt, sqlx::Error> {
    let (number, ended) = (to_count(row.try_get("number")?), to_time(row.try_get("ended")?));
    let mut attempt = Attempt::new(number, row.try_get::<String, _>("outcome")?, ended);
    attempt.error = row.try_get::<Option<String>, _>("error")?.map(Into::into);
    attempt.took = duration(row.try_get("took_ms")?);
    attempt.worker = row.try_get::<String, _>("worker")?.into();
    Ok(attempt)
}

fn to_time(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or(0))
}
