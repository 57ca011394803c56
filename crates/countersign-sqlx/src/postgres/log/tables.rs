//! The names of the log's tables, their SQL, and the statements that write them.

use std::sync::Arc;

use crate::log_row::COLUMNS;
use crate::postgres::table::Table;

const SQL: &str = include_str!("../../../sql/postgres/3-log.sql");

/// The quoted names of the log's tables.
pub(in crate::postgres) struct LogTables {
    pub(super) log: String,
    pub(super) captures: String,
    pub(super) rates: String,
    meta: String,
    /// What the names of the indexes begin with.
    index: String,
    pub(super) statements: LogStatements,
}

pub(super) struct LogStatements {
    pub(super) append: Arc<str>,
    pub(super) count: Arc<str>,
    pub(super) prune: Arc<str>,
}

impl LogTables {
    /// Returns the tables beside a table of events: `countersign_log` and so on beside `countersign_events`, and
    /// `name_log` and so on beside any other.
    pub(in crate::postgres) fn beside(events: &Table) -> Self {
        let stem = events.stem();
        let name = |suffix: &str| events.sibling(&format!("{stem}_{suffix}"));
        let (log, captures) = (name("log"), name("log_captures"));
        let (rates, meta) = (name("rates"), name("log_meta"));
        let statements = LogStatements {
            append: append(&log, &captures, &meta).into(),
            count: count(&rates).into(),
            prune: prune(&log, &captures, &rates, &meta).into(),
        };
        Self { log, captures, rates, meta, index: format!("{stem}_log"), statements }
    }

    pub(in crate::postgres) fn meta(&self) -> &str {
        &self.meta
    }

    /// Returns the SQL that creates the tables.
    pub(in crate::postgres) fn sql(&self) -> String {
        let indexes = ["endpoint", "outcome", "event", "key"];
        let sql = indexes.iter().fold(SQL.to_owned(), |sql, index| {
            let own = format!("EXISTS \"{}_{index}\"", self.index);
            sql.replace(&format!("EXISTS countersign_log_{index}"), &own)
        });
        // The longer names first: the shorter one is their beginning.
        sql.replace("countersign_log_meta", &self.meta)
            .replace("countersign_log_captures", &self.captures)
            .replace("countersign_log ", &format!("{} ", self.log))
            .replace("countersign_rates", &self.rates)
    }
}

/// Appends lines, whose columns are lists. Their ids rise in the order of the lists.
fn append(log: &str, captures: &str, meta: &str) -> String {
    format!(
        "WITH given AS (
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                 $7::text[], $8::bigint[], $9::text[], $10::bytea[], $11::bigint[], $12::text[], $13::text[],
                 $14::boolean[], $15::bigint[], $16::bigint[], $17::text[], $18::bigint[], $19::text[])
                 WITH ORDINALITY AS given ({COLUMNS}, request, number)
         ), numbered AS MATERIALIZED (
             SELECT nextval(pg_get_serial_sequence('{log}', 'id')) AS id, given.* FROM (
                 SELECT * FROM given ORDER BY number) AS given
         ), lines AS (
             INSERT INTO {log} (id, {COLUMNS}) OVERRIDING SYSTEM VALUE
             SELECT id, to_timestamp(at / 1000.0), endpoint, tenant, sender, outcome, rejection, reason, status,
                 key_name, key, message, event_id, event_type, verified, body_bytes, took_us, header_names, bytes
             FROM numbered
         ), captured AS (
             INSERT INTO {captures} (line, at, request)
             SELECT id, to_timestamp(at / 1000.0), request FROM numbered WHERE request IS NOT NULL
         )
         UPDATE {meta} SET bytes = bytes + (SELECT coalesce(sum(bytes), 0) FROM numbered)"
    )
}

fn count(rates: &str) -> String {
    format!(
        "INSERT INTO {rates} AS own (minute, endpoint, outcome, rejection, requests, took_us)
         SELECT to_timestamp(minute / 1000.0), endpoint, outcome, rejection, requests, took_us
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
             AS given (minute, endpoint, outcome, rejection, requests, took_us)
         -- In one order, so that two processes do not wait for each other.
         ORDER BY minute, endpoint, outcome, rejection
         ON CONFLICT (minute, endpoint, outcome, rejection)
         DO UPDATE SET requests = own.requests + excluded.requests, took_us = own.took_us + excluded.took_us"
    )
}

/// Removes at most `$1` lines: those that are older than `$2` milliseconds, those beyond the last `$3`, and the
/// first that have `$4` bytes more than may be kept; and the kept requests that are older than `$5` milliseconds.
fn prune(log: &str, captures: &str, rates: &str, meta: &str) -> String {
    format!(
        "WITH first AS (
             SELECT id, at, bytes, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before
             FROM (SELECT id, at, bytes FROM {log} ORDER BY id LIMIT $1) AS first
         ), old AS MATERIALIZED (
             SELECT max(id) AS last FROM first
             WHERE at < now() - $2 * interval '1 millisecond'
                 OR id <= (SELECT max(id) FROM {log}) - $3
                 OR bytes_before < (SELECT bytes FROM {meta}) - $4
         ), removed AS (
             DELETE FROM {log} WHERE id <= (SELECT last FROM old) RETURNING bytes
         ), captures AS (
             DELETE FROM {captures}
             WHERE at < now() - $5 * interval '1 millisecond' OR line <= (SELECT last FROM old)
         ), rates AS (
             DELETE FROM {rates} WHERE minute < now() - $2 * interval '1 millisecond'
         ), counted AS (
             UPDATE {meta} SET bytes = bytes - (SELECT coalesce(sum(bytes), 0) FROM removed)
         )
         SELECT count(*) FROM removed"
    )
}
