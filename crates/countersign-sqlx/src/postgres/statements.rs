//! One statement for each operation. `$1` is the key, `$2` the fencing token (of `claim` and `take`: the fingerprint),
//! `$3` a span in milliseconds.

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
    take: Arc<str>,
    renew: Arc<str>,
    commit: Arc<str>,
    hold: Arc<str>,
    release: Arc<str>,
    sweep: Arc<str>,
    blocks: Arc<str>,
    turn: Arc<str>,
    rewind: Arc<str>,
    find: Arc<str>,
    forget: Arc<str>,
    stats: Arc<str>,
}

/// Time by the server's clock, which goes on within a transaction.
const UNTIL: &str = "clock_timestamp() + $3 * interval '1 millisecond'";

/// A row as `Found` reads it.
const FOUND: &str = "state, fence, fingerprint, \
     (extract(epoch FROM until - clock_timestamp()) * 1000)::bigint AS left_ms";

impl Statements {
    pub(super) fn new(table: &Table) -> Self {
        let (sequence, swept) = (table.sequence(), table.swept());
        let (is_in_progress, is_handled) = (is_in_progress(), is_handled());
        Self {
            table: table.clone(),
            // One that is known is found as it stood before the statement; none is given where it came
            // in meanwhile.
            claim: format!(
                "WITH new AS (
                     INSERT INTO {table} (key, fence, until, fingerprint, state)
                     VALUES ($1, nextval('{sequence}'), {UNTIL}, $2, {IN_PROGRESS})
                     ON CONFLICT DO NOTHING
                     RETURNING state, fence
                 )
                 SELECT state, fence, NULL::bigint AS fingerprint, NULL::bigint AS left_ms FROM new
                 UNION ALL
                 SELECT {FOUND} FROM {table} WHERE key = $1 AND NOT EXISTS (SELECT FROM new)"
            )
            .into(),
            // It does not wait for the end of a handler's transaction either: who did, and gave up,
            // would keep a connection until then.
            take: format!(
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
            // What is done already stays as it is.
            commit: format!(
                "UPDATE {table}
                 SET until = CASE WHEN {is_handled} THEN until ELSE {UNTIL} END, state = {HANDLED}
                 WHERE key = $1 AND fence = $2 AND state <> {ABSENT}"
            )
            .into(),
            // A lock only: claims of the event, which insert, wait for whoever writes to its row.
            hold: format!(
                "SELECT 1 FROM {table} WHERE key = $1 AND fence = $2 AND {is_in_progress} FOR UPDATE"
            )
            .into(),
            // The row stays for a while: a claim under way may have drawn a lower fencing token.
            release: format!(
                "UPDATE {table} SET until = clock_timestamp(), state = {ABSENT}
                 WHERE key = $1 AND fence = $2 AND {is_in_progress}"
            )
            .into(),
            sweep: sweep(table).into(),
            blocks: format!(
                "SELECT pg_relation_size('{table}') / current_setting('block_size')::bigint AS blocks"
            )
            .into(),
            turn: format!("SELECT nextval('{swept}') AS turn").into(),
            rewind: format!("SELECT setval('{swept}', 1)").into(),
            find: format!("SELECT {FOUND} FROM {table} WHERE key = $1").into(),
            // A fencing token of its own, so that whoever holds the event settles it no more. It fails where it
            // would wait for a handler's transaction.
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

    /// Of an event that the table does not have; where it has, what that is.
    pub(super) fn claim(&self) -> Statement<'static> {
        prepare(&self.claim)
    }

    /// The claim of an event that it has and nobody holds; no row is given where somebody does.
    pub(super) fn take(&self) -> Statement<'static> {
        prepare(&self.take)
    }

    pub(super) fn renew(&self) -> Statement<'static> {
        prepare(&self.renew)
    }

    pub(super) fn commit(&self) -> Statement<'static> {
        prepare(&self.commit)
    }

    /// What a handler's transaction begins with.
    pub(super) fn hold(&self) -> Statement<'static> {
        prepare(&self.hold)
    }

    /// The commit in a handler's transaction.
    /// It is sent as text, and fails if there is nothing to mark.
    pub(super) fn mark(&self, key: &EventKey, fencing_token: i64, retention: i64) -> String {
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

    /// From the block `$1` up to the block `$2`, at most `$3` rows.
    pub(super) fn sweep(&self) -> Statement<'static> {
        prepare(&self.sweep)
    }

    /// How many blocks the table has.
    pub(super) fn blocks(&self) -> Statement<'static> {
        prepare(&self.blocks)
    }

    /// How many sweeps there were since the first blocks were swept, with this one.
    pub(super) fn turn(&self) -> Statement<'static> {
        prepare(&self.turn)
    }

    /// This one is the first.
    pub(super) fn rewind(&self) -> Statement<'static> {
        prepare(&self.rewind)
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

/// A claim that nobody settled is kept for a day, for a late commit; any row for an hour, which no
/// claim under way outlasts.
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
