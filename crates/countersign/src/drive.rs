//! From a verified delivery to its answer, on any runtime: claim, handler, settle.
//!
//! An adapter runs [`drive`] in a task of its own, so that a sender that hangs up, or has been
//! answered at its deadline, stops neither the handler nor the record of what came of it.

use std::fmt::Display;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::claimed::Claimed;
use crate::dedup::{Settled, StoreError, StoreErrorKind};
use crate::delivery::Delivery;
use crate::error::Refusal;
use crate::outcome::Outcome;
use crate::receiver::{Admission, Deadlines, Receiver};
use crate::trace;

/// The first and the longest wait between two tries of a commit.
const COMMIT_WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// What an adapter's runtime lends to [`drive`].
pub trait Host {
    /// Ends when `span` has passed.
    fn sleep(&self, span: Duration) -> impl Future<Output = ()>;

    /// Whether the service is shutting down, so that nothing may be waited for that can be left.
    fn is_closing(&self) -> bool;
}

/// A handler under way, best in a task of its own.
pub trait Running: Future<Output = Ended<Self::Answer>> + Unpin {
    /// What the handler gives to be sent.
    type Answer;

    /// Has it stopped; it still is to be awaited, and may have ended well at the last moment.
    fn stop(&mut self);
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended<A> {
    /// With a 2xx.
    Well(A),
    /// With another status, or an error.
    Badly(A),
    /// In a panic.
    Panicked,
    /// Before its end, as it was told.
    Stopped,
}

/// Claims the event, starts its handler and sees it to its end.
///
/// `reply` is called once, with what came of the delivery and the handler's answer where that is to
/// be sent. `drive` may go on after that: with a handler past its deadline, or a commit that failed.
pub async fn drive<R: Running>(
    receiver: &Receiver,
    delivery: &Delivery,
    host: &impl Host,
    start: impl FnOnce(&Claimed) -> R,
    reply: impl FnOnce(Outcome, Option<R::Answer>),
) {
    let span = trace::span(receiver, delivery);
    trace::within(span, claim_and_run(receiver, delivery, host, start, reply)).await;
}

/// Answers for a delivery that comes while the service shuts down.
pub fn turn_away(receiver: &Receiver, delivery: &Delivery) -> Outcome {
    trace::settled(receiver, delivery, Outcome::ShuttingDown);
    Outcome::ShuttingDown
}

/// Warns the operator of keys that are too short, at start-up (feature `tracing`).
pub fn report_short_keys(receiver: &Receiver) {
    trace::short_keys(receiver);
}

/// Tells the operator why a request was refused (feature `tracing`).
pub fn report_refusal(receiver: &Receiver, refusal: &Refusal) {
    trace::refused(receiver, refusal);
}

/// Tells the operator why an extractor had no event for the handler (feature `tracing`).
pub fn report_misfit(reason: &dyn Display) {
    trace::misfit(reason);
}

/// Runs `future` in the span that is current now, if spans are kept (feature `tracing`).
///
/// For the handler, which an adapter runs in a task of its own.
pub fn in_current_span<F: Future>(future: F) -> impl Future<Output = F::Output> {
    trace::within(trace::current(), future)
}

async fn claim_and_run<R: Running>(
    receiver: &Receiver,
    delivery: &Delivery,
    host: &impl Host,
    start: impl FnOnce(&Claimed) -> R,
    reply: impl FnOnce(Outcome, Option<R::Answer>),
) {
    let spans = receiver.deadlines();
    let deadline = host.sleep(spans.answer);
    let claim = bounded(host, spans.store, receiver.claim(delivery)).await;
    let admission = claim.unwrap_or_else(|error| {
        trace::store_failed(receiver, "claim", &error);
        Admission::Answer(Outcome::from(&error))
    });
    let claimed = match admission {
        Admission::Run(claimed) => claimed,
        Admission::Answer(outcome) => {
            trace::settled(receiver, delivery, outcome);
            return reply(outcome, None);
        }
    };
    let mut reply = Some(reply);
    let mut answer = |outcome, response| {
        if let Some(reply) = reply.take() {
            reply(outcome, response);
        }
    };
    let late = async {
        deadline.await;
        answer(Outcome::Running, None);
        pending().await
    };
    let (outcome, response) = match watch(receiver, &spans, host, &claimed, start(&claimed), late)
        .await
    {
        Ended::Well(response) => (commit(receiver, &spans, host, &claimed).await, Some(response)),
        Ended::Badly(response) => (Outcome::Failed, Some(response)),
        Ended::Panicked => (Outcome::Panicked, None),
        Ended::Stopped => (Outcome::Stopped, None),
    };
    if matches!(outcome, Outcome::Failed | Outcome::Panicked | Outcome::Stopped)
        && let Err(error) = bounded(host, spans.store, claimed.release()).await
    {
        trace::store_failed(receiver, "release", &error);
    }
    trace::settled(receiver, delivery, outcome);
    answer(outcome, response);
    if outcome == Outcome::Unrecorded {
        commit_late(receiver, &spans, host, &claimed).await;
    }
}

/// Waits for the handler while its lease is renewed, `late` is done at the sender's deadline, and the
/// handler is stopped where it runs past its limit or another has taken the event over.
async fn watch<R: Running>(
    receiver: &Receiver,
    spans: &Deadlines,
    host: &impl Host,
    claimed: &Claimed,
    mut handler: R,
    late: impl Future<Output = ()>,
) -> Ended<R::Answer> {
    let mut late = pin!(late);
    let mut limit = pin!(host.sleep(spans.handler));
    let mut lost = pin!(async {
        loop {
            host.sleep(spans.renew).await;
            match bounded(host, spans.store, claimed.renew()).await {
                Ok(Settled::Applied) => {}
                Ok(Settled::Stale) => break,
                // It may be back before the lease ends.
                Err(error) => trace::store_failed(receiver, "renew", &error),
            }
        }
    });
    let mut handler = pin!(&mut handler);
    let ended = poll_fn(|cx| {
        if let Poll::Ready(ended) = handler.as_mut().poll(cx) {
            return Poll::Ready(Some(ended));
        }
        if limit.as_mut().poll(cx).is_ready() || lost.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        late.as_mut().poll(cx).map(|()| None)
    });
    match ended.await {
        Some(ended) => ended,
        None => {
            handler.stop();
            // Nothing is released before it has truly ended.
            handler.await
        }
    }
}

async fn commit(
    receiver: &Receiver,
    spans: &Deadlines,
    host: &impl Host,
    claimed: &Claimed,
) -> Outcome {
    match bounded(host, spans.store, claimed.commit()).await {
        Ok(Settled::Applied) => Outcome::Handled,
        Ok(Settled::Stale) => Outcome::Overlapped,
        Err(error) => {
            trace::store_failed(receiver, "commit", &error);
            Outcome::Unrecorded
        }
    }
}

/// Goes on trying to mark an event as handled: a retry of it would repeat work that is done.
async fn commit_late(receiver: &Receiver, spans: &Deadlines, host: &impl Host, claimed: &Claimed) {
    let mut waited = Duration::ZERO;
    let mut wait = COMMIT_WAITS.0;
    loop {
        let last = host.is_closing() || waited >= spans.commit_retry;
        if !last {
            host.sleep(wait).await;
            waited = waited.saturating_add(wait);
            wait = wait.saturating_mul(2).min(COMMIT_WAITS.1);
        }
        let outcome = commit(receiver, spans, host, claimed).await;
        if last || outcome != Outcome::Unrecorded {
            return trace::recorded_late(receiver, claimed, outcome);
        }
    }
}

/// Gives the store no longer than `span`.
async fn bounded<T>(
    host: &impl Host,
    span: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut limit = pin!(host.sleep(span));
    let mut call = pin!(call);
    poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Pending => limit.as_mut().poll(cx).map(|()| {
            let message = format!("the store did not answer in {span:?}");
            Err(StoreError::new(StoreErrorKind::Timeout, message))
        }),
        ready => ready,
    })
    .await
}
