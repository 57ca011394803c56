//! The loop of a worker: claim, hand out, settle, renew.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use event_listener::EventListener;

use super::job::{EndedJob, EndedJobs, Job};
use super::message::QueuedMessage;
use super::{recorder, trace};
use crate::dedup::{StoreError, StoreErrorKind, UpdateOutcome};
use crate::event::{MessageId, MessageToken};
use crate::inbox::{
    Backlog, ClaimedMessage, DeadMessage, EndpointBacklog, EndpointClaim, Inbox, MessageClaim,
    Settled, Settlement, Worker, WorkerSettings,
};
use crate::receive::handler::discard;
use crate::receive::shutdown::Shutdown;
use crate::receive::timer::{Timer, after, before, sleep, yield_now};

/// The pause between two claims while there is work, and the longest without.
const POLL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// The pause after a call of the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The pause between two reports of the backlog, after which old messages are removed.
const REPORT: Duration = Duration::from_secs(60);

/// How many messages one call removes.
const PRUNED: u32 = 500;

/// Runs a worker until `shutdown` begins and its last attempt is settled.
///
/// `start` gets each [`Job`], makes the request of its [message](Job::message), and [runs](Job::run) the
/// application in a task of its own. It must not block.
///
/// The future must be run to its end: what it has claimed when it is dropped is neither renewed nor settled,
/// and is handled again once its lease has expired.
pub async fn run_worker<A, T: Timer>(
    worker: &Worker<A>,
    timer: &T,
    shutdown: &Shutdown,
    start: impl Fn(Job),
) {
    // Counted as one delivery, so that a drain waits for the last settlement.
    let Some(_in_flight) = shutdown.track() else { return };
    let mut run = Run::new(&worker.inbox, &worker.settings, timer, shutdown);
    let mut closing = pin!(shutdown.closing());
    loop {
        // What ends or arrives from here on ends the wait.
        let ended = run.ended.listen();
        let stored = worker.inbox.listen();
        let is_closing = is_ready(closing.as_mut()).await;
        run.settle().await;
        // Before the claim: a worker that was suspended must not take over what it still runs.
        run.renew().await;
        if !is_closing {
            run.claim(&start).await;
        } else if run.is_idle() || run.gives_up().await {
            return;
        } else {
            // Whatever ends the wait, the attempts that share this thread have their turn.
            yield_now().await;
        }
        run.report().await;
        let closing = (!is_closing).then_some(closing.as_mut());
        run.wait(ended, stored, closing).await;
    }
}

struct Run<'w, T: Timer> {
    inbox: &'w Inbox,
    settings: &'w WorkerSettings,
    timer: &'w T,
    shutdown: &'w Shutdown,
    ended: Arc<EndedJobs>,
    /// The attempts that are not settled, with their endpoints.
    running: HashMap<MessageId, (MessageToken, Arc<str>)>,
    unsettled: Vec<EndedJob>,
    /// How long to wait before the next claim if nothing happens.
    poll: Duration,
    next_claim: T::Instant,
    next_renewal: T::Instant,
    next_settlement: T::Instant,
    next_report: T::Instant,
    /// The endpoints that the last report named.
    reported: BTreeSet<Arc<str>>,
    /// Whether the last claim returned as many messages as it asked for, so that there may be more.
    has_more: bool,
    /// The endpoint with which the next claim begins, so that none waits for another.
    turn: usize,
}

impl<'w, T: Timer> Run<'w, T> {
    fn new(
        inbox: &'w Inbox,
        settings: &'w WorkerSettings,
        timer: &'w T,
        shutdown: &'w Shutdown,
    ) -> Self {
        let now = timer.now();
        Self {
            inbox,
            settings,
            timer,
            shutdown,
            ended: Arc::default(),
            running: HashMap::new(),
            unsettled: Vec::new(),
            poll: POLL.0,
            next_claim: now,
            next_renewal: after(now, settings.lease / 3),
            next_settlement: now,
            next_report: now,
            reported: BTreeSet::new(),
            has_more: false,
            turn: 0,
        }
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Settles the attempts that have ended, in one call.
    async fn settle(&mut self) {
        self.unsettled.extend(self.ended.take());
        if self.unsettled.is_empty() || self.timer.now() < self.next_settlement {
            return;
        }
        let settlements: Vec<Settlement> =
            self.unsettled.iter().map(|ended| ended.settlement.clone()).collect();
        let settle = self.inbox.store().settle_messages(&settlements);
        let Some(outcomes) = self.call("settle", settle).await else {
            self.next_settlement = after(self.timer.now(), STORE_PAUSE);
            return;
        };
        let done = self.done_by_their_handlers(&settlements).await;
        for (ended, outcome) in std::mem::take(&mut self.unsettled).into_iter().zip(outcomes) {
            let EndedJob { endpoint, attempt, mut settlement } = ended;
            if done.contains(&settlement.token.id()) {
                settlement =
                    Settlement::new(settlement.token, Settled::Done).with_duration(settlement.took);
            }
            // A later attempt of this worker may have taken the message over.
            let id = settlement.token.id();
            if self.running.get(&id).is_some_and(|(token, _)| *token == settlement.token) {
                self.running.remove(&id);
            }
            recorder::attempt_ended(&endpoint, &settlement, outcome);
            trace::attempt_ended(&endpoint, attempt, &settlement, outcome);
            if settlement.settled == Settled::Dead && outcome == UpdateOutcome::Applied {
                let error = settlement.error.unwrap_or_default();
                self.dead(&DeadMessage::new(settlement.token, endpoint, attempt, error));
            }
        }
        // What has ended may have made room at its endpoint, or for the next message of its lane.
        let is_ordered = self.inbox.settings().ordering_key.is_some();
        if self.has_more || is_ordered || self.settings.limits_endpoints() {
            self.next_claim = self.timer.now();
        }
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

    /// Claims as many messages as there is room for, and hands each out.
    async fn claim(&mut self, start: &impl Fn(Job)) {
        let running = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let limit = self.settings.concurrency.saturating_sub(running);
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
        for (_, endpoint) in self.running.values() {
            *busy.entry(endpoint).or_default() += 1;
        }
        let mut endpoints = self.inbox.endpoints();
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
        self.running.insert(token.id(), (token, Arc::clone(&endpoint)));
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
                Arc::clone(&self.ended),
            )),
            Err(error) => {
                let settled = policy.after_failure(token.id(), attempt);
                let settlement = Settlement::new(token, settled).with_error(&error.to_string());
                self.ended.push(EndedJob { endpoint, attempt, settlement });
            }
        }
    }

    fn dead(&self, dead: &DeadMessage) {
        recorder::message_dead(&dead.endpoint);
        trace::dead(dead);
        // The application's hook must not end the worker.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.inbox.on_dead(dead))) {
            discard(panic);
        }
    }

    /// Renews the leases of all attempts in one call, every third of the lease.
    async fn renew(&mut self) {
        if self.timer.now() < self.next_renewal {
            return;
        }
        let tokens: Vec<MessageToken> = self.running.values().map(|(token, _)| *token).collect();
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
            }
        }
    }

    /// Reports the backlog, and removes old messages.
    async fn report(&mut self) {
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
        let prune = self.inbox.store().prune_messages(self.inbox.retention(), PRUNED);
        let pruned = self.call("prune", prune).await;
        if pruned.is_some_and(|pruned| pruned >= u64::from(PRUNED)) {
            self.next_report = after(self.timer.now(), POLL.0);
        }
    }

    fn report_unserved(&self, backlog: &Backlog) {
        let own = self.inbox.endpoints();
        for waiting in backlog.endpoints.iter().filter(|waiting| waiting.ready > 0) {
            if !own.contains(&waiting.endpoint) {
                trace::unserved_endpoint(&waiting.endpoint, waiting.ready);
            }
        }
    }

    /// Waits until there may be something to do.
    async fn wait(
        &mut self,
        ended: EventListener,
        stored: EventListener,
        mut closing: Option<Pin<&mut impl Future<Output = ()>>>,
    ) {
        let has_room = self.running.len() < usize::try_from(self.settings.concurrency).unwrap_or(0);
        let mut next = self.next_renewal.min(self.next_report);
        if !self.unsettled.is_empty() {
            next = next.min(self.next_settlement);
        }
        if has_room && closing.is_some() {
            next = next.min(self.next_claim);
        }
        let mut sleep = pin!(self.timer.sleep_until(next));
        let (mut ended, mut stored) = (pin!(ended), pin!(stored));
        let mut stopping = pin!(self.shutdown.stopping());
        let woken = poll_fn(|cx| {
            let is_stored = has_room && stored.as_mut().poll(cx).is_ready();
            let is_over = ended.as_mut().poll(cx).is_ready()
                || sleep.as_mut().poll(cx).is_ready()
                || match &mut closing {
                    Some(closing) => closing.as_mut().poll(cx).is_ready(),
                    None => !self.unsettled.is_empty() && stopping.as_mut().poll(cx).is_ready(),
                };
            if is_stored || is_over { Poll::Ready(is_stored) } else { Poll::Pending }
        });
        if woken.await {
            self.next_claim = self.timer.now();
        }
    }

    /// Whether the worker is stopped while its store cannot settle: the leases of what is left expire.
    async fn gives_up(&self) -> bool {
        let is_stopping = is_ready(pin!(self.shutdown.stopping())).await;
        is_stopping && !self.unsettled.is_empty() && self.unsettled.len() == self.running.len()
    }

    /// Awaits one call of the store for at most its timeout; `None` if it fails, which is reported.
    async fn call<R>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<R, StoreError>>,
    ) -> Option<R> {
        let limit = self.inbox.store_timeout();
        let mut call = pin!(call);
        let caught = poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
            polled.unwrap_or_else(|panic| {
                discard(panic);
                let text = "the store panicked";
                Poll::Ready(Err(StoreError::new(StoreErrorKind::Unavailable, text)))
            })
        });
        let result = before(pin!(caught), || sleep(self.timer, limit)).await;
        let result = result.unwrap_or_else(|| {
            let text = format!("the store did not respond within `store_timeout` of {limit:?}");
            Err(StoreError::new(StoreErrorKind::Timeout, text))
        });
        result.map_err(|error| trace::store_failed(operation, &error)).ok()
    }
}

/// Polls a future once.
async fn is_ready(mut future: Pin<&mut impl Future<Output = ()>>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}
