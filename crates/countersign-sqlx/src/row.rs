//! The columns of an event's row.

use std::time::Duration;

use countersign::dedup::{ClaimOutcome, EventKey, FencingToken, Record, RecordState, StoreStats};
use sqlx::Row;

/// The column `state` of a released or forgotten event: only its fencing token counts.
pub(crate) const ABSENT: i16 = 0;
/// The column `state` of a claimed event.
pub(crate) const IN_PROGRESS: i16 = 1;
/// The column `state` of a handled event.
pub(crate) const HANDLED: i16 = 2;
/// The column `state` of an event that was claimed after another claim's lease expired.
pub(crate) const TAKEN_OVER: i16 = 3;
/// The column `state` of an event that a handler's transaction marked as handled. That handler may
/// still run, so a renewal of its lease succeeds.
pub(crate) const HANDLED_IN_TRANSACTION: i16 = 4;

/// The SQL condition for a row whose event is claimed and not yet handled.
pub(crate) fn is_in_progress() -> String {
    format!("state IN ({IN_PROGRESS}, {TAKEN_OVER})")
}

/// The SQL condition for a row whose event is handled.
pub(crate) fn is_handled() -> String {
    format!("state IN ({HANDLED}, {HANDLED_IN_TRANSACTION})")
}

/// The longest duration that is stored, a thousand years: no database's time overflows with it.
const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

/// Returns the duration in milliseconds, rounded up.
pub(crate) fn millis(duration: Duration) -> i64 {
    let millis = duration.min(LONGEST).as_nanos().div_ceil(1_000_000);
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// Returns the duration of a number of milliseconds; zero if it is negative.
pub(crate) fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// Returns the fencing token as the column holds it. A token beyond the column's range, which no store
/// grants, becomes -1, which no row has.
pub(crate) fn from_fencing_token(fencing_token: FencingToken) -> i64 {
    i64::try_from(fencing_token.as_u64()).unwrap_or(-1)
}

pub(crate) fn to_fencing_token(number: i64) -> FencingToken {
    FencingToken::new(u64::try_from(number).unwrap_or(0))
}

pub(crate) fn key_bytes(key: &EventKey) -> &[u8] {
    key.as_bytes()
}

/// A row of the event table, with the time until its lease or retention ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventRow {
    pub(crate) state: i16,
    pub(crate) fencing_token: i64,
    pub(crate) left_ms: i64,
    pub(crate) fingerprint: i64,
}

impl EventRow {
    pub(crate) fn read<'r, R: Row>(row: &'r R) -> Result<Self, sqlx::Error>
    where
        &'static str: sqlx::ColumnIndex<R>,
        i16: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
        i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    {
        Ok(Self {
            state: row.try_get("state")?,
            fencing_token: row.try_get("fence")?,
            left_ms: row.try_get("left_ms")?,
            fingerprint: row.try_get("fingerprint")?,
        })
    }

    /// Returns why a claim is not granted; `None` if the event can be claimed.
    pub(crate) fn rejection(&self, fingerprint: u64) -> Option<ClaimOutcome> {
        match self.state {
            _ if self.left_ms <= 0 => None,
            ABSENT => None,
            HANDLED | HANDLED_IN_TRANSACTION => {
                let same_body = self.fingerprint == fingerprint.cast_signed();
                Some(ClaimOutcome::Duplicate { same_body })
            }
            _ => Some(ClaimOutcome::InProgress { retry_after: duration(self.left_ms) }),
        }
    }

    #[cfg(feature = "sqlite")]
    pub(crate) const fn is_in_progress(&self) -> bool {
        matches!(self.state, IN_PROGRESS | TAKEN_OVER)
    }

    /// Returns the record for an operator; `None` if the event is unknown.
    pub(crate) fn record(&self) -> Option<Record> {
        let left = duration(self.left_ms);
        let state = match self.state {
            ABSENT => return None,
            HANDLED | HANDLED_IN_TRANSACTION => RecordState::Handled { retained_for: left },
            _ => RecordState::InProgress { lease: left },
        };
        Some(Record { fencing_token: to_fencing_token(self.fencing_token), state })
    }
}

/// Reads the row that the statement `stats` of either database returns.
pub(crate) fn stats<'r, R: Row>(row: &'r R) -> Result<StoreStats, sqlx::Error>
where
    &'static str: sqlx::ColumnIndex<R>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    let count = |name| row.try_get(name).map(|count: i64| count.unsigned_abs());
    let mut stats = StoreStats::default();
    stats.in_progress = count("in_progress")?;
    stats.lease_expired = count("lease_expired")?;
    stats.oldest_expired_lease = duration(row.try_get("oldest_expired_lease_ms")?);
    stats.handled = count("handled")?;
    stats.expired = count("expired")?;
    stats.bytes = Some(count("bytes")?);
    Ok(stats)
}
