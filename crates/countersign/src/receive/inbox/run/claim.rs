//! Claims of messages, and their way to the application.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{POLL, Run, Running, STORE_PAUSE};
use crate::inbox::{ClaimedMessage, EndpointClaim, MessageClaim, Settlement};
use crate::receive::inbox::job::{EndedJob, Job, Lease};
use crate::receive::inbox::message::QueuedMessage;
use crate::receive::inbox::recorder;
use crate::receive::timer::{Timer, after};

/// How many messages one claim returns at most, so that a worker with a high concurrency does not load all their
/// bodies at once.
const CLAIMED: u32 = 64;

impl<T: Timer> Run<'_, T> {
    /// Claims as many messages as there is room for, and hands each out.
    pub(super) async fn claim(&mut self, start: &impl Fn(Job)) {
        let running = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let limit = self.settings.concurrency.saturating_sub(running).min(CLAIMED);
        if limit == 0 || self.timer.now() < self.next_claim {
            return;
        }
        let endpoints = self.endpoint_claims();
        if endpoints.is_empty() {
            self.next_claim = after(self.timer.now(), POLL.1);
            return;
        }
        let name = Arc::clone(&self.settings.name);
        let claim = MessageClaim::new(endpoints, limit, self.settings.lease, name);
        let claimed = self.call("claim", self.inbox.store().claim_messages(&claim)).await;
        let now = self.timer.now();
        let Some(claimed) = claimed else {
            self.next_claim = after(now, STORE_PAUSE);
            return;
        };
        for dead in &claimed.dead {
            self.dead(dead);
        }
        let count = u32::try_from(claimed.messages.len()).unwrap_or(u32::MAX);
        self.has_more = count >= limit;
        self.poll = if count > 0 { POLL.0 } else { (self.poll * 2).min(POLL.1) };
        self.next_claim = after(now, self.poll);
        for message in claimed.messages {
            self.hand_out(message, start);
        }
    }

    /// Returns what may be claimed of each endpoint that has room, beginning with another one each time.
    fn endpoint_claims(&mut self) -> Vec<EndpointClaim> {
        let mut busy: BTreeMap<&str, u32> = BTreeMap::new();
        for running in self.running.values() {
            *busy.entry(&running.endpoint).or_default() += 1;
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
