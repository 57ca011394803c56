//! The delivery log in PostgreSQL tables.

pub(super) mod tables;

use std::sync::Arc;

use countersign::Timestamp;
use countersign::dedup::StoreError;
use countersign::log::{
    CapturedRequest, InspectLog, LogBatch, LogEntry, LogFilter, LogId, LogRate, LogRecord,
    LogRetention, LogStore,
};
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Row, query};

use self::tables::LogTables;
use super::PostgresStore;
use crate::error::store_error;
use crate::inbox_row::from_millis;
use crate::log_row::{
    COLUMNS, Conditions, Value, from_log_id, from_message, header_names, line_bytes, micros,
    read_rate, read_record, text,
};
use crate::row::{key_bytes, millis};

/// The number of milliseconds since 1970 as a time.
const TIME: &str = "to_timestamp({} / 1000.0)";

/// Returns the values of one column of the lines.
fn column<'b, T>(batch: &'b LogBatch, value: impl Fn(&'b LogEntry) -> T) -> Vec<T> {
    batch.entries.iter().map(value).collect()
}

impl LogStore for PostgresStore {
    async fn append_log(&self, batch: &LogBatch) -> Result<(), StoreError> {
        let statements = &self.0.log.statements;
        let owned = |value: Option<&str>| value.map(|value| text(value).into_owned());
        let append = async {
            let mut transaction = self.0.pool.begin().await?;
            if !batch.entries.is_empty() {
                query(AssertSqlSafe(Arc::clone(&statements.append)))
                    .bind(column(batch, |entry| from_millis(entry.at.as_millis())))
                    .bind(column(batch, |entry| entry.endpoint.to_string()))
                    .bind(column(batch, |entry| owned(entry.tenant.as_deref())))
                    .bind(column(batch, |entry| entry.sender.to_string()))
                    .bind(column(batch, |entry| entry.outcome.to_string()))
                    .bind(column(batch, |entry| owned(entry.rejection.as_deref())))
                    .bind(column(batch, |entry| owned(entry.reason.as_deref())))
                    .bind(column(batch, |entry| i64::from(entry.status)))
                    .bind(column(batch, |entry| owned(entry.key_name.as_deref())))
                    .bind(column(batch, |entry| {
                        entry.key.as_ref().map(|key| key_bytes(key).to_vec())
                    }))
                    .bind(column(batch, |entry| entry.message.map(from_message)))
                    .bind(column(batch, |entry| owned(entry.event_id.as_deref())))
                    .bind(column(batch, |entry| owned(entry.event_type.as_deref())))
                    .bind(column(batch, |entry| entry.is_verified))
                    .bind(column(batch, |entry| {
                        i64::try_from(entry.body_bytes).unwrap_or(i64::MAX)
                    }))
                    .bind(column(batch, |entry| micros(entry.took)))
                    .bind(column(batch, header_names))
                    .bind(column(batch, line_bytes))
                    .bind(column(batch, |entry| {
                        owned(entry.capture.as_ref().map(CapturedRequest::as_json))
                    }))
                    .execute(&mut *transaction)
                    .await?;
            }
            let rates = || batch.rates.iter();
            let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
            query(AssertSqlSafe(Arc::clone(&statements.count)))
                .bind(rates().map(|rate| from_millis(rate.minute.as_millis())).collect::<Vec<_>>())
                .bind(rates().map(|rate| rate.endpoint.to_string()).collect::<Vec<_>>())
                .bind(rates().map(|rate| rate.outcome.to_string()).collect::<Vec<_>>())
                .bind(rates().map(|rate| rate.rejection.to_string()).collect::<Vec<_>>())
                .bind(rates().map(|rate| number(rate.count)).collect::<Vec<_>>())
                .bind(rates().map(|rate| micros(rate.took)).collect::<Vec<_>>())
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await
        };
        append.await.map_err(|error: sqlx::Error| store_error(&error))
    }

    async fn prune_log(&self, retention: LogRetention, limit: u32) -> Result<u64, StoreError> {
        let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
        let row = query(AssertSqlSafe(Arc::clone(&self.0.log.statements.prune)))
            .bind(i64::from(limit))
            .bind(millis(retention.age))
            .bind(number(retention.lines))
            .bind(number(retention.bytes))
            .bind(millis(retention.captures))
            .fetch_one(&self.0.pool)
            .await;
        let removed = row.and_then(|row| row.try_get::<i64, _>(0));
        removed.map(i64::unsigned_abs).map_err(|error| store_error(&error))
    }
}

impl InspectLog for PostgresStore {
    async fn log_records(
        &self,
        filter: &LogFilter,
        before: Option<LogId>,
        limit: u32,
    ) -> Result<Vec<LogRecord>, StoreError> {
        let LogTables { log, captures, .. } = &self.0.log;
        let conditions = Conditions::new(filter, before, TIME);
        let sql = format!(
            "SELECT id, {COLUMNS}, (extract(epoch FROM at) * 1000)::bigint AS at_ms,
                 EXISTS (SELECT FROM {captures} WHERE line = {log}.id) AS has_capture
             FROM {log} WHERE {} ORDER BY id DESC LIMIT ${}",
            conditions.sql,
            conditions.next_parameter()
        );
        let rows = bound(sql, &conditions).bind(i64::from(limit)).fetch_all(&self.0.pool).await;
        let records = rows.and_then(|rows| rows.iter().map(read_record).collect());
        records.map_err(|error| store_error(&error))
    }

    async fn count_log(&self, filter: &LogFilter, limit: u64) -> Result<u64, StoreError> {
        let log = &self.0.log.log;
        let conditions = Conditions::new(filter, None, TIME);
        let sql = format!(
            "SELECT count(*) FROM (SELECT FROM {log} WHERE {} LIMIT ${}) AS found",
            conditions.sql,
            conditions.next_parameter()
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let row = bound(sql, &conditions).bind(limit).fetch_one(&self.0.pool).await;
        let count = row.and_then(|row| row.try_get::<i64, _>(0));
        count.map(i64::unsigned_abs).map_err(|error| store_error(&error))
    }

    async fn log_rates(
        &self,
        endpoint: Option<&str>,
        from: Timestamp,
        before: Timestamp,
    ) -> Result<Vec<LogRate>, StoreError> {
        let sql = format!(
            "SELECT *, (extract(epoch FROM minute) * 1000)::bigint AS minute_ms FROM {}
             WHERE minute >= to_timestamp($1 / 1000.0) AND minute < to_timestamp($2 / 1000.0)
                 AND ($3::text IS NULL OR endpoint = $3)
             ORDER BY minute, endpoint, outcome, rejection",
            self.0.log.rates
        );
        let rows = query(AssertSqlSafe(sql))
            .bind(from_millis(from.as_millis()))
            .bind(from_millis(before.as_millis()))
            .bind(endpoint)
            .fetch_all(&self.0.pool)
            .await;
        let rates = rows.and_then(|rows| rows.iter().map(read_rate).collect());
        rates.map_err(|error| store_error(&error))
    }

    async fn log_capture(&self, id: LogId) -> Result<Option<CapturedRequest>, StoreError> {
        let sql = format!("SELECT request FROM {} WHERE line = $1", self.0.log.captures);
        let find = query(AssertSqlSafe(sql)).bind(from_log_id(id));
        let row = find.fetch_optional(&self.0.pool).await;
        let request = row.and_then(|row| row.map(|row| row.try_get::<String, _>(0)).transpose());
        request
            .map(|request| request.map(CapturedRequest::from_json))
            .map_err(|error| store_error(&error))
    }
}

fn bound<'f>(sql: String, conditions: &Conditions<'f>) -> Query<'f, Postgres, PgArguments> {
    // Planned each time, since which index is best depends on the values.
    let query = query(AssertSqlSafe(sql)).persistent(false);
    conditions.values.iter().fold(query, |query, value| match *value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}
