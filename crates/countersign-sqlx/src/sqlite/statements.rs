//! The SQL statements, with the states by their names.

use std::sync::LazyLock;

use crate::row::{HANDLED, HANDLED_IN_TRANSACTION, is_handled, is_in_progress};

/// A statement, which is formatted once.
pub(super) type Statement = LazyLock<String>;

/// The time by SQLite's clock, in milliseconds; it is the same throughout a statement.
const NOW: &str = "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)";

/// How long a claim that nobody settled is kept, in milliseconds: a late commit still applies.
const UNSETTLED: u32 = 24 * 60 * 60 * 1000;

/// What a transaction begins with.
pub(super) static BEGIN: Statement =
    LazyLock::new(|| format!("SELECT last_fence, swept, {NOW} FROM countersign_meta"));

/// What it ends with, where that has changed.
pub(super) const END: &str = "UPDATE countersign_meta SET last_fence = ?1, swept = ?2";

/// By the time `?2`.
pub(super) const FIND: &str = "
    SELECT state, fence, until - ?2 AS left_ms, fingerprint FROM countersign_events WHERE key = ?1";

/// Of an event that the table does not have; else nothing is written.
pub(super) const CLAIM: &str = "
    INSERT OR IGNORE INTO countersign_events (key, fence, state, until, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5)";

/// Of one that it has, too.
pub(super) const TAKE: &str = "
    INSERT OR REPLACE INTO countersign_events (key, fence, state, until, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5)";

/// Of the key `?1` with the fencing token `?2`, until `?3`.
pub(super) static RENEW: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_events
         SET until = CASE WHEN state = {HANDLED_IN_TRANSACTION} THEN until ELSE ?3 END
         WHERE key = ?1 AND fence = ?2 AND state <> {HANDLED}"
    )
});

/// What is done already stays as it is.
pub(super) static COMMIT: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_events
         SET until = CASE WHEN {is_handled} THEN until ELSE ?3 END, state = {HANDLED}
         WHERE key = ?1 AND fence = ?2",
        is_handled = is_handled(),
    )
});

pub(super) static RELEASE: Statement = LazyLock::new(|| {
    format!(
        "DELETE FROM countersign_events WHERE key = ?1 AND fence = ?2 AND {}",
        is_in_progress()
    )
});

pub(super) const FORGET: &str = "DELETE FROM countersign_events WHERE key = ?1";

/// The key that is `?2` rows on.
pub(super) const SWEEP_TO: &str = "
    SELECT key FROM countersign_events WHERE key > ?1 ORDER BY key LIMIT 1 OFFSET ?2 - 1";

/// Of the keys between, at most `?4` rows that are over by the time `?3`. A plain `LIMIT ?4` would be
/// prepared anew for each number.
pub(super) static SWEEP: Statement = LazyLock::new(|| {
    format!(
        "DELETE FROM countersign_events WHERE key IN (
             SELECT key FROM countersign_events
             WHERE key > ?1 AND key <= ?2
                 AND until <= ?3 AND ({is_handled} OR until <= ?3 - {UNSETTLED})
             LIMIT ?4 + 0)",
        is_handled = is_handled(),
    )
});

/// The commit in a handler's transaction.
pub(super) static MARK: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_events SET state = {HANDLED_IN_TRANSACTION}, until = {NOW} + ?3
         WHERE key = ?1 AND fence = ?2 AND {is_in_progress}",
        is_in_progress = is_in_progress(),
    )
});

/// What an operator is shown of the event.
pub(super) static LOOK: Statement = LazyLock::new(|| {
    format!(
        "SELECT state, fence, until - {NOW} AS left_ms, fingerprint
         FROM countersign_events WHERE key = ?1"
    )
});

/// Its size is that of its own pages, which are looked up by name: the file may be a large one.
pub(super) static STATS: Statement = LazyLock::new(|| {
    format!(
        "SELECT
             count(*) FILTER (WHERE {is_in_progress}) AS in_progress,
             count(*) FILTER (WHERE {is_in_progress} AND left_ms <= 0) AS lease_expired,
             coalesce(-min(left_ms) FILTER (WHERE {is_in_progress}), 0) AS oldest_expired_lease_ms,
             count(*) FILTER (WHERE {is_handled} AND left_ms > 0) AS handled,
             count(*) FILTER (WHERE left_ms <= 0
                 AND ({is_handled} OR left_ms <= -{UNSETTLED})) AS expired,
             (SELECT sum(pgsize) FROM json_each('[\"countersign_events\", \"countersign_meta\"]') AS own
                 CROSS JOIN dbstat ON name = own.value WHERE aggregate = true) AS bytes
         FROM (SELECT state, until - {NOW} AS left_ms FROM countersign_events)",
        is_in_progress = is_in_progress(),
        is_handled = is_handled(),
    )
});
