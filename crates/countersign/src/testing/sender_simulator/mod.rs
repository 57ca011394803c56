//! A sender at its worst, by a seed.

mod schedule;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use self::schedule::Schedule;
use super::join::UnderWay;
use super::report::{Attempt, Report, Sent, SentKind};
use super::signed_request::SignedRequest;
use super::split_mix::SplitMix64;
use super::webhook_request::WebhookRequest;
use crate::contract::Contract;
use crate::error::ConfigError;
use crate::keys::Secret;
use crate::receive::Receiver;
use crate::scheme::Scheme;
use crate::time::{Clock, FixedClock, Timestamp};

/// When the storm begins, unless a clock is given.
const START: Timestamp = Timestamp::from_secs(1_770_000_000);

/// After how many seconds each retry comes, from the one before: the example of
/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability).
const RETRIES: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Delivers events as real senders do at their worst: twice, late, out of order, spoilt on the way, and
/// again after every answer that is no success, signed anew.
///
/// Everything it decides follows from its seed, which stands in its [`Report`]. How deliveries that
/// are under way at once meet is left to your runtime. Time is a [`FixedClock`], which it moves while
/// nothing is under way: give [its clock](Self::clock) to the layer or middleware. It never sleeps.
///
/// ```
/// use std::sync::Mutex;
///
/// use countersign::testing::{SenderSimulator, WebhookRequest, TestKeys};
/// use countersign::time::Clock;
/// use countersign::{Admission, Outcome, Receiver, senders};
/// use serde_json::json;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = senders::STRIPE.config();
/// let keys = TestKeys::new(&config.scheme()?, 1)?;
/// let receiver = Receiver::new(config.keys(keys.receiver())?);
/// let sender = SenderSimulator::new(&receiver, keys.sender(), 42).duplicates(30).corrupt(10);
/// let events = (0..60).map(|n| {
///     WebhookRequest::to("/webhooks/stripe").json(&json!({ "id": format!("evt_{n}"), "type": "charge.succeeded" }))
/// });
///
/// // Here the core alone is delivered to; an adapter's app is just the same.
/// let handled = Mutex::new(Vec::new());
/// let deliver = async |request: countersign::testing::SignedRequest| {
///     let body = request.body().clone();
///     let delivery = match receiver.verify(&request, body, sender.clock().now()) {
///         Ok(delivery) => delivery,
///         Err(rejection) => return rejection.status(),
///     };
///     match receiver.claim(&delivery).await {
///         Ok(Admission::Proceed(claim)) => {
///             handled.lock().unwrap().push(delivery.signed_id().unwrap().into_owned());
///             claim.commit().await.unwrap();
///             200
///         }
///         Ok(Admission::Respond(Outcome::Duplicate { .. })) => 200,
///         _ => 503,
///     }
/// };
/// # let run = async {
/// let report = sender.deliver(events, deliver).await?;
/// let handled = handled.lock().unwrap();
/// report.assert_handled_once(|n| handled.iter().filter(|id| **id == format!("evt_{n}")).count());
/// assert_eq!((report.events(), report.duplicates(), report.corrupt()), (60, 30, 10));
/// # Ok::<(), countersign::ConfigError>(())
/// # };
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let mut run = pin!(run);
/// # assert!(matches!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct SenderSimulator {
    scheme: Scheme,
    contract: Contract,
    key: Secret,
    seed: u64,
    clock: FixedClock,
    duplicates: u8,
    corrupt: u8,
    lost: u8,
    delay: Duration,
    concurrency: usize,
    retries: Vec<Duration>,
}

impl SenderSimulator {
    /// The sender that `receiver` receives from. It signs with `key`, its private key where the
    /// receiver has a public one; see [`TestKeys::sender`](super::TestKeys::sender).
    ///
    /// What it takes for success is the contract's, and it retries by the schedule that Standard
    /// Webhooks shows, within half of the contract's replay window.
    pub fn new(receiver: &Receiver, key: Secret, seed: u64) -> Self {
        let contract = *receiver.contract();
        let mut sum = Duration::ZERO;
        let retries = RETRIES.map(Duration::from_secs).into_iter().take_while(|wait| {
            sum = sum.saturating_add(*wait);
            sum <= contract.retry_window() / 2
        });
        Self {
            scheme: receiver.scheme().clone(),
            retries: retries.collect(),
            contract,
            key,
            seed,
            clock: FixedClock::new(START),
            duplicates: 0,
            corrupt: 0,
            lost: 0,
            delay: Duration::from_secs(10),
            concurrency: 16,
        }
    }

    /// How many of a hundred deliveries repeat an event: by turns of chance signed anew, as a sender
    /// that lost its place does, or byte for byte, as one that replays what it saw. None unless set.
    pub const fn duplicates(mut self, percent: u8) -> Self {
        self.duplicates = percent;
        self
    }

    /// How many of a hundred deliveries are spoilt copies of an event, with any [`Tampering`](super::Damage) that shows
    /// in the scheme; those are not retried. None unless set.
    pub const fn corrupt(mut self, percent: u8) -> Self {
        self.corrupt = percent;
        self
    }

    /// How many of a hundred answers the sender never hears, so that it retries even what was
    /// handled. None unless set.
    pub const fn lost_answers(mut self, percent: u8) -> Self {
        self.lost = percent;
        self
    }

    /// How long a request is under way at most, and how long at most nothing is sent: 10 s unless set.
    /// A request that is under way for longer than the scheme's tolerance is rejected, and retried.
    pub const fn delay(mut self, longest: Duration) -> Self {
        self.delay = longest;
        self
    }

    /// How many requests are under way at once at most: 16 unless set.
    pub const fn concurrency(mut self, most: usize) -> Self {
        self.concurrency = if most == 0 { 1 } else { most };
        self
    }

    /// After how long each retry comes, from the one before.
    pub fn retries(mut self, waits: impl IntoIterator<Item = Duration>) -> Self {
        self.retries = waits.into_iter().collect();
        self
    }

    /// Moves `clock` instead of one of its own.
    pub fn with_clock(mut self, clock: FixedClock) -> Self {
        self.clock = clock;
        self
    }

    /// The clock that it moves.
    #[must_use]
    pub fn clock(&self) -> FixedClock {
        self.clock.clone()
    }

    /// Delivers `events` through `deliver`, which answers each request with a status.
    ///
    /// Each event needs a body of its own where the sender signs no id in a header.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`](crate::ConfigErrorKind::OutOfRange) if duplicates and spoilt deliveries leave no place for genuine
    /// ones, [`InvalidScheme`](crate::ConfigErrorKind::InvalidScheme) if the scheme cannot show any damage, and as
    /// [`WebhookRequest::sign`].
    pub async fn deliver<F, A>(
        &self,
        events: impl IntoIterator<Item = WebhookRequest>,
        mut deliver: F,
    ) -> Result<Report, ConfigError>
    where
        F: FnMut(SignedRequest) -> A,
        A: Future<Output = u16>,
    {
        let mut storm = Storm::new(self, events)?;
        let mut under_way = UnderWay::new();
        loop {
            while under_way.len() < self.concurrency
                && let Some(number) = storm.schedule.take_due(self.clock.now())
            {
                if let Some(request) = storm.request(number)? {
                    under_way.push(number, deliver(request));
                }
            }
            if let Some((number, status)) = under_way.next().await {
                storm.answered(number, status);
            } else if let Some(time) = storm.schedule.next_time() {
                // A lease could run out if time went on while a handler runs.
                self.clock.set(time.max(self.clock.now()));
            } else {
                return Ok(storm.report());
            }
        }
    }
}

/// One run of a fake sender.
struct Storm<'s> {
    sender: &'s SenderSimulator,
    events: Vec<WebhookRequest>,
    /// Each event's first request, to be replayed.
    seen: Vec<Option<SignedRequest>>,
    sent: Vec<(Sent, SplitMix64)>,
    schedule: Schedule,
}

impl<'s> Storm<'s> {
    fn new(
        sender: &'s SenderSimulator,
        events: impl IntoIterator<Item = WebhookRequest>,
    ) -> Result<Self, ConfigError> {
        let numbered = events.into_iter().enumerate().map(|(number, event)| {
            let signs_id = sender.scheme.signs_id_header && !event.has_id();
            if signs_id { event.id(format!("event-{number}")) } else { event }
        });
        let events: Vec<_> = numbered.collect();
        let kinds = schedule::kinds(sender, events.len())?;
        let schedule = Schedule::new(sender, &kinds);
        let sent = kinds.into_iter().enumerate().map(|(number, (event, kind))| {
            let sent = Sent { event, kind, attempts: Vec::new(), is_accepted: false };
            // Numbers of its own: the order of answers must not matter.
            (sent, SplitMix64::split(sender.seed, number as u64))
        });
        Ok(Self { sender, seen: vec![None; events.len()], sent: sent.collect(), events, schedule })
    }

    /// The next request of a delivery; `None` for a replay of what was not sent yet.
    fn request(&mut self, number: usize) -> Result<Option<SignedRequest>, ConfigError> {
        let Self { sender, .. } = *self;
        let Some((sent, numbers)) = self.sent.get_mut(number) else { return Ok(None) };
        let Some(event) = self.events.get(sent.event) else { return Ok(None) };
        let Some(seen) = self.seen.get_mut(sent.event) else { return Ok(None) };
        let now = sender.clock.now();
        let on_the_way = Duration::from_millis(numbers.below(schedule::millis(sender.delay)));
        let sign = |post: &WebhookRequest, time| post.sign(&sender.scheme, &sender.key, time);
        match sent.kind {
            SentKind::Replay => Ok(seen.clone()),
            SentKind::Corrupt(tampering) => {
                // Not sent earlier: what is too far ahead would come to be fresh.
                sign(&event.clone().tampered_at(tampering, numbers.next()), now).map(Some)
            }
            SentKind::First | SentKind::Duplicate => {
                let request = sign(event, now.saturating_sub(on_the_way))?;
                seen.get_or_insert_with(|| request.clone());
                Ok(Some(request))
            }
        }
    }

    fn answered(&mut self, number: usize, status: u16) {
        let Some((sent, numbers)) = self.sent.get_mut(number) else { return };
        let now = self.sender.clock.now();
        let is_lost = numbers.chance(self.sender.lost);
        sent.attempts.push(Attempt { at: now, status, is_lost });
        sent.is_accepted = !is_lost && self.sender.contract.counts(status);
        let is_retried = matches!(sent.kind, SentKind::First | SentKind::Duplicate);
        if sent.is_accepted || !is_retried {
            return;
        }
        if let Some(wait) = self.sender.retries.get(sent.attempts.len() - 1) {
            // Up to a tenth later, as senders spread their retries.
            let jitter = Duration::from_millis(numbers.below(schedule::millis(*wait / 10)));
            self.schedule.add(now.saturating_add(*wait).saturating_add(jitter), number);
        }
    }

    fn report(self) -> Report {
        Report {
            seed: self.sender.seed,
            sender: self.sender.scheme.sender().to_owned(),
            events: self.events.len(),
            sent: self.sent.into_iter().map(|(sent, _)| sent).collect(),
        }
    }
}

impl fmt::Debug for SenderSimulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeSender")
            .field("seed", &self.seed)
            .field("sender", &self.scheme.sender())
            .field("duplicates", &self.duplicates)
            .field("corrupt", &self.corrupt)
            .field("lost_answers", &self.lost)
            .finish_non_exhaustive()
    }
}
