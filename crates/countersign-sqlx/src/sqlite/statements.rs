//! One statement for all operations of a kind that are carried out together.
//!
//! Each goes to SQLite's thread and back, which takes longer than what it does. So they take what
//! they are to do as one JSON array, of a short array for each.

use super::job::Settle;

/// The time by SQLite's clock, in milliseconds; `now` is the same throughout a statement.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}

/// Of `[key, place, lease, fingerprint]`; gives the places that are granted. A row that is over is
/// as good as none.
pub(super) const CLAIM: &str = concat!(
    "INSERT INTO countersign_events AS event (key, fence, state, until, fingerprint)
     SELECT unhex(value ->> 0), (SELECT last_fence FROM countersign_meta) + (value ->> 1), 1, ",
    now!(),
    " + (value ->> 2), value ->> 3
     FROM json_each(?1) WHERE true
     ON CONFLICT (key) DO UPDATE SET
         fence = excluded.fence,
         state = CASE WHEN event.state = 2 THEN 1 ELSE 3 END,
         until = excluded.until,
         fingerprint = excluded.fingerprint
     WHERE event.until <= ",
    now!(),
    " RETURNING fence, fence - (SELECT last_fence FROM countersign_meta) AS place, state"
);

/// Of `[key, place]`.
pub(super) const FIND_EACH: &str = concat!(
    "SELECT asked.value ->> 1 AS place, state, fence, until - ",
    now!(),
    " AS left_ms, fingerprint
     FROM json_each(?1) AS asked CROSS JOIN countersign_events AS event
     ON event.key = unhex(asked.value ->> 0)"
);

pub(super) const FIND: &str = concat!(
    "SELECT state, fence, until - ",
    now!(),
    " AS left_ms, fingerprint FROM countersign_events WHERE key = ?1"
);

/// Of `[key, fence, span]`; gives the fences that are applied, of which no two events have the same.
pub(super) const fn settle(how: Settle) -> &'static str {
    match how {
        Settle::Renew => concat!(
            "UPDATE countersign_events AS event SET until = ",
            now!(),
            " + (asked.value ->> 2) FROM json_each(?1) AS asked
             WHERE event.key = unhex(asked.value ->> 0) AND event.fence = asked.value ->> 1 AND state <> 2
             RETURNING fence"
        ),
        // What is done already stays as it is.
        Settle::Commit => concat!(
            "UPDATE countersign_events AS event SET
                 until = CASE WHEN state = 2 THEN until ELSE ",
            now!(),
            " + (asked.value ->> 2) END, state = 2
             FROM json_each(?1) AS asked
             WHERE event.key = unhex(asked.value ->> 0) AND event.fence = asked.value ->> 1
             RETURNING fence"
        ),
        Settle::Release => {
            "DELETE FROM countersign_events
             WHERE (key, fence) IN (SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?1))
                 AND state <> 2
             RETURNING fence"
        }
    }
}

/// The commit in a handler's transaction.
pub(super) const MARK: &str = concat!(
    "UPDATE countersign_events SET state = 2, until = ",
    now!(),
    " + ?3 WHERE key = ?1 AND fence = ?2 AND state <> 2"
);

pub(super) const FORGET: &str = "DELETE FROM countersign_events WHERE key = ?1";

/// A claim that nobody settled is kept for a day, for a late commit.
pub(super) const PURGE: &str = concat!(
    "DELETE FROM countersign_events WHERE key IN (
         SELECT key FROM countersign_events
         WHERE until <= ",
    now!(),
    " AND (state = 2 OR until <= ",
    now!(),
    " - 86400000) ORDER BY until LIMIT ?1)"
);

pub(super) const STATS: &str = concat!(
    "SELECT
         count(*) FILTER (WHERE state <> 2) AS in_progress,
         count(*) FILTER (WHERE state <> 2 AND left_ms <= 0) AS overdue,
         coalesce(-min(left_ms) FILTER (WHERE state <> 2), 0) AS longest_overdue_ms,
         count(*) FILTER (WHERE state = 2 AND left_ms > 0) AS done,
         count(*) FILTER (WHERE left_ms <= 0 AND (state = 2 OR left_ms <= -86400000)) AS expired,
         (SELECT sum(pgsize) FROM dbstat WHERE name GLOB 'countersign_*') AS bytes
     FROM (SELECT state, until - ",
    now!(),
    " AS left_ms FROM countersign_events)"
);
