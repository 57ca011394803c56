//! The SQL statements of the inbox.

use std::sync::LazyLock;

use crate::inbox_row::{
    DEAD, DISCARDED, DONE, FilterValues, LEASE_EXPIRED, READY, RETURNED, RUNNING,
};
use crate::sqlite::statements::{NOW, Statement};

pub(in crate::sqlite) static INSERT: Statement = LazyLock::new(|| {
    format!(
        "INSERT INTO countersign_inbox (key, fence, state, due, attempt, replays, position, lane, endpoint,
             tenant, sender, event_id, event_type, received, request, body)
         VALUES (?1, ?2, {READY}, ?3, 0, 0, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    )
});

pub(in crate::sqlite) const IS_PAUSED: &str =
    "SELECT EXISTS (SELECT 1 FROM countersign_paused WHERE endpoint = ?1)";

/// Whether the last attempt at `message` that was not returned ended with its lease.
static FOLLOWS_EXPIRED: Statement = LazyLock::new(|| {
    format!(
        "coalesce((
             SELECT outcome FROM countersign_attempts WHERE message = message.id AND outcome <> '{RETURNED}'
             ORDER BY fence DESC LIMIT 1) = '{LEASE_EXPIRED}', false)"
    )
});

/// Removes the records of returned attempts at the message `?1`.
pub(in crate::sqlite) static FORGET_RETURNS: Statement = LazyLock::new(|| {
    format!("DELETE FROM countersign_attempts WHERE message = ?1 AND outcome = '{RETURNED}'")
});

/// Reads at most `?3` messages of the endpoint `?1` that are due at the time `?2`. With `?4`, dead messages do
/// not block their lane.
pub(in crate::sqlite) static FIND_DUE: Statement = LazyLock::new(|| {
    format!(
        "SELECT id, fence, state, attempt, replays, worker, tenant, request, body,
             attempt > 0 AND {follows_expired} AS follows_expired
         FROM countersign_inbox AS message
         WHERE endpoint = ?1 AND state IN ({READY}, {RUNNING}) AND due <= ?2
             AND (lane IS NULL OR NOT EXISTS (
                 SELECT 1 FROM countersign_inbox AS earlier
                 WHERE earlier.lane = message.lane AND earlier.lane IS NOT NULL
                     AND earlier.state IN ({READY}, {RUNNING}, {DEAD})
                     AND earlier.position < message.position
                     AND (earlier.state <> {DEAD} OR NOT ?4)))
         ORDER BY due, id LIMIT ?3",
        follows_expired = *FOLLOWS_EXPIRED,
    )
});

/// Makes the message `?1` running with the fencing token `?2` until `?3`.
pub(in crate::sqlite) static START: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_inbox
         SET state = {RUNNING}, fence = ?2, due = ?3, attempt = attempt + 1, worker = ?4 WHERE id = ?1"
    )
});

/// Makes the message `?1` dead at the time `?2`, and its last attempt stale by the fencing token `?4`.
pub(in crate::sqlite) static KILL: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_inbox SET state = {DEAD}, due = ?2, error = ?3, fence = ?4 WHERE id = ?1"
    )
});

pub(in crate::sqlite) static RENEW: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_inbox SET due = ?3
         WHERE id = ?1 AND fence = ?2 AND state = {RUNNING}"
    )
});

/// Settles the attempt `?2` at the message `?1`: the state `?3`, due at `?4`, with `?5` more attempts.
pub(in crate::sqlite) static SETTLE: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_inbox SET state = ?3, due = ?4, attempt = attempt + ?5, error = ?6
         WHERE id = ?1 AND fence = ?2 AND state = {RUNNING}"
    )
});

/// Reads the state of the message `?1` if the attempt `?2` is its last.
pub(in crate::sqlite) const STATE_OF: &str =
    "SELECT state FROM countersign_inbox WHERE id = ?1 AND fence = ?2";

/// Records an attempt that ended at the time `?3`. The number is that of the message's row, which is one lower
/// if the attempt does not count.
pub(in crate::sqlite) const RECORD: &str = "
    INSERT OR IGNORE INTO countersign_attempts (message, fence, number, ended, took_ms, outcome, worker, error)
    SELECT id, fence, attempt + ?7, ?3, ?4, ?5, coalesce(worker, ''), ?6
    FROM countersign_inbox WHERE id = ?1 AND fence = ?2";

pub(in crate::sqlite) const PRUNE_ATTEMPTS: &str = "
    DELETE FROM countersign_attempts WHERE message IN (
        SELECT id FROM countersign_inbox WHERE state = ?1 AND due <= ?2 ORDER BY due LIMIT ?3 + 0)";

pub(in crate::sqlite) const PRUNE: &str = "
    DELETE FROM countersign_inbox WHERE id IN (
        SELECT id FROM countersign_inbox WHERE state = ?1 AND due <= ?2 ORDER BY due LIMIT ?3 + 0)";

pub(in crate::sqlite) const PAUSE: &str =
    "INSERT OR IGNORE INTO countersign_paused (endpoint, since) VALUES (?1, ?2)";

pub(in crate::sqlite) const RESUME: &str = "DELETE FROM countersign_paused WHERE endpoint = ?1";

/// Marks the message `?1` as done in the transaction of the handler that has the attempt `?2`.
pub(in crate::sqlite) static MARK_DONE: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_inbox SET state = {DONE}, due = {NOW}, error = NULL
         WHERE id = ?1 AND fence = ?2 AND state = {RUNNING}"
    )
});

/// Returns the condition of a filter as SQLite numbers its parameters.
pub(in crate::sqlite) fn matching(values: &FilterValues<'_>) -> String {
    values.matching("{}").replace('$', "?")
}

/// Finds at most `?10` messages to replay.
pub(in crate::sqlite) fn find_replayable(matching: &str) -> String {
    format!(
        "SELECT id FROM countersign_inbox
         WHERE {matching} AND state IN ({DONE}, {DEAD}, {DISCARDED}) ORDER BY id LIMIT ?10"
    )
}

/// Makes the message `?1` ready at the time `?3`, behind all others.
pub(in crate::sqlite) static REPLAY: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_inbox SET state = {READY}, fence = ?2, position = ?2, due = ?3, attempt = 0,
             replays = replays + 1, error = NULL WHERE id = ?1"
    )
});

/// Discards at most `?10` messages at the time `?11`.
pub(in crate::sqlite) fn discard(matching: &str) -> String {
    format!(
        "UPDATE countersign_inbox SET state = {DISCARDED}, due = ?11 WHERE id IN (
             SELECT id FROM countersign_inbox
             WHERE {matching} AND state IN ({READY}, {DEAD}) ORDER BY id LIMIT ?10 + 0)"
    )
}

/// Counts the messages of each endpoint: the live ones by their index, the dead ones by theirs.
pub(in crate::sqlite) static BACKLOG: Statement = LazyLock::new(|| {
    format!(
        "SELECT endpoint, sum(ready) AS ready, sum(running) AS running, sum(dead) AS dead,
             sum(live_bytes) AS live_bytes, sum(dead_bytes) AS dead_bytes, max(oldest_ms) AS oldest_ms,
             max(paused) AS paused
         FROM (
             SELECT endpoint, count(*) FILTER (WHERE state = {READY}) AS ready,
                 count(*) FILTER (WHERE state = {RUNNING}) AS running, 0 AS dead,
                 coalesce(sum(length(body)), 0) AS live_bytes, 0 AS dead_bytes,
                 coalesce(max({NOW} - due) FILTER (WHERE state = {READY}), 0) AS oldest_ms, 0 AS paused
             FROM countersign_inbox WHERE state IN ({READY}, {RUNNING}) GROUP BY endpoint
             UNION ALL
             SELECT endpoint, 0, 0, count(*), 0, coalesce(sum(length(body)), 0), 0, 0
             FROM countersign_inbox WHERE state = {DEAD} AND state IN ({DONE}, {DEAD}, {DISCARDED}) GROUP BY endpoint
             UNION ALL
             SELECT endpoint, 0, 0, 0, 0, 0, 0, 1 FROM countersign_paused)
         GROUP BY endpoint ORDER BY endpoint"
    )
});

/// The columns of a message for an operator.
const RECORD_COLUMNS: &str = "
    id, key, state, due, attempt, replays, endpoint, tenant, sender, event_id, event_type, received, error,
    request, length(body) AS body_bytes";

/// Reads at most `?11` messages below the id `?10`, the latest first.
pub(in crate::sqlite) fn list(matching: &str) -> String {
    format!(
        "SELECT {RECORD_COLUMNS}, due - {NOW} AS left_ms FROM countersign_inbox
         WHERE {matching} AND id < ?10 ORDER BY id DESC LIMIT ?11"
    )
}

/// Counts up to `?10` messages.
pub(in crate::sqlite) fn count(matching: &str) -> String {
    format!(
        "SELECT count(*) AS messages FROM (
             SELECT 1 FROM countersign_inbox WHERE {matching} LIMIT ?10)"
    )
}

pub(in crate::sqlite) const BODY: &str = "SELECT body FROM countersign_inbox WHERE id = ?1";

pub(in crate::sqlite) const ATTEMPTS: &str = "
    SELECT number, ended, took_ms, outcome, worker, error FROM countersign_attempts
    WHERE message = ?1 ORDER BY fence";
