//! What the tables are asked.

/// The time by SQLite's clock, in milliseconds; it is the same throughout a statement.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}

/// What a transaction begins with.
pub(super) const BEGIN: &str =
    concat!("SELECT last_fence, swept, ", now!(), " FROM countersign_meta");

/// What it ends with, where that has changed.
pub(super) const END: &str = "UPDATE countersign_meta SET last_fence = ?1, swept = ?2";

/// By the time `?2`.
pub(super) const FIND: &str = "
    SELECT state, fence, until - ?2 AS left_ms, fingerprint FROM countersign_events WHERE key = ?1";

macro_rules! insert {
    (or $otherwise:literal) => {
        concat!(
            "INSERT OR ",
            $otherwise,
            " INTO countersign_events (key, fence, state, until, fingerprint)
             VALUES (?1, ?2, ?3, ?4, ?5)"
        )
    };
}

/// Of an event that the table does not have; else nothing is written.
pub(super) const CLAIM: &str = insert!(or "IGNORE");

/// Of one that it has, too.
pub(super) const TAKE: &str = insert!(or "REPLACE");

/// Of the key `?1` with the fencing token `?2`, until `?3`.
pub(super) const RENEW: &str = "
    UPDATE countersign_events SET until = CASE WHEN state = 4 THEN until ELSE ?3 END
    WHERE key = ?1 AND fence = ?2 AND state <> 2";

/// What is done already stays as it is.
pub(super) const COMMIT: &str = "
    UPDATE countersign_events
    SET until = CASE WHEN state IN (2, 4) THEN until ELSE ?3 END, state = 2
    WHERE key = ?1 AND fence = ?2";

pub(super) const RELEASE: &str = "
    DELETE FROM countersign_events WHERE key = ?1 AND fence = ?2 AND state IN (1, 3)";

pub(super) const FORGET: &str = "DELETE FROM countersign_events WHERE key = ?1";

/// The key that is `?2` rows on.
pub(super) const SWEEP_TO: &str = "
    SELECT key FROM countersign_events WHERE key > ?1 ORDER BY key LIMIT 1 OFFSET ?2 - 1";

/// Of the keys between, at most `?4` rows that are over by the time `?3`. A claim that nobody settled
/// is kept for a day, for a late commit. A plain `LIMIT ?4` would be prepared anew for each number.
pub(super) const SWEEP: &str = "
    DELETE FROM countersign_events WHERE key IN (
        SELECT key FROM countersign_events
        WHERE key > ?1 AND key <= ?2
            AND until <= ?3 AND (state IN (2, 4) OR until <= ?3 - 86400000)
        LIMIT ?4 + 0)";

/// The commit in a handler's transaction.
pub(super) const MARK: &str = concat!(
    "UPDATE countersign_events SET state = 4, until = ",
    now!(),
    " + ?3 WHERE key = ?1 AND fence = ?2 AND state IN (1, 3)"
);

/// What an operator is shown of the event.
pub(super) const LOOK: &str = concat!(
    "SELECT state, fence, until - ",
    now!(),
    " AS left_ms, fingerprint FROM countersign_events WHERE key = ?1"
);

/// Its size is that of its own pages, which are looked up by name: the file may be a large one.
pub(super) const STATS: &str = concat!(
    "SELECT
         count(*) FILTER (WHERE state IN (1, 3)) AS in_progress,
         count(*) FILTER (WHERE state IN (1, 3) AND left_ms <= 0) AS lease_expired,
         coalesce(-min(left_ms) FILTER (WHERE state IN (1, 3)), 0) AS oldest_expired_lease_ms,
         count(*) FILTER (WHERE state IN (2, 4) AND left_ms > 0) AS handled,
         count(*) FILTER (WHERE left_ms <= 0
             AND (state IN (2, 4) OR left_ms <= -86400000)) AS expired,
         (SELECT sum(pgsize) FROM json_each('[\"countersign_events\", \"countersign_meta\"]') AS own
             CROSS JOIN dbstat ON name = own.value WHERE aggregate = true) AS bytes
     FROM (SELECT state, until - ",
    now!(),
    " AS left_ms FROM countersign_events)"
);
