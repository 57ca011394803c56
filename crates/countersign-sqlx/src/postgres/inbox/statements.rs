//! The SQL statements of the inbox.

use std::sync::Arc;

use super::tables::InboxTables;
use crate::inbox_row::{
    DEAD, DISCARDED, DONE, FilterValues, LEASE_EXPIRED, READY, RETURNED, RUNNING,
};
use crate::postgres::table::Table;
use crate::row::{ABSENT, HANDLED};

/// Times for a row's reader, in milliseconds.
const MILLIS: &str = "* 1000)::bigint";

pub(super) struct InboxStatements {
    pub(super) version: Arc<str>,
    pub(super) lock_lane: Arc<str>,
    pub(super) enqueue: Arc<str>,
    pub(super) take_over: Arc<str>,
    pub(super) claim: Arc<str>,
    pub(super) renew: Arc<str>,
    pub(super) settle: Arc<str>,
    pub(super) forget_returns: Arc<str>,
    pub(super) lock_message: Arc<str>,
    pub(super) prune: Arc<str>,
    pub(super) pause: Arc<str>,
    pub(super) resume: Arc<str>,
    pub(super) backlog: Arc<str>,
    pub(super) replay: Arc<str>,
    pub(super) body: Arc<str>,
    pub(super) attempts: Arc<str>,
}

impl InboxStatements {
    pub(super) fn new(events: &Table, tables: &InboxTables) -> Self {
        let (inbox, attempts) = (&tables.inbox, &tables.attempts);
        let (paused, meta) = (&tables.paused, &tables.meta);
        Self {
            version: format!("SELECT schema FROM {meta}").into(),
            // Of a lane's messages, a later one is then never visible before an earlier one.
            lock_lane: "SELECT pg_advisory_xact_lock($1)".into(),
            enqueue: enqueue(events, inbox).into(),
            take_over: take_over(events, inbox).into(),
            claim: claim(events, tables).into(),
            renew: renew(inbox).into(),
            settle: settle(inbox, attempts).into(),
            forget_returns: format!(
                "DELETE FROM {attempts}
                 WHERE message = ANY($1) AND outcome = '{RETURNED}' AND fence <> ALL($2)"
            )
            .into(),
            lock_message: format!(
                "SELECT 1 FROM {inbox} WHERE id = $1 AND fence = $2 AND state = {RUNNING} FOR UPDATE"
            )
            .into(),
            prune: format!(
                "WITH old AS (
                     SELECT id FROM {inbox}
                     WHERE state = $1 AND due <= now() - $2 * interval '1 millisecond'
                     ORDER BY due LIMIT $3 FOR UPDATE SKIP LOCKED
                 ), attempts AS (
                     DELETE FROM {attempts} WHERE message IN (SELECT id FROM old)
                 )
                 DELETE FROM {inbox} WHERE id IN (SELECT id FROM old)"
            )
            .into(),
            pause: format!("INSERT INTO {paused} VALUES ($1, now()) ON CONFLICT DO NOTHING").into(),
            resume: format!("DELETE FROM {paused} WHERE endpoint = $1").into(),
            backlog: backlog(inbox, paused).into(),
            replay: format!(
                "WITH given AS (
                     SELECT id, nextval('{sequence}') AS fence FROM unnest($1::bigint[]) AS id
                 )
                 UPDATE {inbox} AS message SET state = {READY}, fence = given.fence,
                     position = given.fence, due = now(), attempt = 0, replays = replays + 1, error = NULL
                 FROM given WHERE message.id = given.id",
                sequence = events.sequence(),
            )
            .into(),
            body: format!("SELECT body FROM {inbox} WHERE id = $1").into(),
            attempts: format!(
                "SELECT number, (extract(epoch FROM ended) {MILLIS} AS ended, took_ms, outcome, worker, error
                 FROM {attempts} WHERE message = $1 ORDER BY fence"
            )
            .into(),
        }
    }
}

/// The number of milliseconds since 1970 as a time.
const TIME: &str = "to_timestamp({} / 1000.0)";

/// The statements that find messages by a filter, whose values are the parameters 1 to 9.
pub(super) struct Filtered {
    inbox: String,
    matching: String,
}

impl Filtered {
    pub(super) fn new(tables: &InboxTables, values: &FilterValues<'_>) -> Self {
        Self { inbox: tables.inbox.clone(), matching: values.matching(TIME) }
    }

    pub(super) fn find_replayable(&self) -> String {
        let Self { inbox, matching } = self;
        format!(
            "SELECT id, lane FROM {inbox}
             WHERE {matching} AND state IN ({DONE}, {DEAD}, {DISCARDED})
             ORDER BY id LIMIT $10 FOR UPDATE SKIP LOCKED"
        )
    }

    pub(super) fn discard(&self) -> String {
        let Self { inbox, matching } = self;
        format!(
            "UPDATE {inbox} SET state = {DISCARDED}, due = now() WHERE id IN (
                 SELECT id FROM {inbox} WHERE {matching} AND state IN ({READY}, {DEAD})
                 ORDER BY id LIMIT $10 FOR UPDATE SKIP LOCKED)"
        )
    }

    /// Reads at most `$11` messages below the id `$10`, the latest first.
    pub(super) fn list(&self) -> String {
        let Self { inbox, matching } = self;
        format!(
            "SELECT id, key, state, attempt, replays, endpoint, tenant, sender, event_id, event_type,
                 error, request, octet_length(body)::bigint AS body_bytes,
                 (extract(epoch FROM received) {MILLIS} AS received,
                 (extract(epoch FROM due - now()) {MILLIS} AS left_ms
             FROM {inbox} WHERE {matching} AND id < $10
             ORDER BY id DESC LIMIT $11"
        )
    }

    pub(super) fn count(&self) -> String {
        let Self { inbox, matching } = self;
        format!(
            "SELECT count(*) AS messages FROM (SELECT FROM {inbox} WHERE {matching} LIMIT $10) AS found"
        )
    }
}

/// Returns the SQL that marks a message as done, and fails if there is none to mark: it is sent as text,
/// together with `COMMIT`.
pub(super) fn mark_done(inbox: &str, id: i64, fence: i64) -> String {
    format!(
        "WITH marked AS (
             UPDATE {inbox} SET state = {DONE}, due = clock_timestamp(), error = NULL
             WHERE id = {id} AND fence = {fence} AND state = {RUNNING} RETURNING 1
         )
         SELECT 1 / count(*) FROM marked"
    )
}

/// The insert of a message whose event's row is `event`. The parameters 4 to 13 are its columns.
fn insert(inbox: &str) -> String {
    format!(
        "INSERT INTO {inbox} (key, fence, state, due, attempt, replays, position, lane, endpoint, tenant,
             sender, event_id, event_type, received, request, body)
         SELECT $1, fence, {READY}, now(), 0, 0, fence, $4, $5, $6, $7, $8, $9,
             to_timestamp($10 / 1000.0), $11, $12
         FROM event RETURNING id"
    )
}

/// Both parts see the tables as they were before the statement, as in the statement `claim` of an event.
fn enqueue(events: &Table, inbox: &str) -> String {
    let (sequence, insert) = (events.sequence(), insert(inbox));
    format!(
        "WITH event AS (
             INSERT INTO {events} (key, fence, until, fingerprint, state)
             VALUES ($1, nextval('{sequence}'), clock_timestamp() + $3 * interval '1 millisecond', $2,
                 {HANDLED})
             ON CONFLICT DO NOTHING RETURNING fence
         ), message AS ({insert})
         SELECT id, NULL::smallint AS state, NULL::bigint AS fence, NULL::bigint AS fingerprint,
             NULL::bigint AS left_ms
         FROM message
         UNION ALL
         SELECT NULL, state, fence, fingerprint,
             (extract(epoch FROM until - clock_timestamp()) {MILLIS}
         FROM {events} WHERE key = $1 AND NOT EXISTS (SELECT FROM event)"
    )
}

/// Returns no row if another session was faster, or has the event's row locked.
fn take_over(events: &Table, inbox: &str) -> String {
    let (sequence, insert) = (events.sequence(), insert(inbox));
    format!(
        "WITH event AS (
             UPDATE {events} SET fence = nextval('{sequence}'), fingerprint = $2, state = {HANDLED},
                 until = clock_timestamp() + $3 * interval '1 millisecond'
             WHERE key IN (
                 SELECT key FROM {events}
                 WHERE key = $1 AND (state = {ABSENT} OR until <= clock_timestamp())
                 FOR UPDATE SKIP LOCKED
             )
             RETURNING fence
         )
         {insert}"
    )
}

/// Claims messages of the endpoint `$1`: at most `$2`, for `$3` milliseconds, with `$4` attempts each.
fn claim(events: &Table, tables: &InboxTables) -> String {
    let (inbox, attempts, paused) = (&tables.inbox, &tables.attempts, &tables.paused);
    let sequence = events.sequence();
    let is_exhausted = format!("was.state = {RUNNING} AND was.attempt >= $4");
    format!(
        "WITH was AS MATERIALIZED (
             SELECT id, fence, state, attempt, worker, due,
                 -- The last attempt that was not returned ended with its lease.
                 state = {RUNNING} OR attempt > 0 AND coalesce((
                     SELECT outcome FROM {attempts} AS earlier
                     WHERE earlier.message = message.id AND outcome <> '{RETURNED}'
                     ORDER BY earlier.fence DESC LIMIT 1) = '{LEASE_EXPIRED}', false) AS takeover
             FROM {inbox} AS message
             WHERE endpoint = $1 AND state IN ({READY}, {RUNNING}) AND due <= now()
                 AND NOT EXISTS (SELECT FROM {paused} WHERE endpoint = $1)
                 AND (lane IS NULL OR NOT EXISTS (
                     SELECT FROM {inbox} AS earlier
                     WHERE earlier.lane = message.lane AND earlier.lane IS NOT NULL
                         AND earlier.state IN ({READY}, {RUNNING}, {DEAD})
                         AND earlier.position < message.position
                         AND (earlier.state <> {DEAD} OR NOT $7)))
             ORDER BY due, id LIMIT $2 FOR UPDATE SKIP LOCKED
         ), expired AS (
             INSERT INTO {attempts} (message, fence, number, ended, took_ms, outcome, worker)
             SELECT id, fence, attempt, clock_timestamp(), 0, '{LEASE_EXPIRED}', coalesce(worker, '')
             FROM was WHERE state = {RUNNING}
             ON CONFLICT DO NOTHING
         ), dead AS (
             UPDATE {inbox} AS message SET state = {DEAD}, due = clock_timestamp(), error = $6,
                 fence = nextval('{sequence}')
             FROM was WHERE message.id = was.id AND {is_exhausted}
             RETURNING message.id, message.fence, message.attempt
         ), started AS (
             UPDATE {inbox} AS message SET state = {RUNNING}, fence = nextval('{sequence}'),
                 due = clock_timestamp() + $3 * interval '1 millisecond', attempt = message.attempt + 1,
                 worker = $5
             FROM was WHERE message.id = was.id AND NOT ({is_exhausted})
             RETURNING message.id, message.fence, message.attempt, replays, was.takeover,
                 tenant, request, body, was.due
         )
         SELECT id, fence, attempt, replays, takeover, tenant, request, body, false AS is_dead, due FROM started
         UNION ALL
         SELECT id, fence, attempt, 0, false, NULL, NULL, NULL, true, NULL FROM dead
         ORDER BY due, id"
    )
}

/// Renews the attempts `$1`, `$2` for `$3` milliseconds. It waits for no handler's transaction: while that has
/// the row locked, no claim takes the message over.
///
/// Each row is found by a query of its own, which has one plan: a join that was planned while the table was empty
/// would read all of it later.
fn renew(inbox: &str) -> String {
    format!(
        "WITH given AS (
             SELECT id, fence, number
             FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS given (id, fence, number)
         ), locked AS (
             SELECT message.id FROM given CROSS JOIN LATERAL (
                 SELECT id FROM {inbox} WHERE id = given.id AND fence = given.fence AND state = {RUNNING}
                 LIMIT 1 FOR UPDATE SKIP LOCKED
             ) AS message
         ), renewed AS (
             UPDATE {inbox} AS message SET due = clock_timestamp() + $3 * interval '1 millisecond'
             FROM locked WHERE message.id = locked.id
         )
         SELECT (SELECT state IN ({RUNNING}, {DONE}) FROM {inbox}
                 WHERE id = given.id AND fence = given.fence LIMIT 1) AS applied
         FROM given ORDER BY number"
    )
}

/// Settles attempts and records them. A row that it cannot settle is returned as it is: of a later attempt, of a
/// settled one, or locked by a handler's transaction.
fn settle(inbox: &str, attempts: &str) -> String {
    let record = format!(
        "INSERT INTO {attempts} (message, fence, number, ended, took_ms, outcome, worker, error)"
    );
    format!(
        "WITH given AS (
             SELECT *
             FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::integer[], $6::text[],
                 $7::text[], $8::bigint[])
                 WITH ORDINALITY AS given (id, fence, state, wait, attempts, error, outcome, took_ms, number)
         ), locked AS (
             SELECT given.* FROM given CROSS JOIN LATERAL (
                 SELECT FROM {inbox} WHERE id = given.id AND fence = given.fence AND state = {RUNNING}
                 LIMIT 1 FOR UPDATE SKIP LOCKED
             ) AS message
         ), settled AS (
             UPDATE {inbox} AS message SET state = locked.state, error = locked.error,
                 due = clock_timestamp() + wait * interval '1 millisecond',
                 attempt = message.attempt + locked.attempts
             FROM locked WHERE message.id = locked.id
             RETURNING message.id, message.fence, message.attempt - locked.attempts AS counted, worker,
                 took_ms, outcome, locked.error, number
         ), recorded AS (
             {record}
             SELECT id, fence, counted, clock_timestamp(), took_ms, outcome, coalesce(worker, ''), error
             FROM settled ON CONFLICT DO NOTHING
         ), found AS MATERIALIZED (
             SELECT given.id, given.fence, took_ms, number, message.*
             FROM given LEFT JOIN LATERAL (
                 SELECT state, attempt, worker FROM {inbox}
                 WHERE id = given.id AND fence = given.fence LIMIT 1
             ) AS message ON true
         ), marked AS (
             {record}
             SELECT id, fence, attempt, clock_timestamp(), took_ms, 'done', coalesce(worker, ''), NULL
             FROM found WHERE state = {DONE} ON CONFLICT DO NOTHING
         )
         SELECT settled.number IS NOT NULL AS settled, found.state
         FROM found LEFT JOIN settled USING (number) ORDER BY number"
    )
}

fn backlog(inbox: &str, paused: &str) -> String {
    format!(
        "SELECT endpoint, sum(ready)::bigint AS ready, sum(running)::bigint AS running,
             sum(dead)::bigint AS dead, sum(live_bytes)::bigint AS live_bytes,
             sum(dead_bytes)::bigint AS dead_bytes, max(oldest_ms) AS oldest_ms, bool_or(paused) AS paused
         FROM (
             SELECT endpoint, count(*) FILTER (WHERE state = {READY}) AS ready,
                 count(*) FILTER (WHERE state = {RUNNING}) AS running, 0 AS dead,
                 coalesce(sum(octet_length(body)), 0) AS live_bytes, 0 AS dead_bytes,
                 coalesce((extract(epoch FROM now() - min(due) FILTER (WHERE state = {READY})) {MILLIS}, 0)
                     AS oldest_ms, false AS paused
             FROM {inbox} WHERE state IN ({READY}, {RUNNING}) GROUP BY endpoint
             UNION ALL
             SELECT endpoint, 0, 0, count(*), 0, coalesce(sum(octet_length(body)), 0), 0, false
             FROM {inbox} WHERE state = {DEAD} GROUP BY endpoint
             UNION ALL
             SELECT endpoint, 0, 0, 0, 0, 0, 0, true FROM {paused}) AS parts
         GROUP BY endpoint ORDER BY endpoint"
    )
}
