//! One attempt at a message.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use event_listener::{Event, EventListener};

use super::handler_response::HandlerResponse;
use super::message::QueuedMessage;
use crate::inbox::{RetryPolicy, Settled, Settlement};
use crate::receive::handler::{self, Ended};
use crate::receive::shutdown::Shutdown;
use crate::receive::timer::{Timer, sleep};

/// How long a message waits that no route of the application has received.
const NO_ROUTE_PAUSE: Duration = Duration::from_secs(60);

/// One attempt at a message, which an adapter runs in a task of its own.
///
/// A job that is dropped before it has [run](Self::run) to its end is a failed attempt.
#[must_use = "a job that is dropped is a failed attempt"]
pub struct Job {
    message: QueuedMessage,
    policy: RetryPolicy,
    timeout: Duration,
    shutdown: Shutdown,
    lease: Arc<Lease>,
    started: Instant,
    ended: Arc<EndedJobs>,
    is_ended: bool,
    is_unrouted: bool,
}

/// The lease of an attempt, from which the worker takes the handler once it is lost.
#[derive(Default)]
pub(super) struct Lease {
    is_lost: AtomicBool,
    lost: Event,
}

impl Lease {
    pub(super) fn set_lost(&self) {
        self.is_lost.store(true, Ordering::Release);
        self.lost.notify(usize::MAX);
    }

    /// Completes once the lease is lost.
    async fn lost(&self) {
        let lost = self.lost.listen();
        if !self.is_lost.load(Ordering::Acquire) {
            lost.await;
        }
    }
}

/// The jobs of a worker that have ended and are not settled yet.
#[derive(Default)]
pub(super) struct EndedJobs {
    ended: Mutex<Vec<EndedJob>>,
    event: Event,
}

/// A job that has ended.
pub(super) struct EndedJob {
    pub(super) endpoint: Arc<str>,
    pub(super) attempt: u32,
    pub(super) settlement: Settlement,
    /// The size of the message's body.
    pub(super) body_bytes: u64,
    /// Whether no route of the application has received the message.
    pub(super) is_unrouted: bool,
}

impl EndedJob {
    pub(super) const fn new(endpoint: Arc<str>, attempt: u32, settlement: Settlement) -> Self {
        Self { endpoint, attempt, settlement, body_bytes: 0, is_unrouted: false }
    }
}

impl EndedJobs {
    pub(super) fn listen(&self) -> EventListener {
        self.event.listen()
    }

    pub(super) fn take(&self) -> Vec<EndedJob> {
        std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn push(&self, ended: EndedJob) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
        self.event.notify(usize::MAX);
    }
}

impl Job {
    pub(super) fn new(
        message: QueuedMessage,
        policy: RetryPolicy,
        timeout: Duration,
        shutdown: Shutdown,
        lease: Arc<Lease>,
        ended: Arc<EndedJobs>,
    ) -> Self {
        let started = Instant::now();
        Self {
            message,
            policy,
            timeout,
            shutdown,
            lease,
            started,
            ended,
            is_ended: false,
            is_unrouted: false,
        }
    }

    /// Returns the message, from which the adapter makes the request.
    #[must_use]
    pub const fn message(&self) -> &QueuedMessage {
        &self.message
    }

    /// Runs the application's response to the message's request, and ends the attempt by what it says.
    ///
    /// A panic is a failed attempt, and so is one that takes longer than the worker's `handler_timeout`. When
    /// the worker is stopped the application is cancelled, and the attempt does not count. When the attempt's
    /// lease is lost the application is cancelled, too: another attempt has the message.
    pub async fn run<T: Timer, R>(
        mut self,
        timer: &T,
        application: impl Future<Output = R>,
        read: impl FnOnce(R) -> HandlerResponse,
    ) {
        if self.shutdown.is_stopping() {
            return self.end(Settled::Returned { after: Duration::ZERO }, None);
        }
        let (mut is_stopped, mut is_lost) = (false, false);
        let limit = async {
            let mut timeout = pin!(sleep(timer, self.timeout));
            let mut stopping = pin!(self.shutdown.stopping());
            let mut lost = pin!(self.lease.lost());
            poll_fn(|cx| {
                is_stopped = stopping.as_mut().poll(cx).is_ready();
                is_lost = !is_stopped && lost.as_mut().poll(cx).is_ready();
                if is_stopped || is_lost { Poll::Ready(()) } else { timeout.as_mut().poll(cx) }
            })
            .await;
        };
        let application = pin!(Some(application));
        let ended = handler::run(application, || limit).await;
        let claimed = self.message.claimed();
        let (id, attempt) = (claimed.token.id(), claimed.attempt);
        let (settled, error) = match ended {
            Ended::Responded(response) if self.message.is_received() => {
                read(response).settle(id, attempt, &self.policy)
            }
            Ended::Responded(_) => {
                self.is_unrouted = true;
                let error = format!(
                    "no route with the layer of this inbox has received `{}`: the application has no such route",
                    self.message.uri()
                );
                (Settled::Returned { after: NO_ROUTE_PAUSE }, Some(error.into()))
            }
            Ended::Panicked => {
                (self.policy.after_failure(id, attempt), Some("the handler panicked".into()))
            }
            Ended::Cancelled if is_stopped => (Settled::Returned { after: Duration::ZERO }, None),
            Ended::Cancelled if is_lost => {
                (Settled::Returned { after: Duration::ZERO }, Some("the lease was lost".into()))
            }
            Ended::Cancelled => {
                let error =
                    format!("the handler was cancelled at `handler_timeout`, {:?}", self.timeout);
                (self.policy.after_failure(id, attempt), Some(error.into()))
            }
        };
        self.end(settled, error.as_deref());
    }

    fn end(&mut self, settled: Settled, error: Option<&str>) {
        if std::mem::replace(&mut self.is_ended, true) {
            return;
        }
        let mut settlement = Settlement::new(self.message.claimed().token, settled)
            .with_duration(self.started.elapsed());
        if let Some(error) = error {
            settlement = settlement.with_error(error);
        }
        let claimed = self.message.claimed();
        let mut ended = EndedJob::new(Arc::clone(&claimed.endpoint), claimed.attempt, settlement);
        ended.body_bytes = u64::try_from(claimed.body.len()).unwrap_or(u64::MAX);
        ended.is_unrouted = self.is_unrouted;
        self.ended.push(ended);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let claimed = self.message.claimed();
        let failed = self.policy.after_failure(claimed.token.id(), claimed.attempt);
        self.end(failed, Some("the attempt was dropped before the handler had ended"));
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("message", &self.message).finish_non_exhaustive()
    }
}
