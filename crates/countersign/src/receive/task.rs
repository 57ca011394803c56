//! From a verified delivery to its response, on any runtime: claim, handler, commit or release.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::time::Duration;

use super::admission::Admission;
use super::claim::Claim;
use super::handler::{self, Ended, discard};
use super::outcome::Outcome;
use super::receiver::Receiver;
use super::report::{report_late_outcome, report_outcome};
use super::settings::Timeouts;
use super::shutdown::{InFlightGuard, Shutdown};
use super::store_call::call_store;
use super::timer::{Timer, after, before, sleep};
use super::{recorder, trace};
use crate::dedup::{StoreError, UpdateOutcome};
use crate::verify::{ClaimedAs, Delivery};

/// The first and the longest pause between two attempts to commit.
const COMMIT_PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// Claims the delivery's event, runs its handler and supervises it until its claim is committed or
/// released.
///
/// `start` gets the delivery with its claim and returns the handler's future, which is polled within this
/// one and dropped if the handler is cancelled. The handler must not block its thread: deadline and lease are
/// checked where it returns `Poll::Pending`. `is_success` returns whether its response marks the event as handled.
///
/// `respond` is called once, by the sender's deadline, with the outcome, and the handler's response where
/// that is to be sent. `drive` may run on after that, with a handler past the deadline or a commit that is
/// retried. It must not be dropped before it ends, or the claim is neither committed nor released, and the
/// event is in progress until its lease expires: a [`Detachable`](super::detachable::Detachable) sees to
/// that. Nor may it be kept without being polled: then nothing renews its lease, and another delivery runs the
/// handler while this one is held.
///
/// See [the example](crate::adapter#example).
pub fn drive<'d, T, H: Future>(
    receiver: &'d Receiver,
    mut delivery: Delivery,
    timer: &'d T,
    in_flight: &'d InFlightGuard,
    start: impl FnOnce(Delivery) -> H,
    is_success: impl Fn(&H::Output) -> bool,
    respond: impl FnOnce(Outcome, Option<H::Output>),
) -> impl Future<Output = ()>
where
    T: Timer<Sleep: Send + 'static> + Clone + Send + Sync + 'static,
{
    recorder::verified(receiver, &delivery);
    let span = trace::span(receiver, &delivery);
    let task = DeliveryTask { receiver, timer, shutdown: in_flight.shutdown() };
    // Each step is a future of its own, so that they share their space. What is passed to an `async fn` by
    // value is stored twice in its future, hence the blocks.
    trace::instrument(span, async move {
        let started = timer.now();
        let claim = match task.claim(&delivery).await {
            Ok(claim) => claim,
            Err(outcome) => {
                report_outcome(receiver, outcome);
                return respond(outcome, None);
            }
        };
        let _in_progress = recorder::in_progress(receiver, &claim);
        delivery.claimed_as =
            ClaimedAs::Event { token: claim.claim_token(), is_takeover: claim.is_takeover() };
        receiver.prepare_items(&mut delivery, timer.clone());
        let mut respond = Some(respond);
        let mut respond = |outcome, response| {
            report_outcome(receiver, outcome);
            if let Some(respond) = respond.take() {
                respond(outcome, response);
            }
        };
        let handler_started = recorder::Started::now();
        let late = || respond(Outcome::DeadlineExceeded, None);
        let (ended, is_late) = task.handle(&claim, started, start, delivery, late).await;
        let (outcome, response) = match ended {
            Ended::Responded(response) if is_success(&response) => {
                (Outcome::Handled, Some(response))
            }
            Ended::Responded(response) => (Outcome::Failed, Some(response)),
            Ended::Panicked => (Outcome::Panicked, None),
            Ended::Cancelled => (Outcome::Cancelled, None),
        };
        recorder::handler_ended(receiver, handler_started, outcome);
        task.settle(&claim, started, outcome, response, (!is_late).then_some(respond)).await;
    })
}

/// What every step of a delivery uses.
struct DeliveryTask<'d, T> {
    receiver: &'d Receiver,
    timer: &'d T,
    shutdown: &'d Shutdown,
}

impl<T: Timer> DeliveryTask<'_, T> {
    /// Claims the delivery's event.
    ///
    /// # Errors
    ///
    /// The outcome that is responded without the handler.
    async fn claim(&self, delivery: &Delivery) -> Result<Claim, Outcome> {
        let claim = pin!(async {
            let event = self.receiver.event(delivery)?;
            trace::event(event.key());
            self.receiver.claim_event(event, delivery).await
        });
        match self.call_store("claim", claim).await {
            Ok(Admission::Proceed(claim)) => Ok(claim),
            Ok(Admission::Respond(outcome)) => Err(outcome),
            Err(error) => Err(Outcome::from(&error)),
        }
    }

    /// Runs the handler, and returns how it ended and whether that is after the response deadline, when `late`
    /// is called.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would store its arguments twice")]
    fn handle<H: Future>(
        &self,
        claim: &Claim,
        started: T::Instant,
        start: impl FnOnce(Delivery) -> H,
        delivery: Delivery,
        late: impl FnOnce(),
    ) -> impl Future<Output = (Ended<H::Output>, bool)> {
        async move {
            if self.shutdown.is_stopping() {
                return (Ended::Cancelled, false);
            }
            let handler_started = self.timer.now();
            let handler = match catch_unwind(AssertUnwindSafe(|| start(delivery))) {
                Ok(handler) => handler,
                Err(panic) => {
                    discard(panic);
                    return (Ended::Panicked, false);
                }
            };
            let handler = pin!(Some(handler));
            let cancelled = || Box::pin(self.until_cancelled(claim, started, handler_started));
            let mut handler = pin!(handler::run(handler, cancelled));
            match before(handler.as_mut(), || self.deadline(started)).await {
                Some(ended) => (ended, false),
                None => {
                    late();
                    (handler.await, true)
                }
            }
        }
    }

    /// Commits or releases the claim. `respond` is called then, or at the response deadline; if it is `None`,
    /// that has passed, and the outcome is only reported.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would store its arguments twice")]
    fn settle<R>(
        &self,
        claim: &Claim,
        started: T::Instant,
        outcome: Outcome,
        response: Option<R>,
        respond: Option<impl FnOnce(Outcome, Option<R>)>,
    ) -> impl Future<Output = ()> {
        async move {
            let mut update = pin!(self.commit_or_release(claim, outcome));
            if let Some(respond) = respond {
                match before(update.as_mut(), || self.deadline(started)).await {
                    Some(outcome) => return respond(outcome, response),
                    // A success is reported as handled only once the store has committed it.
                    None if outcome == Outcome::Handled => {
                        respond(Outcome::CommitPending, response);
                    }
                    None => respond(outcome, response),
                }
            }
            report_late_outcome(self.receiver, claim, update.await);
        }
    }

    /// Returns the timer of the response deadline, in a box, since most deliveries need none.
    fn deadline(&self, started: T::Instant) -> Pin<Box<T::Sleep>> {
        Box::pin(self.timer.sleep_until(after(started, self.receiver.timeouts().response)))
    }

    /// Renews the lease of a claim from `started`, and completes when the handler is to be cancelled: at
    /// `handler_timeout`, when its lease is lost or cannot be renewed in time, and when the service stops.
    ///
    /// The lease counts from before the store is called, and a sixth of it is left for the cancellation, so
    /// that it has not expired in the store by then.
    async fn until_cancelled(
        &self,
        claim: &Claim,
        started: T::Instant,
        handler_started: T::Instant,
    ) {
        let Timeouts { handler, lease, renew, .. } = self.receiver.timeouts();
        let end = after(handler_started, handler);
        let lease_end = |renewed| after(renewed, lease - lease / 6);
        let supervise = async {
            let mut renew_at = after(started, renew);
            let mut cancel_at = end.min(lease_end(started));
            loop {
                self.timer.sleep_until(renew_at.min(cancel_at)).await;
                let now = self.timer.now();
                if now >= cancel_at {
                    return;
                }
                let renew_claim = pin!(claim.renew());
                let renewing = pin!(self.call_store("renew", renew_claim));
                match before(renewing, || self.timer.sleep_until(cancel_at)).await {
                    Some(Ok(UpdateOutcome::Applied)) => cancel_at = end.min(lease_end(now)),
                    Some(Ok(UpdateOutcome::StaleToken)) | None => return,
                    // The store may recover before the lease expires.
                    Some(Err(_)) => {}
                }
                renew_at = after(self.timer.now(), renew);
            }
        };
        before(pin!(supervise), || self.shutdown.stopping()).await;
    }

    async fn commit_or_release(&self, claim: &Claim, outcome: Outcome) -> Outcome {
        if outcome != Outcome::Handled {
            // If the release fails, the event can be claimed once its lease has expired.
            drop(self.call_store("release", pin!(claim.release())).await);
            return outcome;
        }
        match self.commit(claim).await {
            Some(outcome) => outcome,
            None => Box::pin(self.retry_commit(claim)).await,
        }
    }

    /// Marks the event as handled; `None` if the store fails.
    async fn commit(&self, claim: &Claim) -> Option<Outcome> {
        match self.call_store("commit", pin!(claim.commit())).await {
            Ok(UpdateOutcome::Applied) => Some(Outcome::Handled),
            Ok(UpdateOutcome::StaleToken) => Some(Outcome::LeaseLost),
            Err(_) => None,
        }
    }

    /// Retries a failed commit for as long as the sender may retry the event.
    ///
    /// Without the mark a retry would repeat work that is done. Between attempts the lease is renewed,
    /// so that no other delivery claims the event.
    async fn retry_commit(&self, claim: &Claim) -> Outcome {
        let Timeouts { commit_retry, renew, .. } = self.receiver.timeouts();
        let mut waited = Duration::ZERO;
        let mut pause = COMMIT_PAUSES.0;
        let mut is_last = false;
        while !is_last && waited < commit_retry {
            // The result does not matter: the failed commit may have taken effect, which only the next
            // attempt to commit can tell.
            drop(self.call_store("renew", pin!(claim.renew())).await);
            let pausing = pin!(sleep(self.timer, pause));
            is_last = before(pausing, || self.shutdown.closing()).await.is_none();
            waited = waited.saturating_add(pause);
            pause = pause.saturating_mul(2).min(COMMIT_PAUSES.1).min(renew);
            if let Some(outcome) = self.commit(claim).await {
                return outcome;
            }
        }
        Outcome::CommitPending
    }

    async fn call_store<A>(
        &self,
        operation: &'static str,
        call: Pin<&mut impl Future<Output = Result<A, StoreError>>>,
    ) -> Result<A, StoreError> {
        call_store(self.receiver, self.timer, operation, call).await
    }
}
