//! What the writer is asked to do, and the one statement that does it.

use std::time::Duration;

use countersign::{Claim, EventKey, Fence, Settled, StoreError, StoreErrorKind};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Row, Sqlite, query};
use tokio::sync::oneshot;

use crate::row::{Found, TAKEN_OVER, from_fence, key_bytes, millis, to_fence};

/// The time by SQLite's clock, in milliseconds; `now` is the same throughout a statement.
macro_rules! now {
    () => {
        "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}
pub(super) use now;

/// An operation, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) operation: Operation,
    pub(super) answer: oneshot::Sender<Result<Answer, StoreError>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Claim { key: EventKey, fingerprint: u64, lease: Duration },
    Renew { key: EventKey, fence: Fence, lease: Duration },
    Commit { key: EventKey, fence: Fence, retention: Duration },
    Release { key: EventKey, fence: Fence },
    Forget { key: EventKey },
    Purge { limit: u32 },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Claim(Claim),
    /// How many rows were changed.
    Changed(u64),
}

impl Answer {
    pub(super) fn claim(self) -> Result<Claim, StoreError> {
        match self {
            Self::Claim(claim) => Ok(claim),
            Self::Changed(_) => Err(mixed_up()),
        }
    }

    pub(super) fn changed(self) -> Result<u64, StoreError> {
        match self {
            Self::Changed(rows) => Ok(rows),
            Self::Claim(_) => Err(mixed_up()),
        }
    }

    pub(super) fn settled(self) -> Result<Settled, StoreError> {
        Ok(if self.changed()? > 0 { Settled::Applied } else { Settled::Stale })
    }
}

fn mixed_up() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the SQLite writer gave another's answer")
}

/// A row that is over is as good as none.
const CLAIM: &str = concat!(
    "INSERT INTO countersign_events AS event (key, fence, state, until, fingerprint)
     VALUES (?1, (SELECT last_fence FROM countersign_meta) + ?2, 1, ",
    now!(),
    " + ?3, ?4)
     ON CONFLICT (key) DO UPDATE SET
         fence = excluded.fence,
         state = CASE WHEN event.state = 2 THEN 1 ELSE 3 END,
         until = excluded.until,
         fingerprint = excluded.fingerprint
     WHERE event.until <= ",
    now!(),
    " RETURNING fence, state"
);

pub(super) const FIND: &str = concat!(
    "SELECT state, fence, until - ",
    now!(),
    " AS left_ms, fingerprint FROM countersign_events WHERE key = ?1"
);

const RENEW: &str = concat!(
    "UPDATE countersign_events SET until = ",
    now!(),
    " + ?3 WHERE key = ?1 AND fence = ?2 AND state <> 2"
);

/// What is done already stays as it is.
const COMMIT: &str = concat!(
    "UPDATE countersign_events SET
         until = CASE WHEN state = 2 THEN until ELSE ",
    now!(),
    " + ?3 END,
         state = 2
     WHERE key = ?1 AND fence = ?2"
);

/// The commit in a handler's transaction.
pub(super) const MARK: &str = concat!(
    "UPDATE countersign_events SET state = 2, until = ",
    now!(),
    " + ?3 WHERE key = ?1 AND fence = ?2 AND state <> 2"
);

const RELEASE: &str = "DELETE FROM countersign_events WHERE key = ?1 AND fence = ?2 AND state <> 2";

/// A claim that nobody settled is kept for a day, for a late commit.
const PURGE: &str = concat!(
    "DELETE FROM countersign_events WHERE key IN (
         SELECT key FROM countersign_events
         WHERE until <= ",
    now!(),
    " AND (state = 2 OR until <= ",
    now!(),
    " - 86400000) ORDER BY until LIMIT ?1)"
);

/// Carries one operation out in the transaction under way; `place` is that of the next fence.
pub(super) async fn carry_out(
    connection: &mut SqliteConnection,
    operation: Operation,
    place: &mut i64,
) -> Result<Answer, sqlx::Error> {
    let statement: sqlx::query::Query<'_, Sqlite, SqliteArguments> = match &operation {
        Operation::Claim { key, fingerprint, lease } => {
            return claim(connection, key, *fingerprint, *lease, place).await.map(Answer::Claim);
        }
        Operation::Renew { key, fence, lease } => {
            query(RENEW).bind(key_bytes(key)).bind(from_fence(*fence)).bind(millis(*lease))
        }
        Operation::Commit { key, fence, retention } => {
            query(COMMIT).bind(key_bytes(key)).bind(from_fence(*fence)).bind(millis(*retention))
        }
        Operation::Release { key, fence } => {
            query(RELEASE).bind(key_bytes(key)).bind(from_fence(*fence))
        }
        Operation::Forget { key } => {
            query("DELETE FROM countersign_events WHERE key = ?1").bind(key_bytes(key))
        }
        Operation::Purge { limit } => query(PURGE).bind(i64::from(*limit)),
    };
    Ok(Answer::Changed(statement.execute(connection).await?.rows_affected()))
}

async fn claim(
    connection: &mut SqliteConnection,
    key: &EventKey,
    fingerprint: u64,
    lease: Duration,
    place: &mut i64,
) -> Result<Claim, sqlx::Error> {
    // The clock may pass the lease's end between the two statements: then the first one is right
    // the second time.
    loop {
        let granted = query(CLAIM)
            .bind(key_bytes(key))
            .bind(*place)
            .bind(millis(lease))
            .bind(fingerprint.cast_signed())
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(row) = granted {
            *place += 1;
            let takeover = row.try_get::<i16, _>("state")? == TAKEN_OVER;
            return Ok(Claim::Acquired { fence: to_fence(row.try_get("fence")?), takeover });
        }
        let found = query(FIND).bind(key_bytes(key)).fetch_optional(&mut *connection).await?;
        if let Some(denial) = found
            .map(|row| Found::read(&row))
            .transpose()?
            .and_then(|found| found.denial(fingerprint))
        {
            return Ok(denial);
        }
    }
}
