//! One SQL statement for each operation.
//!
//! `$1` is the key, `$2` the fencing token (in `claim` and `take_over` the fingerprint), and `$3` a
//! duration in milliseconds.

use std::sync::Arc;

use countersign::dedup::EventKey;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres, query};

use super::table::Table;
use crate::row::{
    ABSENT, HANDLED, HANDLED_IN_TRANSACTION, IN_PROGRESS, TAKEN_OVER, is_handled, is_in_progress,
};

pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

pub(super) struct Statements {
    table: Table,
    claim: Arc<str>,
    take_over: Arc<str>,
    renew: Arc<str>,
    commit: Arc<str>,
    lock_row: Arc<str>,
    release: Arc<str>,
    settle: Arc<str>,
    commit_unlocked: Arc<str>,
    release_unlocked: Arc<str>,
    sweep: Arc<str>,
    blocks: Arc<str>,
    next_sweep: Arc<str>,
    restart_sweeps: Arc<str>,
    find: Arc<str>,
    forget: Arc<str>,
    stats: Arc<str>,
}

/// The end of the duration `$3`, by the server's clock. `clock_timestamp()` advances within a transaction,
/// unlike `now()`.
const UNTIL: &str = "clock_timestamp() + $3 * interval '1 millisecond'";

/// The columns that `EventRow` reads.
const COLUMNS: &str = "state, fence, fingerprint, \
     (extract(epoch FROM until - clock_timestamp()) * 1000)::bigint AS left_ms";

impl Statements {
    pub(super) fn new(table: &Table) -> Self {
        let (sequence, swept) = (table.sequence(), table.swept());
        let (is_in_progress, is_handled) = (is_in_progress(), is_handled());
        Self {
            table: table.clone(),
            // Both parts see the table as it was before the statement. So a known event is returned
            // unchanged, and no row is returned if another session inserts the event meanwhile.
            claim: format!(
                "WITH new AS (
                     INSERT INTO {table} (key, fence, until, fingerprint, state)
                     VALUES ($1, nextval('{sequence}'), {UNTIL}, $2, {IN_PROGRESS})
                     ON CONFLICT DO NOTHING
                     RETURNING state, fence
                 )
                 SELECT state, fence, NULL::bigint AS fingerprint, NULL::bigint AS left_ms FROM new
                 UNION ALL
                 SELECT {COLUMNS} FROM {table} WHERE key = $1 AND NOT EXISTS (SELECT FROM new)"
            )
            .into(),
            // `SKIP LOCKED`: a claim never waits for a handler's transaction. If it did, a caller that
            // was cancelled would occupy a connection until the transaction's end.
            take_over: format!(
                "UPDATE {table} SET
                     fence = nextval('{sequence}'),
                     until = {UNTIL},
                     fingerprint = $2,
                     state = CASE WHEN {is_in_progress} THEN {TAKEN_OVER} ELSE {IN_PROGRESS} END
                 WHERE key IN (
                     SELECT key FROM {table}
                     WHERE key = $1 AND (state = {ABSENT} OR until <= clock_timestamp())
                     FOR UPDATE SKIP LOCKED
                 )
                 RETURNING fence, state"
            )
            .into(),
            renew: format!(
                "UPDATE {table} SET until =
                     CASE WHEN state = {HANDLED_IN_TRANSACTION} THEN until ELSE {UNTIL} END
                 WHERE key = $1 AND fence = $2
                     AND ({is_in_progress} OR state = {HANDLED_IN_TRANSACTION})"
            )
            .into(),
            // The retention of a handled event does not grow with a repeated commit.
            commit: format!(
                "UPDATE {table}
                 SET until = CASE WHEN {is_handled} THEN until ELSE {UNTIL} END, state = {HANDLED}
                 WHERE key = $1 AND fence = $2 AND state <> {ABSENT}"
            )
            .into(),
            // It locks the row and does not write to it: an insert of the same key, which is how a claim
            // begins, waits for a session that wrote to the row, but not for one that locked it.
            lock_row: format!(
                "SELECT 1 FROM {table} WHERE key = $1 AND fence = $2 AND {is_in_progress} FOR UPDATE"
            )
            .into(),
            // The row is kept: a concurrent claim may have drawn a lower fencing token, and would insert
            // the event with it if the row were gone.
            release: format!(
                "UPDATE {table} SET until = clock_timestamp(), state = {ABSENT}
                 WHERE key = $1 AND fence = $2 AND {is_in_progress}"
            )
            .into(),
            settle: settle(table).into(),
            commit_unlocked: format!(
                "UPDATE {table}
                 SET until = CASE WHEN {is_handled} THEN until ELSE {UNTIL} END, state = {HANDLED}
                 WHERE key IN (
                     SELECT key FROM {table} WHERE key = $1 AND fence = $2 AND state <> {ABSENT}
                     FOR UPDATE SKIP LOCKED)"
            )
            .into(),
            release_unlocked: format!(
                "UPDATE {table} SET until = clock_timestamp(), state = {ABSENT}
                 WHERE key IN (
                     SELECT key FROM {table} WHERE key = $1 AND fence = $2 AND {is_in_progress}
                     FOR UPDATE SKIP LOCKED)"
            )
            .into(),
            sweep: sweep(table).into(),
            blocks: format!(
                "SELECT pg_relation_size('{table}') / current_setting('block_size')::bigint AS blocks"
            )
            .into(),
            next_sweep: format!("SELECT nextval('{swept}') AS number").into(),
            restart_sweeps: format!("SELECT setval('{swept}', 1)").into(),
            find: format!("SELECT {COLUMNS} FROM {table} WHERE key = $1").into(),
            // A new fencing token makes the current claim stale. `NOWAIT`: it fails instead of waiting for
            // a handler's transaction.
            forget: format!(
                "UPDATE {table}
                 SET until = clock_timestamp(), state = {ABSENT}, fence = nextval('{sequence}')
                 WHERE key IN (
                     SELECT key FROM {table} WHERE key = $1 AND state <> {ABSENT} FOR UPDATE NOWAIT
                 )"
            )
            .into(),
            stats: stats(table).into(),
        }
    }

    /// Inserts a new event, or returns the row of a known one.
    pub(super) fn claim(&self) -> Statement<'static> {
        prepare(&self.claim)
    }

    /// Claims a known event that is released or expired; otherwise it returns no row.
    pub(super) fn take_over(&self) -> Statement<'static> {
        prepare(&self.take_over)
    }

    pub(super) fn renew(&self) -> Statement<'static> {
        prepare(&self.renew)
    }

    pub(super) fn commit(&self) -> Statement<'static> {
        prepare(&self.commit)
    }

    /// Locks the row of a current claim until the end of a handler's transaction.
    pub(super) fn lock_row(&self) -> Statement<'static> {
        prepare(&self.lock_row)
    }

    /// Marks the event as handled at the end of a handler's transaction.
    ///
    /// It is sent as text, together with `COMMIT`, so it must fail if no row is marked: it then divides
    /// by zero.
    pub(super) fn mark_handled(
        &self,
        key: &EventKey,
        fencing_token: i64,
        retention: i64,
    ) -> String {
        let table = &self.table;
        format!(
            "WITH marked AS (
                 UPDATE {table}
                 SET until = clock_timestamp() + {retention} * interval '1 millisecond',
                     state = {HANDLED_IN_TRANSACTION}
                 WHERE key = decode('{key}', 'hex') AND fence = {fencing_token}
                     AND state IN ({IN_PROGRESS}, {TAKEN_OVER})
                 RETURNING 1
             )
             SELECT 1 / count(*) FROM marked"
        )
    }

    pub(super) fn release(&self) -> Statement<'static> {
        prepare(&self.release)
    }

    /// Does what [`commit`](Self::commit) does, unless a handler's transaction has the row locked.
    pub(super) fn commit_unlocked(&self) -> Statement<'static> {
        prepare(&self.commit_unlocked)
    }

    /// Does what [`release`](Self::release) does, unless a handler's transaction has the row locked.
    pub(super) fn release_unlocked(&self) -> Statement<'static> {
        prepare(&self.release_unlocked)
    }

    /// Settles the claims with the keys `$1` and the fencing tokens `$2`: commits those with a retention in `$3`, and
    /// releases the others.
    pub(super) fn settle(&self) -> Statement<'static> {
        prepare(&self.settle)
    }

    /// Deletes at most `$3` expired rows from the block `$1` up to the block `$2`.
    pub(super) fn sweep(&self) -> Statement<'static> {
        prepare(&self.sweep)
    }

    /// Returns how many blocks the table has.
    pub(super) fn blocks(&self) -> Statement<'static> {
        prepare(&self.blocks)
    }

    /// Counts a sweep, and returns its number since the first blocks were swept.
    pub(super) fn next_sweep(&self) -> Statement<'static> {
        prepare(&self.next_sweep)
    }

    /// Makes the current sweep the first.
    pub(super) fn restart_sweeps(&self) -> Statement<'static> {
        prepare(&self.restart_sweeps)
    }

    pub(super) fn find(&self) -> Statement<'static> {
        prepare(&self.find)
    }

    pub(super) fn forget(&self) -> Statement<'static> {
        prepare(&self.forget)
    }

    pub(super) fn stats(&self) -> Statement<'static> {
        prepare(&self.stats)
    }
}

fn prepare(statement: &Arc<str>) -> Statement<'static> {
    query(AssertSqlSafe(statement.clone()))
}

/// It waits for no lock, and does to each row what `commit` or `release` does. A row that the claim holds and that
/// is not locked here is locked by a handler's transaction, or has just been changed.
///
/// Each row is found by a query of its own, which has one plan: a join that was planned while the table was empty
/// would read all of it later.
fn settle(table: &Table) -> String {
    let (is_in_progress, is_handled) = (is_in_progress(), is_handled());
    format!(
        "WITH given AS (
             SELECT key, fence, retention, number
             FROM unnest($1::bytea[], $2::bigint[], $3::bigint[])
                 WITH ORDINALITY AS given (key, fence, retention, number)
         ), locked AS (
             SELECT event.key, given.retention FROM given CROSS JOIN LATERAL (
                 SELECT key, fence FROM {table} WHERE key = given.key AND fence = given.fence
                 LIMIT 1 FOR UPDATE SKIP LOCKED
             ) AS event
             WHERE event.fence = given.fence
         ), settled AS (
             UPDATE {table} AS event SET
                 until = CASE WHEN retention IS NULL THEN clock_timestamp()
                     WHEN {is_handled} THEN until
                     ELSE clock_timestamp() + retention * interval '1 millisecond' END,
                 state = CASE WHEN retention IS NULL THEN {ABSENT} ELSE {HANDLED} END
             FROM locked
             WHERE event.key = locked.key AND state <> {ABSENT}
                 AND (retention IS NOT NULL OR {is_in_progress})
             RETURNING event.key
         )
         SELECT settled.key IS NOT NULL AS applied,
             locked.key IS NULL AND (
                 SELECT true FROM {table} WHERE key = given.key AND fence = given.fence LIMIT 1
             ) IS NOT NULL AS is_locked
         FROM given LEFT JOIN settled USING (key) LEFT JOIN locked USING (key)
         ORDER BY number"
    )
}

/// Every row is kept for an hour after it expired, longer than any concurrent claim takes. The row of a
/// claim that was neither committed nor released is kept for a day, so that a late commit applies.
fn sweep(table: &Table) -> String {
    let is_handled = is_handled();
    format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM {table}
             WHERE ctid >= $1::text::tid AND ctid < $2::text::tid
                 AND until <= now() - interval '1 hour'
                 AND (state = {ABSENT} OR {is_handled} OR until <= now() - interval '1 day')
             LIMIT $3 FOR UPDATE SKIP LOCKED
         )) AND until <= now() - interval '1 hour'"
    )
}

fn stats(table: &Table) -> String {
    let (is_in_progress, is_handled) = (is_in_progress(), is_handled());
    format!(
        "SELECT
             count(*) FILTER (WHERE {is_in_progress}) AS in_progress,
             count(*) FILTER (WHERE {is_in_progress} AND until <= now) AS lease_expired,
             coalesce((extract(epoch FROM now - min(until) FILTER (WHERE {is_in_progress})) * 1000
                 )::bigint, 0) AS oldest_expired_lease_ms,
             count(*) FILTER (WHERE {is_handled} AND until > now) AS handled,
             count(*) FILTER (WHERE until <= now
                 AND (state = {ABSENT} OR {is_handled} OR until <= now - interval '1 day')) AS expired,
             pg_total_relation_size('{table}') AS bytes
         FROM (SELECT clock_timestamp() AS now) AS clock LEFT JOIN {table} ON true
         GROUP BY now"
    )
}
