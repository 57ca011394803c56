//! From a verified delivery to its answer, on any runtime: claim, handler, settle.
//!
//! An adapter runs [`drive`] in a task of its own, so that a sender that hangs up, or has been
//! answered at its deadline, stops neither the handler nor the record of what came of it.

use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use super::recorder;
use super::trace;
use crate::dedup::{StoreError, StoreErrorKind, UpdateOutcome};
use crate::error::Rejection;
use crate::receive::Claim;
use crate::receive::Outcome;
use crate::receive::Shutdown;
use crate::receive::{Admission, Receiver, Timeouts};
use crate::verify::Delivery;

/// The first and the longest wait between two tries of a commit.
const COMMIT_WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// What an adapter's runtime lends to [`drive`].
pub trait Timer {
    /// Ends when its span has passed.
    type Sleep: Future<Output = ()>;

    /// Ends when `span` has passed since the call.
    fn sleep(&self, span: Duration) -> Self::Sleep;
}

/// A handler under way, best in a task of its own.
pub trait HandlerTask: Future<Output = HandlerOutcome<Self::Answer>> + Unpin {
    /// What the handler gives to be sent.
    type Answer;

    /// Has it stopped; it still is to be awaited, and may have ended well at the last moment.
    fn stop(&mut self);
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HandlerOutcome<A> {
    /// With a 2xx.
    Success(A),
    /// With another status, or an error.
    Failure(A),
    /// In a panic.
    Panicked,
    /// Before its end, as it was told.
    Cancelled,
}

/// Claims the event, starts its handler and sees it to its end.
///
/// `start` is given the delivery with its claim. `reply` is called once, by the sender's deadline, with
/// what came of the delivery and the handler's answer where that is to be sent. `drive` may go on
/// after that: with a handler that is late, or a commit that failed.
pub async fn drive<R: HandlerTask>(
    receiver: &Receiver,
    delivery: Delivery,
    timer: &impl Timer,
    shutdown: &Shutdown,
    start: impl FnOnce(Delivery) -> R,
    reply: impl FnOnce(Outcome, Option<R::Answer>),
) {
    recorder::verified(receiver, &delivery);
    let span = trace::span(receiver, &delivery);
    let task = DeliveryTask { receiver, timeouts: receiver.timeouts(), timer, shutdown };
    trace::within(span, task.run(delivery, start, reply)).await;
}

/// Answers for a delivery that comes while the service shuts down.
pub fn reject_shutting_down(receiver: &Receiver) -> Outcome {
    report(receiver, Outcome::ShuttingDown);
    Outcome::ShuttingDown
}

/// Tells the operator that the sender's handshake was answered (features `tracing`, `metrics`).
pub fn report_handshake(receiver: &Receiver) {
    report(receiver, Outcome::HandshakeAnswered);
}

/// Tells the operator why a request was rejected (features `tracing`, `metrics`).
pub fn report_rejection(receiver: &Receiver, rejection: &Rejection) {
    trace::rejected(receiver, rejection);
    recorder::rejected(receiver, rejection);
}

/// Tells the operator why an extractor had no event for the handler (feature `tracing`).
pub fn report_decode_failure(reason: &dyn Display) {
    trace::decode_failed(reason);
}

/// Runs `future` in the span that is current now, if spans are kept (feature `tracing`).
///
/// For the handler, which an adapter runs in a task of its own.
pub fn in_current_span<F: Future>(future: F) -> impl Future<Output = F::Output> {
    trace::within(trace::current(), future)
}

/// Tells the operator what a delivery is answered.
fn report(receiver: &Receiver, outcome: Outcome) {
    trace::settled(receiver, outcome);
    recorder::answered(receiver, outcome);
}

/// What every step of a delivery's way looks at.
struct DeliveryTask<'c, T> {
    receiver: &'c Receiver,
    timeouts: Timeouts,
    timer: &'c T,
    shutdown: &'c Shutdown,
}

impl<T: Timer> DeliveryTask<'_, T> {
    async fn run<R: HandlerTask>(
        &self,
        mut delivery: Delivery,
        start: impl FnOnce(Delivery) -> R,
        reply: impl FnOnce(Outcome, Option<R::Answer>),
    ) {
        let mut deadline = pin!(self.timer.sleep(self.timeouts.response));
        let lease_deadline = self.lease_deadline();
        let claim = async {
            let event = self.receiver.event(&delivery)?;
            trace::event(event.key());
            self.receiver.claim_event(event, &delivery).await
        };
        let admission = self.bounded("claim", claim).await;
        let admission = admission.unwrap_or_else(|error| Admission::Respond(Outcome::from(&error)));
        let claim = match admission {
            Admission::Proceed(claim) => claim,
            Admission::Respond(outcome) => {
                report(self.receiver, outcome);
                return reply(outcome, None);
            }
        };
        let _in_progress = recorder::in_progress(self.receiver, &claim);
        delivery.claim = Some((claim.claim_token(), claim.is_takeover()));
        let mut reply = Some(reply);
        let mut answer = |outcome, response| {
            report(self.receiver, outcome);
            if let Some(reply) = reply.take() {
                reply(outcome, response);
            }
        };

        let begun = recorder::Started::now();
        let mut ending = pin!(self.supervise_handler(&claim, start(delivery), lease_deadline));
        let in_time = timeout_at(ending.as_mut(), deadline.as_mut()).await;
        let is_late = in_time.is_none();
        let ended = match in_time {
            Some(ended) => ended,
            None => {
                answer(Outcome::DeadlineExceeded, None);
                ending.await
            }
        };
        let (outcome, response) = match ended {
            HandlerOutcome::Success(response) => (Outcome::Handled, Some(response)),
            HandlerOutcome::Failure(response) => (Outcome::Failed, Some(response)),
            HandlerOutcome::Panicked => (Outcome::Panicked, None),
            HandlerOutcome::Cancelled => (Outcome::Cancelled, None),
        };
        recorder::handler_ended(self.receiver, begun, outcome);

        let mut settling = pin!(self.settle(&claim, outcome));
        let in_time =
            if is_late { None } else { timeout_at(settling.as_mut(), deadline.as_mut()).await };
        match in_time {
            Some(outcome) => answer(outcome, response),
            None => {
                // What is not settled yet is not told as such.
                let unsettled =
                    if outcome == Outcome::Handled { Outcome::CommitPending } else { outcome };
                if !is_late {
                    answer(unsettled, response);
                }
                let outcome = settling.await;
                trace::settled_late(self.receiver, &claim, outcome);
                recorder::settled_late(self.receiver, outcome);
            }
        }
    }

    /// Waits for the handler while its lease is renewed. It is stopped where it runs past its limit,
    /// its lease is lost or can no longer be held, or the service ends.
    async fn supervise_handler<R: HandlerTask>(
        &self,
        claim: &Claim,
        mut handler: R,
        lease_deadline: T::Sleep,
    ) -> HandlerOutcome<R::Answer> {
        let mut stop = pin!(race(
            race(self.timer.sleep(self.timeouts.handler), self.shutdown.stopping()),
            self.lose_lease(claim, lease_deadline),
        ));
        if let Some(ended) = timeout_at(Pin::new(&mut handler), stop.as_mut()).await {
            return ended;
        }
        handler.stop();
        // Nothing is released before it has truly ended.
        handler.await
    }

    /// Renews the lease until another has taken the event over, or may have.
    async fn lose_lease(&self, claim: &Claim, lease_deadline: T::Sleep) {
        let mut lease_deadline = Box::pin(lease_deadline);
        loop {
            let next = pin!(self.timer.sleep(self.timeouts.renew));
            if timeout_at(next, lease_deadline.as_mut()).await.is_none() {
                return;
            }
            let renewed = self.lease_deadline();
            match timeout_at(pin!(self.bounded("renew", claim.renew())), lease_deadline.as_mut())
                .await
            {
                Some(Ok(UpdateOutcome::Applied)) => lease_deadline = Box::pin(renewed),
                Some(Ok(UpdateOutcome::StaleToken)) | None => return,
                // It may be back before the lease ends.
                Some(Err(_)) => {}
            }
        }
    }

    /// How long a lease is relied on. It is counted from before the store is asked, so it ends before
    /// the store's own, and leaves a sixth for stopping the handler.
    fn lease_deadline(&self) -> T::Sleep {
        self.timer.sleep(self.timeouts.lease - self.timeouts.lease / 6)
    }

    async fn settle(&self, claim: &Claim, outcome: Outcome) -> Outcome {
        if outcome == Outcome::Handled {
            return self.commit(claim).await;
        }
        // Where that fails, the event is free once the lease has run out.
        drop(self.bounded("release", claim.release()).await);
        outcome
    }

    /// Marks the event as handled, however often that takes: a retry of it would repeat work that is
    /// done. Meanwhile the lease is kept up, as far as the store lets it.
    async fn commit(&self, claim: &Claim) -> Outcome {
        let mut waited = Duration::ZERO;
        let mut wait = COMMIT_WAITS.0;
        let mut is_last = false;
        loop {
            match self.bounded("commit", claim.commit()).await {
                Ok(UpdateOutcome::Applied) => return Outcome::Handled,
                Ok(UpdateOutcome::StaleToken) => return Outcome::LeaseLost,
                Err(_) => {}
            }
            if is_last || waited >= self.timeouts.commit_retry {
                return Outcome::CommitPending;
            }
            // Whatever it says: the commit may have taken effect, and its next try tells the truth.
            drop(self.bounded("renew", claim.renew()).await);
            let pause = pin!(self.timer.sleep(wait));
            is_last = timeout_at(pause, pin!(self.shutdown.closing())).await.is_none();
            waited = waited.saturating_add(wait);
            wait = wait.saturating_mul(2).min(COMMIT_WAITS.1).min(self.timeouts.renew);
        }
    }

    /// Gives the store its time and no longer; a store that panics has failed. The operator hears of
    /// failures.
    async fn bounded<A>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<A, StoreError>>,
    ) -> Result<A, StoreError> {
        let failed = |kind, message: String| Err(StoreError::new(kind, message));
        let mut call = pin!(call);
        let caught = poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
            polled.unwrap_or_else(|_| {
                Poll::Ready(failed(StoreErrorKind::Unavailable, "the store panicked".to_owned()))
            })
        });
        let limit = self.timeouts.store;
        let asked = recorder::Started::now();
        let answer = timeout_at(pin!(caught), pin!(self.timer.sleep(limit))).await;
        let answer = answer.unwrap_or_else(|| {
            failed(StoreErrorKind::Timeout, format!("the store did not answer in {limit:?}"))
        });
        recorder::store_answered(self.receiver, operation, asked, answer.as_ref().err());
        if let Err(error) = &answer {
            trace::store_failed(self.receiver, operation, error);
        }
        answer
    }
}

/// What `future` gives, unless `end` comes before it.
async fn timeout_at<T>(
    mut future: Pin<&mut impl Future<Output = T>>,
    mut end: Pin<&mut (impl Future<Output = ()> + ?Sized)>,
) -> Option<T> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => end.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Ends with the first of the two.
async fn race(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    timeout_at(pin!(one), pin!(other)).await;
}
