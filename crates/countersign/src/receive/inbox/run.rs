//! The loop of a worker: claim, hand out, settle, renew.

mod claim;
mod settle;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use event_listener::EventListener;

use super::job::{EndedJob, EndedJobs, Job, Lease};
use super::trace;
use crate::dedup::{StoreError, StoreErrorKind};
use crate::event::{MessageId, MessageToken};
use crate::inbox::{Inbox, Worker, WorkerSettings};
use crate::receive::handler::discard;
use crate::receive::shutdown::Shutdown;
use crate::receive::timer::{Timer, after, before, sleep, yield_now};

/// The pause between two claims while there is work, and the longest without.
const POLL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// The pause after a call of the store has failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// How long an attempt that has ended waits for others, to be settled together with them.
const GATHER: Duration = Duration::from_millis(5);

/// How many attempts that have ended wait for no more.
const GATHERED: usize = 32;

/// The pause between two reports of the backlog, after which old messages are removed.
const REPORT: Duration = Duration::from_secs(60);

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
    let _counted = worker.inbox.count_worker();
    let mut run = Run::new(&worker.inbox, &worker.settings, timer, shutdown);
    run.report_risk().await;
    let mut closing = pin!(shutdown.closing());
    loop {
        // What ends or arrives from here on ends the wait.
        let ended = run.ended.listen();
        let stored = worker.inbox.listen();
        let is_closing = is_ready(closing.as_mut()).await;
        // Before the claim: a worker that was suspended must not take over what it still runs.
        run.renew().await;
        run.settle_and_claim(&start, is_closing).await;
        if is_closing {
            if run.is_idle() || run.gives_up().await {
                return;
            }
            // Whatever ends the wait, the attempts that share this thread have their turn.
            yield_now().await;
        }
        run.report().await;
        run.prune().await;
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
    /// The attempts that are not settled.
    running: HashMap<MessageId, Running>,
    unsettled: Vec<EndedJob>,
    /// What could not be settled yet: a transaction that its handler has left open holds the message.
    locked: Vec<EndedJob>,
    /// How long to wait before the next claim if nothing happens.
    poll: Duration,
    next_claim: T::Instant,
    next_renewal: T::Instant,
    /// When a settlement that failed is tried again.
    next_settlement: T::Instant,
    /// Until when attempts that end are gathered, so that one call settles many.
    gathers_until: T::Instant,
    /// When what is locked is settled again.
    next_unlock: T::Instant,
    next_report: T::Instant,
    next_prune: T::Instant,
    /// The endpoints that the last report named.
    reported: BTreeSet<Arc<str>>,
    /// The endpoint with which the next claim begins, so that none waits for another.
    turn: usize,
    /// The endpoints with messages that no route has received, and when that is reported again.
    unrouted: BTreeMap<Arc<str>, T::Instant>,
}

/// An attempt that is not settled.
struct Running {
    token: MessageToken,
    endpoint: Arc<str>,
    lease: Arc<Lease>,
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
            locked: Vec::new(),
            poll: POLL.0,
            next_claim: now,
            next_renewal: after(now, settings.lease / 3),
            next_settlement: now,
            gathers_until: now,
            next_unlock: now,
            next_report: now,
            next_prune: now,
            reported: BTreeSet::new(),
            turn: 0,
            unrouted: BTreeMap::new(),
        }
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    fn has_unsettled(&self) -> bool {
        !self.unsettled.is_empty() || !self.locked.is_empty()
    }

    /// Returns the number of handlers that run. An attempt that has ended is not one, though it is unsettled.
    fn handlers(&self) -> usize {
        self.running.len().saturating_sub(self.unsettled.len() + self.locked.len())
    }

    /// Returns how many more messages may be claimed.
    ///
    /// While the store settles nothing, no more than as many again as run at a time are left unsettled.
    fn room(&self) -> usize {
        let concurrency = usize::try_from(self.settings.concurrency).unwrap_or(usize::MAX);
        let unsettled = concurrency.saturating_mul(2).saturating_sub(self.running.len());
        concurrency.saturating_sub(self.handlers()).min(unsettled)
    }

    /// Whether what has ended waits for more, to be settled together with it.
    fn gathers(&self) -> bool {
        let is_small = !self.unsettled.is_empty() && self.unsettled.len() < GATHERED;
        is_small && self.handlers() > 0 && self.timer.now() < self.gathers_until
    }

    /// Settles what has ended and claims what there is room for, with both calls under way at the same time.
    async fn settle_and_claim(&mut self, start: &impl Fn(Job), is_closing: bool) {
        let mut settlements = self.due_settlements();
        // The next message of a lane can be claimed once the one before it is settled.
        if self.inbox.settings().ordering_key.is_some() {
            let settled = self.settle(&settlements).await;
            self.settled(settled);
            settlements.clear();
        }
        let claim = if is_closing { None } else { self.due_claim() };
        let (settled, claimed) = join(self.settle(&settlements), self.claim(claim.as_ref())).await;
        self.settled(settled);
        if let Some(claim) = claim {
            self.claimed(claimed, claim.limit, start);
        }
    }

    /// Waits until there may be something to do.
    async fn wait(
        &mut self,
        ended: EventListener,
        stored: EventListener,
        mut closing: Option<Pin<&mut impl Future<Output = ()>>>,
    ) {
        let has_room = self.room() > 0;
        let gathered = if self.gathers() { self.gathers_until } else { self.timer.now() };
        let mut next = self.next_renewal.min(self.next_report).min(self.next_prune);
        if !self.unsettled.is_empty() {
            next = next.min(self.next_settlement.max(gathered));
        }
        if !self.locked.is_empty() {
            next = next.min(self.next_unlock);
        }
        if has_room && closing.is_some() {
            next = next.min(self.next_claim.max(gathered));
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
                    None => self.has_unsettled() && stopping.as_mut().poll(cx).is_ready(),
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
        let unsettled = self.unsettled.len() + self.locked.len();
        is_stopping && self.has_unsettled() && unsettled == self.running.len()
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

/// Returns the outputs of both futures, which are polled together.
async fn join<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut a, mut b) = (None, None);
    poll_fn(move |cx| {
        if a.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(cx)
        {
            a = Some(output);
        }
        if b.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(cx)
        {
            b = Some(output);
        }
        match (a.take(), b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            unfinished => {
                (a, b) = unfinished;
                Poll::Pending
            }
        }
    })
    .await
}

/// Polls a future once.
async fn is_ready(mut future: Pin<&mut impl Future<Output = ()>>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}
