//! Settlement of the attempts that have ended.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::{GATHER, REPORT, Run, STORE_PAUSE};
use crate::dedup::UpdateOutcome;
use crate::event::{MessageId, MessageToken};
use crate::inbox::{DeadMessage, SettleOutcome, Settled, Settlement};
use crate::receive::handler::discard;
use crate::receive::inbox::job::EndedJob;
use crate::receive::inbox::{recorder, trace};
use crate::receive::timer::{Timer, after};

/// What the store has made of a call's settlements.
#[derive(Default)]
pub(super) struct Outcomes {
    settled: Vec<SettleOutcome>,
    /// The messages that were settled as dead, and that their handlers' transactions have marked as done.
    done: BTreeSet<MessageId>,
}

impl<T: Timer> Run<'_, T> {
    /// Returns the settlements of the attempts that have ended, or none while they wait for others.
    pub(super) fn due_settlements(&mut self) -> Vec<Settlement> {
        let now = self.timer.now();
        if self.unsettled.is_empty() {
            self.gathers_until = after(now, GATHER);
        }
        self.unsettled.extend(self.ended.take());
        if self.next_unlock <= now {
            self.unsettled.append(&mut self.locked);
        }
        if now < self.next_settlement || self.gathers() {
            return Vec::new();
        }
        self.unsettled.iter().map(|ended| ended.settlement.clone()).collect()
    }

    /// Makes the settlements in one call, if there are any; `None` if it fails.
    pub(super) async fn settle(&self, settlements: &[Settlement]) -> Option<Outcomes> {
        if settlements.is_empty() {
            return Some(Outcomes::default());
        }
        let settle = self.inbox.store().settle_messages(settlements);
        let settled = self.call("settle", settle).await?;
        let done = self.done_by_their_handlers(settlements).await;
        Some(Outcomes { settled, done })
    }

    /// Records what the store has settled.
    pub(super) fn settled(&mut self, outcomes: Option<Outcomes>) {
        let Some(Outcomes { settled, done }) = outcomes else {
            self.next_settlement = after(self.timer.now(), STORE_PAUSE);
            return;
        };
        if settled.is_empty() {
            return;
        }
        for (ended, outcome) in std::mem::take(&mut self.unsettled).into_iter().zip(settled) {
            let outcome = match outcome {
                SettleOutcome::Locked => {
                    self.set_locked(ended);
                    continue;
                }
                SettleOutcome::StaleToken => UpdateOutcome::StaleToken,
                _ => UpdateOutcome::Applied,
            };
            if ended.is_unrouted {
                self.report_unrouted(&ended);
            }
            let EndedJob { endpoint, attempt, mut settlement, body_bytes, .. } = ended;
            if done.contains(&settlement.token.id()) {
                settlement =
                    Settlement::new(settlement.token, Settled::Done).with_duration(settlement.took);
            }
            // A later attempt of this worker may have taken the message over.
            let id = settlement.token.id();
            if self.running.get(&id).is_some_and(|running| running.token == settlement.token) {
                self.running.remove(&id);
            }
            recorder::attempt_ended(&endpoint, &settlement, outcome);
            trace::attempt_ended(&endpoint, attempt, &settlement, outcome);
            if matches!(settlement.settled, Settled::Done | Settled::Dead) {
                self.inbox.ended(body_bytes);
            }
            if settlement.settled == Settled::Dead && outcome == UpdateOutcome::Applied {
                let error = settlement.error.unwrap_or_default();
                self.dead(&DeadMessage::new(settlement.token, endpoint, attempt, error));
            }
        }
        // What has ended may have made room at its endpoint, or for the next message of its lane.
        let is_ordered = self.inbox.settings().ordering_key.is_some();
        if is_ordered || self.settings.limits_endpoints() {
            self.next_claim = self.timer.now();
        }
    }

    /// Keeps a settlement for a second: nothing else waits for the transaction.
    fn set_locked(&mut self, ended: EndedJob) {
        self.next_unlock = after(self.timer.now(), STORE_PAUSE);
        trace::message_locked(&ended.endpoint, ended.settlement.token);
        self.locked.push(ended);
    }

    /// Reports that no route has received a message, once a minute for each endpoint.
    fn report_unrouted(&mut self, ended: &EndedJob) {
        let now = self.timer.now();
        if self.unrouted.get(&ended.endpoint).is_some_and(|next| now < *next) {
            return;
        }
        self.unrouted.insert(Arc::clone(&ended.endpoint), after(now, REPORT));
        let reason = ended.settlement.error.as_deref().unwrap_or_default();
        trace::unrouted(&ended.endpoint, ended.settlement.token, reason);
    }

    /// Returns the messages that have been settled as dead, but that their handlers' transactions had marked as
    /// done: an attempt at a done message can be renewed, and one at a dead message cannot.
    async fn done_by_their_handlers(&self, settlements: &[Settlement]) -> BTreeSet<MessageId> {
        let dead = settlements.iter().filter(|settlement| settlement.settled == Settled::Dead);
        let dead: Vec<MessageToken> = dead.map(|settlement| settlement.token).collect();
        if dead.is_empty() {
            return BTreeSet::new();
        }
        let renewed = self.inbox.store().renew_messages(&dead, Duration::ZERO);
        let outcomes = self.call("renew", renewed).await.unwrap_or_default();
        let done = dead.iter().zip(outcomes);
        let done = done.filter(|(_, outcome)| *outcome == UpdateOutcome::Applied);
        done.map(|(token, _)| token.id()).collect()
    }

    pub(super) fn dead(&self, dead: &DeadMessage) {
        recorder::message_dead(&dead.endpoint);
        trace::dead(dead);
        // The application's hook must not end the worker.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.inbox.on_dead(dead))) {
            discard(panic);
        }
    }
}
