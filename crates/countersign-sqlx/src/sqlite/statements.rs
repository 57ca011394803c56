//! One statement for all operations of a kind that are carried out together.
//!
//! Each goes to SQLite's thread and back, which takes longer than what it does, and so does each row
//! that comes back. So they take what they are to do as one JSON array, of a short array for each,
//! and tell what came of it in one text.

use super::job::Settle;

/// The time by SQLite's clock, in milliseconds; `now` is the same throughout a statement.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}

/// Of `[key, place, lease, fingerprint]`. A row that is over is as good as none.
pub(super) const CLAIM: &str = concat!(
    "INSERT INTO countersign_events AS event (key, fence, state, until, fingerprint)
     SELECT unhex(value ->> 0), (SELECT last_fence FROM countersign_meta) + (value ->> 1), 1, ",
    now!(),
    " + (value ->> 2), value ->> 3
     FROM json_each(?1) WHERE true
     ON CONFLICT (key) DO UPDATE SET
         fence = excluded.fence,
         state = CASE WHEN event.state IN (2, 4) THEN 1 ELSE 3 END,
         until = excluded.until,
         fingerprint = excluded.fingerprint
     WHERE event.until <= ",
    now!()
);

/// After [`CLAIM`], of the same: `place:fence:state` of those that are granted, with commas between.
pub(super) const GRANTED: &str = "
    SELECT group_concat((asked.value ->> 1) || ':' || fence || ':' || state)
    FROM json_each(?1) AS asked CROSS JOIN countersign_events AS event
    ON event.key = unhex(asked.value ->> 0)
    WHERE fence = (SELECT last_fence FROM countersign_meta) + (asked.value ->> 1)";

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

/// Of `[key, fence, span, place]`: the places to which [`settle`] will apply, with commas between.
pub(super) const fn settles(how: Settle) -> &'static str {
    macro_rules! current {
        ($state:literal) => {
            concat!(
                "SELECT group_concat(asked.value ->> 3)
                 FROM json_each(?1) AS asked CROSS JOIN countersign_events AS event
                 ON event.key = unhex(asked.value ->> 0)
                 WHERE fence = asked.value ->> 1 AND ",
                $state
            )
        };
    }
    match how {
        Settle::Commit => current!("true"),
        Settle::Renew => current!("state <> 2"),
        Settle::Release => current!("state IN (1, 3)"),
    }
}

/// Of the same. What is done already stays as it is.
pub(super) const fn settle(how: Settle) -> &'static str {
    macro_rules! update {
        ($set:literal, $state:literal) => {
            concat!(
                "UPDATE countersign_events AS event SET ",
                $set,
                " until = CASE WHEN state IN (2, 4) THEN until ELSE ",
                now!(),
                " + (asked.value ->> 2) END FROM json_each(?1) AS asked
                 WHERE event.key = unhex(asked.value ->> 0) AND event.fence = asked.value ->> 1 AND ",
                $state
            )
        };
    }
    match how {
        Settle::Renew => update!("", "state <> 2"),
        Settle::Commit => update!("state = 2,", "true"),
        Settle::Release => {
            "DELETE FROM countersign_events
             WHERE (key, fence) IN (SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?1))
                 AND state IN (1, 3)"
        }
    }
}

/// The commit in a handler's transaction.
pub(super) const MARK: &str = concat!(
    "UPDATE countersign_events SET state = 4, until = ",
    now!(),
    " + ?3 WHERE key = ?1 AND fence = ?2 AND state IN (1, 3)"
);

pub(super) const FORGET: &str = "DELETE FROM countersign_events WHERE key = ?1";

/// A claim that nobody settled is kept for a day, for a late commit.
pub(super) const PURGE: &str = concat!(
    "DELETE FROM countersign_events WHERE key IN (
         SELECT key FROM countersign_events
         WHERE until <= ",
    now!(),
    " AND (state IN (2, 4) OR until <= ",
    now!(),
    " - 86400000) ORDER BY until LIMIT ?1)"
);

/// Its size is that of its own pages, which are looked up by name: the file may be a large one.
pub(super) const STATS: &str = concat!(
    "SELECT
         count(*) FILTER (WHERE state IN (1, 3)) AS in_progress,
         count(*) FILTER (WHERE state IN (1, 3) AND left_ms <= 0) AS overdue,
         coalesce(-min(left_ms) FILTER (WHERE state IN (1, 3)), 0) AS longest_overdue_ms,
         count(*) FILTER (WHERE state IN (2, 4) AND left_ms > 0) AS done,
         count(*) FILTER (WHERE left_ms <= 0
             AND (state IN (2, 4) OR left_ms <= -86400000)) AS expired,
         (SELECT sum(pgsize) FROM json_each(
                 '[\"countersign_events\", \"countersign_events_until\", \"countersign_meta\"]'
             ) AS own CROSS JOIN dbstat ON name = own.value WHERE aggregate = true) AS bytes
     FROM (SELECT state, until - ",
    now!(),
    " AS left_ms FROM countersign_events)"
);
