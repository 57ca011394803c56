//! The delivery log in a SQLite file.

use std::sync::{Arc, LazyLock};

use countersign::Timestamp;
use countersign::dedup::StoreError;
use countersign::log::{
    CapturedRequest, InspectLog, LogBatch, LogEntry, LogFilter, LogId, LogRate, LogRecord,
    LogRetention, LogStore,
};
use rusqlite::{Result as SqliteResult, params};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Row, Sqlite, query};

use super::SqliteStore;
use super::batch::Batch;
use super::job::{LogOperation, Operation};
use super::statements::Statement;
use crate::error::store_error;
use crate::inbox_row::from_millis;
use crate::log_row::{
    COLUMNS, Conditions, Value, from_log_id, from_message, header_names, line_bytes, micros,
    read_rate, read_record, text,
};
use crate::row::{key_bytes, millis};

/// The columns of a line for an operator.
const RECORD: &str = "*, at AS at_ms, \
     EXISTS (SELECT 1 FROM countersign_log_captures WHERE line = countersign_log.id) AS has_capture";

static INSERT: Statement = LazyLock::new(|| {
    format!(
        "INSERT INTO countersign_log ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
             ?14, ?15, ?16, ?17, ?18)"
    )
});

const CAPTURE: &str =
    "INSERT INTO countersign_log_captures (line, at, request) VALUES (?1, ?2, ?3)";

const COUNT: &str = "
    INSERT INTO countersign_rates (minute, endpoint, outcome, rejection, requests, took_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (minute, endpoint, outcome, rejection)
    DO UPDATE SET requests = requests + excluded.requests, took_us = took_us + excluded.took_us";

const ADD_BYTES: &str = "UPDATE countersign_log_meta SET bytes = bytes + ?1";

/// Finds the last of at most `?1` lines to remove: of those that are older than `?2`, of those beyond the last
/// `?3`, or of the first that have `?4` bytes more than may be kept.
const FIND_OLD: &str = "
    SELECT max(id), sum(bytes) FROM (
        SELECT id, at, bytes, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before FROM (
            SELECT id, at, bytes FROM countersign_log ORDER BY id LIMIT ?1))
    WHERE at < ?2 OR id <= (SELECT max(id) FROM countersign_log) - ?3
        OR bytes_before < (SELECT bytes FROM countersign_log_meta) - ?4";

/// Removes the lines up to the id `?1`.
const REMOVE: &str = "DELETE FROM countersign_log WHERE id <= ?1";

const REMOVE_CAPTURES: &str = "DELETE FROM countersign_log_captures WHERE at < ?1 OR line <= ?2";

const REMOVE_RATES: &str = "DELETE FROM countersign_rates WHERE minute < ?1";

impl Batch<'_> {
    pub(super) fn append_log(&self, batch: &LogBatch) -> SqliteResult<u64> {
        for entry in &batch.entries {
            self.append_line(entry)?;
            if let Some(capture) = &entry.capture {
                let (id, at) =
                    (self.transaction.last_insert_rowid(), from_millis(entry.at.as_millis()));
                self.run(CAPTURE, params![id, at, text(capture.as_json())])?;
            }
        }
        let bytes: i64 = batch.entries.iter().map(line_bytes).sum();
        self.run(ADD_BYTES, params![bytes])?;
        for rate in &batch.rates {
            let count = i64::try_from(rate.count).unwrap_or(i64::MAX);
            let values = params![
                from_millis(rate.minute.as_millis()),
                &*rate.endpoint,
                &*rate.outcome,
                &*rate.rejection,
                count,
                micros(rate.took),
            ];
            self.run(COUNT, values)?;
        }
        Ok(u64::try_from(batch.entries.len()).unwrap_or(u64::MAX))
    }

    fn append_line(&self, entry: &LogEntry) -> SqliteResult<u64> {
        let values = params![
            from_millis(entry.at.as_millis()),
            &*entry.endpoint,
            entry.tenant.as_deref(),
            &*entry.sender,
            &*entry.outcome,
            entry.rejection.as_deref(),
            entry.reason.as_deref(),
            entry.status,
            entry.key_name.as_deref(),
            entry.key.as_ref().map(key_bytes),
            entry.message.map(from_message),
            entry.event_id.as_deref(),
            entry.event_type.as_deref(),
            entry.is_verified,
            i64::try_from(entry.body_bytes).unwrap_or(i64::MAX),
            micros(entry.took),
            header_names(entry),
            line_bytes(entry),
        ];
        self.run(&INSERT, values)
    }

    pub(super) fn prune_log(&self, retention: LogRetention, limit: u32) -> SqliteResult<u64> {
        let oldest = self.now.saturating_sub(millis(retention.age));
        let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
        let (lines, bytes) = (number(retention.lines), number(retention.bytes));
        let mut find = self.transaction.prepare_cached(FIND_OLD)?;
        let last: (Option<i64>, Option<i64>) = find
            .query_row(params![limit, oldest, lines, bytes], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let removed = match last {
            (Some(last), Some(bytes)) => {
                self.run(ADD_BYTES, params![-bytes])?;
                self.run(REMOVE, params![last])?
            }
            _ => 0,
        };
        let expired = self.now.saturating_sub(millis(retention.captures));
        self.run(REMOVE_CAPTURES, params![expired, last.0.unwrap_or_default()])?;
        self.run(REMOVE_RATES, params![oldest])?;
        Ok(removed)
    }
}

impl LogStore for SqliteStore {
    async fn append_log(&self, batch: &LogBatch) -> Result<(), StoreError> {
        let append = LogOperation::Append(Arc::new(batch.clone()));
        self.execute(Operation::Log(append)).await?.changed().map(drop)
    }

    async fn prune_log(&self, retention: LogRetention, limit: u32) -> Result<u64, StoreError> {
        self.execute(Operation::Log(LogOperation::Prune { retention, limit })).await?.changed()
    }
}

impl InspectLog for SqliteStore {
    async fn log_records(
        &self,
        filter: &LogFilter,
        before: Option<LogId>,
        limit: u32,
    ) -> Result<Vec<LogRecord>, StoreError> {
        let conditions = Conditions::new(filter, before, "{}");
        let sql = format!(
            "SELECT {RECORD} FROM countersign_log WHERE {} ORDER BY id DESC LIMIT ${}",
            conditions.sql,
            conditions.next_parameter()
        );
        let rows = bound(sql, &conditions).bind(limit).fetch_all(&self.0.pool).await;
        let records = rows.and_then(|rows| rows.iter().map(read_record).collect());
        records.map_err(|error| store_error(&error))
    }

    async fn count_log(&self, filter: &LogFilter, limit: u64) -> Result<u64, StoreError> {
        let conditions = Conditions::new(filter, None, "{}");
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM countersign_log WHERE {} LIMIT ${})",
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
        let rows = query(
            "SELECT *, minute AS minute_ms FROM countersign_rates
             WHERE minute >= ?1 AND minute < ?2 AND (?3 IS NULL OR endpoint = ?3)
             ORDER BY minute, endpoint, outcome, rejection",
        )
        .bind(from_millis(from.as_millis()))
        .bind(from_millis(before.as_millis()))
        .bind(endpoint)
        .fetch_all(&self.0.pool)
        .await;
        let rates = rows.and_then(|rows| rows.iter().map(read_rate).collect());
        rates.map_err(|error| store_error(&error))
    }

    async fn log_capture(&self, id: LogId) -> Result<Option<CapturedRequest>, StoreError> {
        let find = query("SELECT request FROM countersign_log_captures WHERE line = ?1");
        let row = find.bind(from_log_id(id)).fetch_optional(&self.0.pool).await;
        let request = row.and_then(|row| row.map(|row| row.try_get::<String, _>(0)).transpose());
        request
            .map(|request| request.map(CapturedRequest::from_json))
            .map_err(|error| store_error(&error))
    }
}

fn bound<'f>(sql: String, conditions: &Conditions<'f>) -> Query<'f, Sqlite, SqliteArguments> {
    conditions.values.iter().fold(query(AssertSqlSafe(sql)), |query, value| match *value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}
