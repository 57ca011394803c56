//! Renewal of leases, reports of the backlog, and removal of old messages.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{POLL, REPORT, Run, STORE_PAUSE};
use crate::dedup::UpdateOutcome;
use crate::event::MessageToken;
use crate::inbox::{Backlog, EndpointBacklog};
use crate::receive::inbox::{recorder, trace};
use crate::receive::timer::{Timer, after};

/// How many messages one call removes.
const PRUNED: u32 = 500;

impl<T: Timer> Run<'_, T> {
    /// Renews the leases of all attempts in one call, every third of the lease.
    pub(super) async fn renew(&mut self) {
        if self.timer.now() < self.next_renewal {
            return;
        }
        let tokens: Vec<MessageToken> =
            self.running.values().map(|running| running.token).collect();
        let lease = self.settings.lease;
        let renewed = if tokens.is_empty() {
            Some(Vec::new())
        } else {
            self.call("renew", self.inbox.store().renew_messages(&tokens, lease)).await
        };
        let Some(outcomes) = renewed else {
            self.next_renewal = after(self.timer.now(), STORE_PAUSE);
            return;
        };
        self.next_renewal = after(self.timer.now(), lease / 3);
        for (token, outcome) in tokens.iter().zip(outcomes) {
            if outcome == UpdateOutcome::StaleToken {
                trace::message_lost(*token);
                if let Some(running) = self.running.get(&token.id())
                    && running.token == *token
                {
                    running.lease.set_lost();
                }
            }
        }
    }

    /// Reports why an acknowledged event may be lost, if the store knows a reason.
    pub(super) async fn report_risk(&self) {
        let risk = self.inbox.store().durability_risk();
        if let Some(risk) = self.call("durability_risk", risk).await.flatten() {
            trace::durability_risk(&risk);
        }
    }

    /// Reports the backlog.
    pub(super) async fn report(&mut self) {
        if self.timer.now() < self.next_report {
            return;
        }
        self.next_report = after(self.timer.now(), REPORT);
        if let Some(mut backlog) = self.call("backlog", self.inbox.store().backlog()).await {
            // An endpoint that has nothing any more is reported once more, as empty.
            let named: BTreeSet<Arc<str>> =
                backlog.endpoints.iter().map(|own| Arc::clone(&own.endpoint)).collect();
            let emptied = self.reported.difference(&named).cloned();
            backlog.endpoints.extend(emptied.map(EndpointBacklog::new));
            self.reported = named;
            recorder::backlog(&backlog);
            self.report_unserved(&backlog);
        }
    }

    /// Removes old messages, a part at a time.
    pub(super) async fn prune(&mut self) {
        if self.timer.now() < self.next_prune {
            return;
        }
        let prune = self.inbox.store().prune_messages(self.inbox.retention(), PRUNED);
        let pruned = self.call("prune", prune).await;
        let has_more = pruned.is_some_and(|pruned| pruned >= u64::from(PRUNED));
        let pause = if has_more { POLL.0 } else { REPORT };
        self.next_prune = after(self.timer.now(), pause);
    }

    fn report_unserved(&self, backlog: &Backlog) {
        let own = self.inbox.endpoints();
        for waiting in backlog.endpoints.iter().filter(|waiting| waiting.ready > 0) {
            if self.settings.handles(&waiting.endpoint) && !own.contains(&waiting.endpoint) {
                trace::unserved_endpoint(&waiting.endpoint, waiting.ready);
            }
        }
    }
}
