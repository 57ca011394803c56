//! The columns of a message's row.

use std::time::Duration;

use countersign::dedup::EventKey;
use countersign::inbox::{MessageFilter, MessageId, MessageState, MessageToken, Settled};

use crate::row::{key_bytes, to_fencing_token};

/// The column `state` of a message that waits for its time.
pub(crate) const READY: i16 = 1;
/// The column `state` of a message that an attempt holds.
pub(crate) const RUNNING: i16 = 2;
/// The column `state` of a message that has been handled.
pub(crate) const DONE: i16 = 3;
/// The column `state` of a message that is not tried again.
pub(crate) const DEAD: i16 = 4;
/// The column `state` of a message that an operator has given up.
pub(crate) const DISCARDED: i16 = 5;

/// The column `outcome` of an attempt whose lease expired.
pub(crate) const LEASE_EXPIRED: &str = "lease_expired";

/// The column `outcome` of an attempt that was returned.
pub(crate) const RETURNED: &str = "returned";

/// The column `error` of a message that became dead by an expired lease.
pub(crate) const PROCESS_ENDED: &str =
    "the lease of the last attempt expired: its process ended, or could not reach the store";

pub(crate) const fn from_state(state: MessageState) -> i16 {
    match state {
        MessageState::Ready => READY,
        MessageState::Running => RUNNING,
        MessageState::Done => DONE,
        MessageState::Dead => DEAD,
        _ => DISCARDED,
    }
}

pub(crate) const fn to_state(number: i16) -> MessageState {
    match number {
        READY => MessageState::Ready,
        RUNNING => MessageState::Running,
        DONE => MessageState::Done,
        DEAD => MessageState::Dead,
        _ => MessageState::Discarded,
    }
}

/// Returns the state of a message after a settlement, how long it then waits, and how much its number of
/// attempts changes.
pub(crate) fn after_settlement(settled: Settled) -> (i16, Duration, i64) {
    match settled {
        Settled::Done => (DONE, Duration::ZERO, 0),
        Settled::Retry { after } => (READY, after, 0),
        Settled::Returned { after } => (READY, after, -1),
        // A settlement of a later version: nothing is lost by keeping the message.
        _ => (DEAD, Duration::ZERO, 0),
    }
}

/// Returns a message's id as the column holds it. An id beyond the column's range, which no store grants,
/// becomes the greatest, which no row has.
pub(crate) fn from_id(id: MessageId) -> i64 {
    i64::try_from(id.as_u64()).unwrap_or(i64::MAX)
}

pub(crate) fn to_id(number: i64) -> MessageId {
    MessageId::new(u64::try_from(number).unwrap_or(0))
}

pub(crate) fn to_token(id: i64, fence: i64) -> MessageToken {
    MessageToken::new(to_id(id), to_fencing_token(fence))
}

/// Returns a number of milliseconds since 1970 as the column holds it.
pub(crate) fn from_millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

pub(crate) fn to_count(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// The values of a filter, in the order of the parameters of [`matching`](Self::matching).
pub(crate) struct FilterValues<'f> {
    pub(crate) id: Option<i64>,
    pub(crate) key: Option<&'f [u8]>,
    pub(crate) endpoint: Option<&'f str>,
    pub(crate) tenant: Option<&'f str>,
    pub(crate) event_type: Option<&'f str>,
    pub(crate) event_id: Option<&'f str>,
    pub(crate) state: Option<i16>,
    pub(crate) received_from: Option<i64>,
    pub(crate) received_before: Option<i64>,
}

impl<'f> From<&'f MessageFilter> for FilterValues<'f> {
    fn from(filter: &'f MessageFilter) -> Self {
        Self {
            id: filter.id.map(from_id),
            key: filter.key.as_ref().map(key_bytes),
            endpoint: filter.endpoint.as_deref(),
            tenant: filter.tenant.as_deref(),
            event_type: filter.event_type.as_deref(),
            event_id: filter.event_id.as_deref(),
            state: filter.state.map(from_state),
            received_from: filter.received_from.map(|time| from_millis(time.as_millis())),
            received_before: filter.received_before.map(|time| from_millis(time.as_millis())),
        }
    }
}

impl FilterValues<'_> {
    /// Returns the SQL condition for the messages that match, whose parameters have the numbers 1 to 9.
    ///
    /// Only what is set becomes a condition, and the state is written out, so that an index can be used. `time` is
    /// the SQL that makes a column's time of a number of milliseconds, in which `{}` is the number.
    pub(crate) fn matching(&self, time: &str) -> String {
        let mut sql = String::from("true");
        let set = [
            (self.id.is_some(), "id = $1"),
            (self.key.is_some(), "key = $2"),
            (self.endpoint.is_some(), "endpoint = $3"),
            (self.tenant.is_some(), "tenant = $4"),
            (self.event_type.is_some(), "event_type = $5"),
            (self.event_id.is_some(), "event_id = $6"),
        ];
        for (_, condition) in set.into_iter().filter(|(is_set, _)| *is_set) {
            sql.push_str(" AND ");
            sql.push_str(condition);
        }
        if let Some(state) = self.state {
            // As the indexes have it.
            let states = if state <= RUNNING { "1, 2" } else { "3, 4, 5" };
            sql.push_str(&format!(" AND state = {state} AND state IN ({states})"));
        }
        let times = [(self.received_from, ">=", "$8"), (self.received_before, "<", "$9")];
        for (_, operator, parameter) in times.into_iter().filter(|(value, ..)| value.is_some()) {
            sql.push_str(&format!(" AND received {operator} {}", time.replace("{}", parameter)));
        }
        sql
    }
}

/// Returns the key in a column; a key of zeros if the column holds something else.
pub(crate) fn to_key(bytes: &[u8]) -> EventKey {
    EventKey::from_bytes(bytes.try_into().unwrap_or_default())
}
