//! The messages of an inbox in memory, and what becomes of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::dedup::UpdateOutcome;
use crate::event::{FencingToken, MessageId, MessageToken};
use crate::inbox::{
    Attempt, Backlog, ClaimedMessage, ClaimedMessages, DeadMessage, EndpointBacklog, EndpointClaim,
    MessageClaim, MessageRetention, MessageState, NewMessage, SettleOutcome, Settled, Settlement,
};
use crate::time::Timestamp;

const PROCESS_ENDED: &str = "the lease of the last attempt expired";

/// A message with its state.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) message: NewMessage,
    pub(super) state: MessageState,
    pub(super) fence: u64,
    /// When a ready message is due, when the lease of a running one ends, and since when others are what they
    /// are.
    pub(super) due: Timestamp,
    pub(super) attempt: u32,
    pub(super) replays: u32,
    pub(super) position: u64,
    pub(super) worker: Arc<str>,
    pub(super) error: Option<Box<str>>,
}

#[derive(Default)]
pub(super) struct Rows {
    pub(super) messages: BTreeMap<MessageId, Row>,
    pub(super) attempts: BTreeMap<(MessageId, u64), Attempt>,
    pub(super) paused: BTreeSet<Box<str>>,
    last_id: u64,
    last_fence: u64,
}

impl Rows {
    /// Grants a fencing token that is higher than all others, also than `at_least`.
    pub(super) fn next_fence(&mut self, at_least: u64) -> u64 {
        self.last_fence = self.last_fence.max(at_least) + 1;
        self.last_fence
    }

    pub(super) fn insert(&mut self, message: &NewMessage, fence: u64, now: Timestamp) -> MessageId {
        self.last_id += 1;
        let row = Row {
            message: message.clone(),
            state: MessageState::Ready,
            fence,
            due: now,
            attempt: 0,
            replays: 0,
            position: fence,
            worker: "".into(),
            error: None,
        };
        self.messages.insert(MessageId::new(self.last_id), row);
        MessageId::new(self.last_id)
    }

    pub(super) fn claim(&mut self, claim: &MessageClaim, now: Timestamp) -> ClaimedMessages {
        let mut claimed = ClaimedMessages::default();
        for endpoint in &claim.endpoints {
            let taken = u32::try_from(claimed.messages.len()).unwrap_or(u32::MAX);
            let limit = endpoint.limit.min(claim.limit.saturating_sub(taken));
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            for id in self.due(endpoint, now).into_iter().take(limit) {
                self.start(id, claim, endpoint, now, &mut claimed);
            }
        }
        claimed
    }

    /// Returns the messages of an endpoint that can be claimed, the one that has been due the longest first.
    fn due(&self, endpoint: &EndpointClaim, now: Timestamp) -> Vec<MessageId> {
        if self.paused.contains(&*endpoint.endpoint) {
            return Vec::new();
        }
        let is_due = |row: &Row| {
            matches!(row.state, MessageState::Ready | MessageState::Running)
                && row.message.endpoint == endpoint.endpoint
                && row.due <= now
                && !self.is_blocked(row, endpoint.skip_dead_in_lane)
        };
        let mut due: Vec<_> = self
            .messages
            .iter()
            .filter(|(_, row)| is_due(row))
            .map(|(id, row)| (row.due, *id))
            .collect();
        due.sort();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// Returns whether an earlier message of the lane keeps this one from running.
    fn is_blocked(&self, row: &Row, skip_dead: bool) -> bool {
        let blocks = |earlier: &Row| match earlier.state {
            MessageState::Ready | MessageState::Running => true,
            MessageState::Dead => !skip_dead,
            _ => false,
        };
        row.message.lane.is_some()
            && self.messages.values().any(|earlier| {
                earlier.message.lane == row.message.lane
                    && earlier.position < row.position
                    && blocks(earlier)
            })
    }

    fn start(
        &mut self,
        id: MessageId,
        claim: &MessageClaim,
        endpoint: &EndpointClaim,
        now: Timestamp,
        claimed: &mut ClaimedMessages,
    ) {
        let fence = self.next_fence(0);
        let Some(row) = self.messages.get_mut(&id) else { return };
        let has_expired = row.state == MessageState::Running;
        let mut earlier = self.attempts.range((id, 0)..=(id, u64::MAX)).rev();
        // An attempt that was returned has done nothing about the one before it.
        let before = earlier.find(|(_, earlier)| &*earlier.outcome != "returned");
        let is_takeover = has_expired
            || (row.attempt > 0
                && before.is_some_and(|(_, before)| &*before.outcome == "lease_expired"));
        if has_expired {
            let expired = attempt_of(row, "lease_expired", None, Duration::ZERO, now);
            self.attempts.insert((id, row.fence), expired);
            if row.attempt >= endpoint.max_attempts {
                (row.state, row.due, row.error) =
                    (MessageState::Dead, now, Some(PROCESS_ENDED.into()));
                let token = MessageToken::new(id, FencingToken::new(row.fence));
                // The attempt that has outlived its lease is stale.
                row.fence = fence;
                let name = Arc::clone(&endpoint.endpoint);
                claimed.dead.push(DeadMessage::new(token, name, row.attempt, PROCESS_ENDED));
                return;
            }
        }
        row.state = MessageState::Running;
        (row.fence, row.due) = (fence, now.saturating_add(claim.lease));
        row.attempt += 1;
        row.worker = Arc::clone(&claim.worker);
        claimed.messages.push(ClaimedMessage {
            token: MessageToken::new(id, FencingToken::new(fence)),
            attempt: row.attempt,
            is_takeover,
            replays: row.replays,
            endpoint: Arc::clone(&endpoint.endpoint),
            tenant: row.message.tenant.clone(),
            request: row.message.request.clone(),
            body: row.message.body.clone(),
        });
    }

    /// Returns the row if the token is that of its last attempt.
    fn current(&mut self, token: MessageToken) -> Option<&mut Row> {
        let row = self.messages.get_mut(&token.id())?;
        (row.fence == token.fencing_token().as_u64()).then_some(row)
    }

    pub(super) fn renew(
        &mut self,
        token: MessageToken,
        lease: Duration,
        now: Timestamp,
    ) -> UpdateOutcome {
        match self.current(token) {
            Some(row) if row.state == MessageState::Running => {
                row.due = now.saturating_add(lease);
                UpdateOutcome::Applied
            }
            Some(row) if row.state == MessageState::Done => UpdateOutcome::Applied,
            _ => UpdateOutcome::StaleToken,
        }
    }

    pub(super) fn settle(&mut self, settlement: &Settlement, now: Timestamp) -> SettleOutcome {
        let token = settlement.token;
        let Some(row) = self.current(token) else { return SettleOutcome::StaleToken };
        // A repeated settlement changes nothing.
        if row.state != MessageState::Running {
            return SettleOutcome::Applied;
        }
        let name = settlement.settled.as_str();
        let attempt = attempt_of(row, name, settlement.error.clone(), settlement.took, now);
        row.error = settlement.error.clone();
        (row.state, row.due) = match settlement.settled {
            Settled::Done => (MessageState::Done, now),
            Settled::Dead => (MessageState::Dead, now),
            Settled::Retry { after } => (MessageState::Ready, now.saturating_add(after)),
            Settled::Returned { after } => {
                row.attempt -= 1;
                (MessageState::Ready, now.saturating_add(after))
            }
        };
        let (id, fence) = (token.id(), token.fencing_token().as_u64());
        if matches!(settlement.settled, Settled::Returned { .. }) {
            self.attempts.retain(|(own, _), before| *own != id || &*before.outcome != name);
        }
        self.attempts.insert((id, fence), attempt);
        SettleOutcome::Applied
    }

    pub(super) fn prune(&mut self, keep: MessageRetention, limit: u32, now: Timestamp) -> u64 {
        let is_old = |row: &Row| {
            let keep = match row.state {
                MessageState::Done => keep.done,
                MessageState::Dead => keep.dead,
                MessageState::Discarded => keep.discarded,
                _ => return false,
            };
            row.due.saturating_add(keep) <= now
        };
        let old = self.messages.iter().filter(|(_, row)| is_old(row)).map(|(id, _)| *id);
        let old: BTreeSet<_> = old.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        self.messages.retain(|id, _| !old.contains(id));
        self.attempts.retain(|(id, _), _| !old.contains(id));
        u64::try_from(old.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn backlog(&self, now: Timestamp) -> Backlog {
        let mut endpoints: BTreeMap<&str, EndpointBacklog> = BTreeMap::new();
        for paused in &self.paused {
            let entry = endpoints.entry(paused);
            entry.or_insert_with(|| EndpointBacklog::new(&**paused)).is_paused = true;
        }
        for row in self.messages.values() {
            let bytes = u64::try_from(row.message.body.len()).unwrap_or(u64::MAX);
            if matches!(row.state, MessageState::Done | MessageState::Discarded) {
                continue;
            }
            let name = &row.message.endpoint;
            let own =
                endpoints.entry(name).or_insert_with(|| EndpointBacklog::new(Arc::clone(name)));
            match row.state {
                MessageState::Ready => {
                    own.ready += 1;
                    own.oldest_ready = own.oldest_ready.max(now.saturating_since(row.due));
                    own.live_bytes += bytes;
                }
                MessageState::Running => {
                    own.running += 1;
                    own.live_bytes += bytes;
                }
                _ => {
                    own.dead += 1;
                    own.dead_bytes += bytes;
                }
            }
        }
        Backlog::new(endpoints.into_values().collect())
    }
}

fn attempt_of(
    row: &Row,
    outcome: &str,
    error: Option<Box<str>>,
    took: Duration,
    ended: Timestamp,
) -> Attempt {
    let mut attempt = Attempt::new(row.attempt, outcome, ended);
    (attempt.error, attempt.took, attempt.worker) = (error, took, (*row.worker).into());
    attempt
}
