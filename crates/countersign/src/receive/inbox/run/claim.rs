//! Claims of messages, and their way to the application.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::{POLL, Run, Running, STORE_PAUSE};
use crate::inbox::{ClaimedMessage, ClaimedMessages, EndpointClaim, MessageClaim, Settlement};
use crate::receive::inbox::job::{EndedJob, Job, Lease};
use crate::receive::inbox::message::QueuedMessage;
use crate::receive::inbox::recorder;
use crate::receive::timer::{Timer, after};

/// How many messages one claim returns at most, so that a worker with a high concurrency does not load all their
/// bodies at once.
const CLAIMED: u32 = 64;

impl<T: Timer> Run<'_, T> {
    /// Returns the claim that is due, for as many messages as there is room for.
    pub(super) fn due_claim(&mut self) -> Option<MessageClaim> {
        let limit = u32::try_from(self.room()).unwrap_or(u32::MAX).min(CLAIMED);
        let now = self.timer.now();
        if limit == 0 || now < self.next_claim || self.gathers() {
            return None;
        }
        let endpoints = self.endpoint_claims();
        if endpoints.is_empty() {
            self.next_claim = after(now, POLL.1);
            return None;
        }
        let name = Arc::clone(&self.settings.name);
        Some(MessageClaim::new(endpoints, limit, self.settings.lease, name))
    }

    /// Makes a claim, if there is one; `None` without one, or if it fails.
    pub(super) async fn claim(&self, claim: Option<&MessageClaim>) -> Option<ClaimedMessages> {
        self.call("claim", self.inbox.store().claim_messages(claim?)).await
    }

    /// Hands out what a claim of at most `limit` messages has returned.
    pub(super) fn claimed(
        &mut self,
        claimed: Option<ClaimedMessages>,
        limit: u32,
        start: &impl Fn(Job),
    ) {
        let now = self.timer.now();
        let Some(claimed) = claimed else {
            self.next_claim = after(now, STORE_PAUSE);
            return;
        };
        for dead in &claimed.dead {
            self.dead(dead);
        }
        let count = u32::try_from(claimed.messages.len()).unwrap_or(u32::MAX);
        self.poll = if count > 0 { POLL.0 } else { (self.poll * 2).min(POLL.1) };
        // A full claim leaves more: the next one waits only for room.
        self.next_claim = if count >= limit { now } else { after(now, self.poll) };
        for message in claimed.messages {
            self.hand_out(message, start);
        }
    }

    /// Returns what may be claimed of each endpoint that has room, beginning with another one each time.
    fn endpoint_claims(&mut self) -> Vec<EndpointClaim> {
        let unsettled = self.unsettled.iter().chain(&self.locked);
        let unsettled: HashSet<_> = unsettled.map(|ended| ended.settlement.token).collect();
        let mut busy: BTreeMap<&str, u32> = BTreeMap::new();
        for running in self.running.values() {
            if !unsettled.contains(&running.token) {
                *busy.entry(&running.endpoint).or_default() += 1;
            }
        }
        let mut endpoints = self.inbox.endpoints();
        endpoints.retain(|endpoint| self.settings.handles(endpoint));
        if !endpoints.is_empty() {
            let first = self.turn % endpoints.len();
            endpoints.rotate_left(first);
        }
        self.turn = self.turn.wrapping_add(1);
        let claims = endpoints.iter().map(|endpoint| {
            self.settings.claim_of(endpoint, busy.get(&**endpoint).copied().unwrap_or_default())
        });
        claims.filter(|claim| claim.limit > 0).collect()
    }

    fn hand_out(&mut self, message: ClaimedMessage, start: &impl Fn(Job)) {
        let (token, endpoint) = (message.token, Arc::clone(&message.endpoint));
        let attempt = message.attempt;
        let lease = Arc::<Lease>::default();
        let running = Running { token, endpoint: Arc::clone(&endpoint), lease: Arc::clone(&lease) };
        self.running.insert(token.id(), running);
        if message.is_takeover {
            recorder::message_taken_over(&endpoint);
        }
        let policy = self.settings.retry_of(&endpoint).clone();
        match QueuedMessage::new(self.inbox, message) {
            Ok(queued) => start(Job::new(
                queued,
                policy,
                self.settings.handler_timeout,
                self.shutdown.clone(),
                lease,
                Arc::clone(&self.ended),
            )),
            Err(error) => {
                let settled = policy.after_failure(token.id(), attempt);
                let settlement = Settlement::new(token, settled).with_error(&error.to_string());
                self.ended.push(EndedJob::new(endpoint, attempt, settlement));
            }
        }
    }
}
