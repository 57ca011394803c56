//! From a verified delivery to its response, on any runtime: claim, handler, commit or release.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use super::admission::Admission;
use super::claim::Claim;
use super::outcome::Outcome;
use super::receiver::Receiver;
use super::report::{report_late_outcome, report_outcome};
use super::settings::Timeouts;
use super::shutdown::Shutdown;
use super::store_call::call_store;
use super::timer::{Timer, race, timeout_at};
use super::{recorder, trace};
use crate::dedup::{StoreError, UpdateOutcome};
use crate::verify::Delivery;

/// The first and the longest pause between two attempts to commit.
const COMMIT_PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// A running handler, which an adapter spawns as a task of its own.
///
/// See [the example](crate::adapter#example).
pub trait HandlerTask: Future<Output = HandlerOutcome<Self::Response>> + Unpin {
    /// The handler's response, or its error.
    type Response;

    /// Cancels the handler. The future is awaited afterwards, and may still complete with success.
    fn cancel(&mut self);
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandlerOutcome<R> {
    /// The handler responded with a 2xx status.
    Success(R),
    /// The handler responded with another status, or returned an error.
    Failure(R),
    /// The handler panicked.
    Panicked,
    /// The handler was cancelled before it responded.
    Cancelled,
}

/// Claims the delivery's event, starts its handler and supervises it until its claim is committed or
/// released.
///
/// `start` gets the delivery with its claim and starts the handler. `respond` is called once, by the
/// sender's deadline, with the outcome, and the handler's response where that is to be sent. `drive`
/// may run on after that, with a handler past the deadline or a commit that is retried. An adapter
/// spawns it as a task of its own, so that a sender that hangs up does not drop it: the claim of a
/// dropped `drive` is neither committed nor released, and the event is in progress until its lease
/// expires.
///
/// See [the example](crate::adapter#example).
pub async fn drive<T: HandlerTask>(
    receiver: &Receiver,
    delivery: Delivery,
    timer: &(impl Timer<Sleep: Send + 'static> + Clone + Send + Sync + 'static),
    shutdown: &Shutdown,
    start: impl FnOnce(Delivery) -> T,
    respond: impl FnOnce(Outcome, Option<T::Response>),
) {
    recorder::verified(receiver, &delivery);
    let span = trace::span(receiver, &delivery);
    let task = DeliveryTask { receiver, timeouts: receiver.timeouts(), timer, shutdown };
    trace::instrument(span, task.run(delivery, start, respond)).await;
}

/// Instruments `future` with the current span (feature `tracing`).
///
/// For a future that an adapter spawns: a new task is outside of the span that spawned it.
pub fn in_current_span<F: Future>(future: F) -> impl Future<Output = F::Output> {
    trace::instrument(trace::current(), future)
}

/// What every step of a delivery uses.
struct DeliveryTask<'c, T> {
    receiver: &'c Receiver,
    timeouts: Timeouts,
    timer: &'c T,
    shutdown: &'c Shutdown,
}

impl<T> DeliveryTask<'_, T>
where
    T: Timer<Sleep: Send + 'static> + Clone + Send + Sync + 'static,
{
    async fn run<H: HandlerTask>(
        &self,
        mut delivery: Delivery,
        start: impl FnOnce(Delivery) -> H,
        respond: impl FnOnce(Outcome, Option<H::Response>),
    ) {
        let mut deadline = pin!(self.timer.sleep(self.timeouts.response));
        let lease_deadline = self.lease_deadline();
        let claim = async {
            let event = self.receiver.event(&delivery)?;
            trace::event(event.key());
            self.receiver.claim_event(event, &delivery).await
        };
        let admission = self.call_store("claim", claim).await;
        let admission = admission.unwrap_or_else(|error| Admission::Respond(Outcome::from(&error)));
        let claim = match admission {
            Admission::Proceed(claim) => claim,
            Admission::Respond(outcome) => {
                report_outcome(self.receiver, outcome);
                return respond(outcome, None);
            }
        };
        let _in_progress = recorder::in_progress(self.receiver, &claim);
        delivery.claim = Some((claim.claim_token(), claim.is_takeover()));
        self.receiver.prepare_items(&mut delivery, self.timer.clone());
        let mut respond = Some(respond);
        let mut respond = |outcome, response| {
            report_outcome(self.receiver, outcome);
            if let Some(respond) = respond.take() {
                respond(outcome, response);
            }
        };

        let started = recorder::Started::now();
        let mut handler = pin!(self.supervise_handler(&claim, start(delivery), lease_deadline));
        let in_time = timeout_at(handler.as_mut(), deadline.as_mut()).await;
        let is_late = in_time.is_none();
        let ended = match in_time {
            Some(ended) => ended,
            None => {
                respond(Outcome::DeadlineExceeded, None);
                handler.await
            }
        };
        let (outcome, response) = match ended {
            HandlerOutcome::Success(response) => (Outcome::Handled, Some(response)),
            HandlerOutcome::Failure(response) => (Outcome::Failed, Some(response)),
            HandlerOutcome::Panicked => (Outcome::Panicked, None),
            HandlerOutcome::Cancelled => (Outcome::Cancelled, None),
        };
        recorder::handler_ended(self.receiver, started, outcome);

        let mut update = pin!(self.commit_or_release(&claim, outcome));
        let in_time =
            if is_late { None } else { timeout_at(update.as_mut(), deadline.as_mut()).await };
        match in_time {
            Some(outcome) => respond(outcome, response),
            None => {
                if !is_late {
                    // A success is reported as handled only once the store has committed it.
                    let pending = match outcome {
                        Outcome::Handled => Outcome::CommitPending,
                        outcome => outcome,
                    };
                    respond(pending, response);
                }
                report_late_outcome(self.receiver, &claim, update.await);
            }
        }
    }

    /// Awaits the handler while its lease is renewed.
    ///
    /// Cancels the handler at `handler_timeout`, when its lease is lost or cannot be renewed in time,
    /// and when the service stops.
    async fn supervise_handler<H: HandlerTask>(
        &self,
        claim: &Claim,
        mut handler: H,
        lease_deadline: T::Sleep,
    ) -> HandlerOutcome<H::Response> {
        let mut cancel = pin!(race(
            race(self.timer.sleep(self.timeouts.handler), self.shutdown.stopping()),
            self.renew_until_lost(claim, lease_deadline),
        ));
        if let Some(ended) = timeout_at(Pin::new(&mut handler), cancel.as_mut()).await {
            return ended;
        }
        handler.cancel();
        // One handler at a time: the claim is not released before this one has ended.
        handler.await
    }

    /// Renews the lease, and returns when another claim has taken the event over, or could have.
    async fn renew_until_lost(&self, claim: &Claim, lease_deadline: T::Sleep) {
        let mut lease_deadline = Box::pin(lease_deadline);
        loop {
            let next = pin!(self.timer.sleep(self.timeouts.renew));
            if timeout_at(next, lease_deadline.as_mut()).await.is_none() {
                return;
            }
            let renewed = self.lease_deadline();
            let renew = pin!(self.call_store("renew", claim.renew()));
            match timeout_at(renew, lease_deadline.as_mut()).await {
                Some(Ok(UpdateOutcome::Applied)) => lease_deadline = Box::pin(renewed),
                Some(Ok(UpdateOutcome::StaleToken)) | None => return,
                // The store may recover before the lease expires.
                Some(Err(_)) => {}
            }
        }
    }

    /// Returns the deadline by which a lease that is claimed or renewed now must be renewed again.
    ///
    /// It is before the lease expires in the store: it counts from before the store is called, and
    /// leaves a sixth of the lease for cancelling the handler.
    fn lease_deadline(&self) -> T::Sleep {
        self.timer.sleep(self.timeouts.lease - self.timeouts.lease / 6)
    }

    async fn commit_or_release(&self, claim: &Claim, outcome: Outcome) -> Outcome {
        if outcome == Outcome::Handled {
            return self.commit(claim).await;
        }
        // If the release fails, the event can be claimed once its lease has expired.
        drop(self.call_store("release", claim.release()).await);
        outcome
    }

    /// Marks the event as handled, and retries that for as long as the sender may retry the event.
    ///
    /// Without the mark a retry would repeat work that is done. Between attempts the lease is renewed,
    /// so that no other delivery claims the event.
    async fn commit(&self, claim: &Claim) -> Outcome {
        let mut waited = Duration::ZERO;
        let mut pause = COMMIT_PAUSES.0;
        let mut is_last = false;
        loop {
            match self.call_store("commit", claim.commit()).await {
                Ok(UpdateOutcome::Applied) => return Outcome::Handled,
                Ok(UpdateOutcome::StaleToken) => return Outcome::LeaseLost,
                Err(_) => {}
            }
            if is_last || waited >= self.timeouts.commit_retry {
                return Outcome::CommitPending;
            }
            // The result does not matter: the failed commit may have taken effect, which only the next
            // attempt to commit can tell.
            drop(self.call_store("renew", claim.renew()).await);
            let sleep = pin!(self.timer.sleep(pause));
            is_last = timeout_at(sleep, pin!(self.shutdown.closing())).await.is_none();
            waited = waited.saturating_add(pause);
            pause = pause.saturating_mul(2).min(COMMIT_PAUSES.1).min(self.timeouts.renew);
        }
    }

    async fn call_store<A>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<A, StoreError>>,
    ) -> Result<A, StoreError> {
        call_store(self.receiver, self.timer, operation, call).await
    }
}
