//! One event's way to its receiver: attempts, deadline, retries.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::time::{Clock, SystemClock};
use http::header::RETRY_AFTER;
use http::uri::PathAndQuery;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::Plan;
use super::schedule::{Heeds, Schedule};
use crate::args::SendArgs;
use crate::signing::{PreparedRequest, Signer};

/// The most bytes of an answer that are read.
const MAX_ANSWER: usize = 64 * 1024;

/// An event to deliver.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) body: Vec<u8>,
    pub(super) is_duplicate: bool,
}

/// What came of one attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) id: String,
    pub(super) is_duplicate: bool,
    /// Counted from 1.
    pub(super) number: u32,
    pub(super) answer: Answer,
    pub(super) took: Duration,
    /// Whether the sender counts it as delivered.
    pub(super) is_success: bool,
    /// How long until the next attempt, if there is to be one.
    pub(super) next: Option<Duration>,
}

/// What the receiver answered, or why it did not.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Answer {
    Status(u16),
    TimedOut,
    NotConnected(&'static str),
    Broken,
    Unsendable,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::NotConnected(why) => f.write_str(why),
            Self::Broken => f.write_str("connection broke"),
            Self::Unsendable => f.write_str("not a request"),
        }
    }
}

/// The longest wait before a retry, however slow it is to go.
const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// More retries than any sender makes.
const MOST_RETRIES: usize = 1000;

/// The longest span that an answer may ask for before a retry.
const LONGEST_RETRY_AFTER: u64 = 24 * 60 * 60;

/// How long to wait before each retry.
pub(super) struct Pace {
    pub(super) delays: Vec<Duration>,
    heeds: Heeds,
    /// `None` if each wait is as long, whatever anyone says.
    speed: Option<f64>,
}

impl Pace {
    pub(super) fn new(args: &SendArgs, schedule: &Schedule) -> Self {
        let last = schedule.delays.last().copied().unwrap_or(Duration::from_secs(60));
        let own = schedule.delays.len();
        let count =
            args.retries.map_or(own, |count| usize::try_from(count).unwrap_or(MOST_RETRIES));
        let count = count.min(MOST_RETRIES);
        let delays = schedule.delays.iter().copied().chain(std::iter::repeat(last)).take(count);
        let fixed = args.retry_delay.map(Duration::from_millis);
        let delays = delays.map(|delay| fixed.unwrap_or_else(|| scaled(delay, args.speed)));
        let speed = fixed.is_none().then_some(args.speed);
        Self { delays: delays.collect(), heeds: schedule.heeds, speed }
    }

    /// The wait before the next attempt, which would be `delay`; `None` to give up.
    fn next(&self, answer: Answer, retry_after: Option<u64>, delay: Duration) -> Option<Duration> {
        // What cannot be sent now cannot be sent later either.
        let is_over =
            answer == Answer::Unsendable || (self.heeds.gone && answer == Answer::Status(410));
        let asked = retry_after.filter(|_| self.heeds.retry_after).zip(self.speed);
        let asked = asked
            .map(|(secs, speed)| scaled(Duration::from_secs(secs.min(LONGEST_RETRY_AFTER)), speed));
        (!is_over).then(|| delay.max(asked.unwrap_or_default()))
    }
}

/// A span so many times as fast.
fn scaled(span: Duration, speed: f64) -> Duration {
    let secs = span.as_secs_f64() / speed;
    Duration::try_from_secs_f64(secs).unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}

/// Delivers events, each over a connection of its own.
pub(super) struct Courier<C> {
    client: Client<C, Full<Bytes>>,
    plan: Plan,
    signer: Signer,
    slots: Arc<Semaphore>,
    attempts: UnboundedSender<Attempt>,
}

impl<C: Connect + Clone + Send + Sync + 'static> Courier<C> {
    /// The courier, and where its attempts can be read.
    pub(super) fn new(
        connector: C,
        plan: Plan,
        signer: Signer,
    ) -> (Self, UnboundedReceiver<Attempt>) {
        let (sender, receiver) = unbounded_channel();
        // No connection is kept for the next request: one that its receiver had closed meanwhile would
        // count as a failed delivery.
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        let slots = Arc::new(Semaphore::new(usize::try_from(plan.concurrency).unwrap_or(1)));
        (Self { client, plan, signer, slots, attempts: sender }, receiver)
    }

    /// Leave to have one request more under way.
    pub(super) async fn permit(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.slots).acquire_owned().await
    }

    /// Attempts until the sender counts it as delivered, or gives up.
    pub(super) async fn deliver(self: Arc<Self>, event: Event, permit: OwnedSemaphorePermit) {
        let mut permit = Some(permit);
        let mut delays = self.plan.pace.delays.iter().copied();
        for number in 1.. {
            let start = Instant::now();
            let (answer, retry_after) = self.attempt(&event).await;
            // An event that waits for its retry keeps no other from being sent.
            drop(permit.take());
            let is_success = self.is_success(answer);
            let delay = delays.next().filter(|_| !is_success);
            let next = delay.and_then(|delay| self.plan.pace.next(answer, retry_after, delay));
            let attempt = Attempt {
                id: event.id.clone(),
                is_duplicate: event.is_duplicate,
                number,
                answer,
                took: start.elapsed(),
                is_success,
                next,
            };
            // Nobody reads once the output failed.
            let is_read = self.attempts.send(attempt).is_ok();
            let Some(delay) = next.filter(|_| is_read) else { return };
            tokio::time::sleep(delay).await;
            permit = self.permit().await.ok();
        }
    }

    fn is_success(&self, answer: Answer) -> bool {
        match answer {
            Answer::Status(status) if self.plan.is_200 => status == 200,
            Answer::Status(status) => (200..300).contains(&status),
            _ => false,
        }
    }

    /// Signs anew, as the time does not stand still, and sends. With the answer goes after how many
    /// seconds it asks to be repeated.
    async fn attempt(&self, event: &Event) -> (Answer, Option<u64>) {
        let ready = self.signer.sign(&event.body, &event.id, SystemClock.now()).ok();
        let Some(request) = ready.and_then(|ready| request(&self.plan.target, ready)) else {
            return (Answer::Unsendable, None);
        };
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| rejected(&error))?;
            let status = answer.status().as_u16();
            let retry_after = answer.headers().get(RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
            // A status is an answer, even if what follows it breaks off.
            let _ = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
            Ok((Answer::Status(status), retry_after))
        };
        let answered = tokio::time::timeout(self.plan.deadline, exchange).await;
        let none = |failed| (failed, None);
        answered.map_or_else(|_| none(Answer::TimedOut), |answer| answer.unwrap_or_else(none))
    }
}

fn request(target: &Uri, ready: PreparedRequest) -> Option<Request<Full<Bytes>>> {
    let mut parts = target.clone().into_parts();
    if let Some(query) = ready.query {
        let path: PathAndQuery = format!("{}?{query}", target.path()).parse().ok()?;
        parts.path_and_query = Some(path);
    }
    let mut request = Request::post(Uri::from_parts(parts).ok()?);
    for (name, value) in &ready.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(ready.body.into())).ok()
}

/// Why no answer came.
fn rejected(error: &Error) -> Answer {
    if !error.is_connect() {
        return Answer::Broken;
    }
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // What a handshake failed of is wrapped once more.
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
            let error = inner.unwrap_or(error);
            return Answer::NotConnected(match error.kind() {
                io::ErrorKind::ConnectionRefused => "connection refused",
                io::ErrorKind::InvalidData => "TLS failed",
                _ => "not connected",
            });
        }
        source = error.source();
    }
    Answer::NotConnected("not connected")
}
