//! From a verified delivery to its answer: claim, handler, settle.
//!
//! All of it runs in a task of its own, so that a sender that hangs up, or has been answered at its
//! deadline, stops neither the handler nor the record of what came of it.

use std::future::Future;
use std::time::Duration;

use countersign::{
    Admission, Claimed, Deadlines, Delivery, Outcome, Receiver, Settled, StoreError, StoreErrorKind,
};
use http::{Request, Response};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower_service::Service;

use crate::answer;
use crate::body::ResponseBody;
use crate::layer::Shared;
use crate::trace;

/// The first and the longest wait between two tries of a commit.
const COMMIT_WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// What came of a delivery, and the handler's response where it is to be sent.
type Reply<B, E> = Result<(Outcome, Option<Response<B>>), E>;

pub(crate) async fn run<S, B, ResBody>(
    shared: Shared,
    inner: S,
    request: Request<B>,
    delivery: Delivery,
) -> Result<Response<ResponseBody<ResBody>>, S::Error>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: Send + 'static,
    ResBody: Send + 'static,
{
    // Taken before the look at the tracker: a drain that begins in between waits for this task.
    let token = shared.tasks.token();
    if shared.tasks.is_closed() {
        trace::settled(&shared.receiver, &delivery, Outcome::ShuttingDown);
        return Ok(answer::own(Outcome::ShuttingDown));
    }
    let receiver = shared.receiver.clone();
    let (reply, replied) = oneshot::channel();
    let span = trace::span(&receiver, &delivery);
    let task = async move {
        handle(shared, inner, request, delivery, Replier(Some(reply))).await;
        drop(token);
    };
    tokio::spawn(trace::within(span, task));
    // The task is dropped without a reply only where the runtime itself ends.
    let (outcome, response) = replied.await.unwrap_or(Ok((Outcome::ShuttingDown, None)))?;
    Ok(match response {
        Some(response) => answer::handlers(receiver.contract(), outcome, response),
        None => answer::own(outcome),
    })
}

/// Answers the sender, once.
struct Replier<B, E>(Option<oneshot::Sender<Reply<B, E>>>);

impl<B, E> Replier<B, E> {
    fn send(&mut self, reply: Reply<B, E>) {
        if let Some(sender) = self.0.take() {
            // A sender that hung up is not there to be answered.
            drop(sender.send(reply));
        }
    }
}

async fn handle<S, B, ResBody>(
    shared: Shared,
    mut inner: S,
    mut request: Request<B>,
    delivery: Delivery,
    mut reply: Replier<ResBody, S::Error>,
) where
    S: Service<Request<B>, Response = Response<ResBody>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: Send + 'static,
    ResBody: Send + 'static,
{
    let receiver = &*shared.receiver;
    let spans = receiver.deadlines();
    let answer_at = Instant::now() + spans.answer;
    let claimed = match bounded(spans.store, receiver.claim(&delivery)).await {
        Ok(Admission::Run(claimed)) => claimed,
        Ok(Admission::Answer(outcome)) => {
            trace::settled(receiver, &delivery, outcome);
            return reply.send(Ok((outcome, None)));
        }
        Err(error) => {
            trace::store_failed(receiver, "claim", &error);
            let outcome = Outcome::from(&error);
            trace::settled(receiver, &delivery, outcome);
            return reply.send(Ok((outcome, None)));
        }
    };
    request.extensions_mut().insert(crate::Delivery(delivery.clone()));
    request.extensions_mut().insert(claimed.fence());
    let handler =
        tokio::spawn(trace::within(trace::current(), async move { inner.call(request).await }));
    let ended = watch(receiver, &spans, &claimed, handler, answer_at, &mut reply).await;
    let (outcome, response) = match ended {
        Some(Ok(Ok(response))) if response.status().is_success() => {
            (commit(receiver, &spans, &claimed).await, Ok(Some(response)))
        }
        Some(Ok(Ok(response))) => (Outcome::Failed, Ok(Some(response))),
        Some(Ok(Err(error))) => (Outcome::Failed, Err(error)),
        Some(Err(_)) => (Outcome::Panicked, Ok(None)),
        None => (Outcome::Stopped, Ok(None)),
    };
    if matches!(outcome, Outcome::Failed | Outcome::Panicked | Outcome::Stopped)
        && let Err(error) = bounded(spans.store, claimed.release()).await
    {
        trace::store_failed(receiver, "release", &error);
    }
    trace::settled(receiver, &delivery, outcome);
    reply.send(response.map(|response| (outcome, response)));
    if outcome == Outcome::Unrecorded {
        commit_late(&shared, &spans, &claimed).await;
    }
}

/// Waits for the handler, renewing its lease and answering the sender at its deadline.
///
/// `None` where the handler was stopped: it ran past its limit, or another has taken the event over.
async fn watch<T, B, E>(
    receiver: &Receiver,
    spans: &Deadlines,
    claimed: &Claimed,
    mut handler: JoinHandle<T>,
    answer_at: Instant,
    reply: &mut Replier<B, E>,
) -> Option<Result<T, JoinError>> {
    let lost = async {
        loop {
            sleep(spans.renew).await;
            match bounded(spans.store, claimed.renew()).await {
                Ok(Settled::Applied) => {}
                Ok(Settled::Stale) => break,
                // It may be back before the lease ends.
                Err(error) => trace::store_failed(receiver, "renew", &error),
            }
        }
    };
    let late = async {
        sleep_until(answer_at).await;
        reply.send(Ok((Outcome::Running, None)));
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        ended = &mut handler => return Some(ended),
        () = lost => {}
        () = sleep(spans.handler) => {}
        () = late => {}
    }
    handler.abort();
    // Not released before it has truly ended; it may also have ended well at the last moment.
    match handler.await {
        Err(error) if error.is_cancelled() => None,
        ended => Some(ended),
    }
}

async fn commit(receiver: &Receiver, spans: &Deadlines, claimed: &Claimed) -> Outcome {
    match bounded(spans.store, claimed.commit()).await {
        Ok(Settled::Applied) => Outcome::Handled,
        Ok(Settled::Stale) => Outcome::Overlapped,
        Err(error) => {
            trace::store_failed(receiver, "commit", &error);
            Outcome::Unrecorded
        }
    }
}

/// Goes on trying to mark an event as handled: a retry of it would repeat work that is done.
async fn commit_late(shared: &Shared, spans: &Deadlines, claimed: &Claimed) {
    let until = Instant::now() + spans.commit_retry;
    let mut wait = COMMIT_WAITS.0;
    loop {
        let last = shared.tasks.is_closed() || Instant::now() >= until;
        if !last {
            sleep(wait).await;
            wait = (wait * 2).min(COMMIT_WAITS.1);
        }
        match commit(&shared.receiver, spans, claimed).await {
            Outcome::Unrecorded if last => {
                return trace::recorded_late(&shared.receiver, claimed, Outcome::Unrecorded);
            }
            Outcome::Unrecorded => {}
            outcome => return trace::recorded_late(&shared.receiver, claimed, outcome),
        }
    }
}

/// Gives the store no longer than `span`.
async fn bounded<T>(
    span: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    timeout(span, call).await.unwrap_or_else(|_| {
        Err(StoreError::new(
            StoreErrorKind::Timeout,
            format!("the store did not answer in {span:?}"),
        ))
    })
}
