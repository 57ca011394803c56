//! The SQL statements.

use std::sync::LazyLock;

use crate::row::{HANDLED, HANDLED_IN_TRANSACTION, is_handled, is_in_progress};

/// A statement, which is formatted once.
pub(super) type Statement = LazyLock<String>;

/// The time by SQLite's clock, in milliseconds; it is the same throughout a statement.
pub(super) const NOW: &str = "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)";

/// How long the row of a claim that was neither committed nor released is kept after its lease, in
/// milliseconds, so that a late commit applies.
const UNSETTLED: u32 = 24 * 60 * 60 * 1000;

/// Reads the state of the store and the time, at the beginning of a batch.
pub(super) static BEGIN: Statement =
    LazyLock::new(|| format!("SELECT last_fence, swept, {NOW} FROM countersign_meta"));

/// Writes the state of the store, at the end of a batch that changed it.
pub(super) const END: &str = "UPDATE countersign_meta SET last_fence = ?1, swept = ?2";

/// Reads the row of the key `?1` at the time `?2`.
pub(super) const FIND: &str = "
    SELECT state, fence, until - ?2 AS left_ms, fingerprint FROM countersign_events WHERE key = ?1";

/// Inserts a new event, and changes nothing if the event is known.
pub(super) const CLAIM: &str = "
    INSERT OR IGNORE INTO countersign_events (key, fence, state, until, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5)";

/// Inserts an event, or replaces the row of a known one.
pub(super) const TAKE_OVER: &str = "
    INSERT OR REPLACE INTO countersign_events (key, fence, state, until, fingerprint)
    VALUES (?1, ?2, ?3, ?4, ?5)";

/// Extends the lease of the key `?1` with the fencing token `?2` until `?3`.
pub(super) static RENEW: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_events
         SET until = CASE WHEN state = {HANDLED_IN_TRANSACTION} THEN until ELSE ?3 END
         WHERE key = ?1 AND fence = ?2 AND state <> {HANDLED}"
    )
});

/// Marks the event as handled until `?3`. The retention of a handled event does not grow with a repeated
/// commit.
pub(super) static COMMIT: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_events
         SET until = CASE WHEN {is_handled} THEN until ELSE ?3 END, state = {HANDLED}
         WHERE key = ?1 AND fence = ?2",
        is_handled = is_handled(),
    )
});

pub(super) static RELEASE: Statement = LazyLock::new(|| {
    format!("DELETE FROM countersign_events WHERE key = ?1 AND fence = ?2 AND {}", is_in_progress())
});

pub(super) const FORGET: &str = "DELETE FROM countersign_events WHERE key = ?1";

/// Returns the key that is `?2` rows after `?1`.
pub(super) const SWEEP_TO: &str = "
    SELECT key FROM countersign_events WHERE key > ?1 ORDER BY key LIMIT 1 OFFSET ?2 - 1";

/// Deletes at most `?4` rows that are expired at the time `?3`, of the keys from `?1` up to `?2`. With a plain
/// `LIMIT ?4` SQLite would prepare the statement again for each number.
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

/// Marks the event as handled at the beginning of a handler's transaction.
pub(super) static MARK_HANDLED: Statement = LazyLock::new(|| {
    format!(
        "UPDATE countersign_events SET state = {HANDLED_IN_TRANSACTION}, until = {NOW} + ?3
         WHERE key = ?1 AND fence = ?2 AND {is_in_progress}",
        is_in_progress = is_in_progress(),
    )
});

/// Reads the row of an event for an operator.
pub(super) static GET: Statement = LazyLock::new(|| {
    format!(
        "SELECT state, fence, until - {NOW} AS left_ms, fingerprint
         FROM countersign_events WHERE key = ?1"
    )
});

/// Counts the events by their state. The size is that of the two tables' own pages, which `dbstat` finds by
/// name: a scan of all pages would read the whole file, which may be large.
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
