//! The simulator and its builder methods.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::config::Config;
use super::run::Run;
use crate::error::ConfigError;
use crate::keys::Secret;
use crate::receive::Receiver;
use crate::testing::futures::Running;
use crate::testing::report::Report;
use crate::testing::signed_request::SignedRequest;
use crate::testing::webhook_request::WebhookRequest;
use crate::time::{Clock, FixedClock, Timestamp};

/// The time at which a simulation starts unless a clock is given.
const START: Timestamp = Timestamp::from_secs(1_770_000_000);

/// The delay of each retry after the previous attempt, in seconds: the example of
/// [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability).
const RETRIES: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Delivers events as unreliable senders do: duplicated, late, out of order, tampered with, and retried
/// with a new signature after every response that is not a success.
///
/// Every decision follows from the seed, which the [`Report`] contains. Only the interleaving of
/// concurrent deliveries is up to your runtime. Time is a [`FixedClock`], which the simulator advances
/// while no request is in flight; pass [its clock](Self::clock) to the layer or middleware. The
/// simulator never sleeps.
///
/// ```
/// use std::sync::Mutex;
///
/// use countersign::testing::{SenderSimulator, TestKeys, WebhookRequest};
/// use countersign::time::Clock;
/// use countersign::{Admission, Outcome, Receiver, senders};
/// use serde_json::json;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = senders::STRIPE.config();
/// let keys = TestKeys::new(&config.scheme()?, 1)?;
/// let receiver = Receiver::new(config.keys(keys.receiver())?);
/// let sender = SenderSimulator::new(&receiver, keys.sender(), 42).duplicates(30).tampered(10);
/// let events = (0..60).map(|n| {
///     WebhookRequest::to("/webhooks/stripe").json(&json!({ "id": format!("evt_{n}"), "type": "charge.succeeded" }))
/// });
///
/// // This example delivers to the core alone; an adapter's app works the same.
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
/// assert_eq!((report.events(), report.duplicates(), report.tampered()), (60, 30, 10));
/// # Ok::<(), countersign::ConfigError>(())
/// # };
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// # let mut run = pin!(run);
/// # assert!(matches!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct SenderSimulator(Config);

impl SenderSimulator {
    /// Simulates the sender of `receiver`. It signs with `key`: the shared secret, or the private key
    /// if the receiver has a public one. See [`TestKeys::sender`](crate::testing::TestKeys::sender).
    ///
    /// The receiver's contract decides which responses are a success. Retries follow the schedule of
    /// Standard Webhooks, cut at half of the contract's retry window.
    pub fn new(receiver: &Receiver, key: Secret, seed: u64) -> Self {
        let contract = *receiver.contract();
        let mut total = Duration::ZERO;
        let retries = RETRIES.map(Duration::from_secs).into_iter().take_while(|delay| {
            total = total.saturating_add(*delay);
            total <= contract.retry_window() / 2
        });
        Self(Config {
            scheme: receiver.scheme().clone(),
            retries: retries.collect(),
            contract,
            key,
            seed,
            clock: FixedClock::new(START),
            duplicates: 0,
            tampered: 0,
            lost_responses: 0,
            max_delay: Duration::from_secs(10),
            concurrency: 16,
        })
    }

    /// The percentage of deliveries that repeat an event, 0 by default. A random half of them are
    /// signed again, as by a sender that lost its records; the others are replays, byte for byte.
    pub const fn duplicates(mut self, percent: u8) -> Self {
        self.0.duplicates = percent;
        self
    }

    /// The percentage of deliveries that are tampered copies of an event, 0 by default. Each has any
    /// [`Tampering`](crate::testing::Tampering) that is detectable under the scheme, and is not retried.
    pub const fn tampered(mut self, percent: u8) -> Self {
        self.0.tampered = percent;
        self
    }

    /// The percentage of responses that the sender does not receive, 0 by default. It retries those
    /// deliveries even if they were handled.
    pub const fn lost_responses(mut self, percent: u8) -> Self {
        self.0.lost_responses = percent;
        self
    }

    /// The longest time from signing to arrival, and the longest pause between bursts: 10 s by default.
    /// A request that takes longer than the scheme's tolerance is rejected, and retried.
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.0.max_delay = delay;
        self
    }

    /// The largest number of concurrent requests, 16 by default.
    pub const fn concurrency(mut self, requests: usize) -> Self {
        self.0.concurrency = if requests == 0 { 1 } else { requests };
        self
    }

    /// The delay of each retry after the previous attempt.
    pub fn retries(mut self, delays: impl IntoIterator<Item = Duration>) -> Self {
        self.0.retries = delays.into_iter().collect();
        self
    }

    /// Advances `clock` instead of a clock of the simulator's own.
    pub fn with_clock(mut self, clock: FixedClock) -> Self {
        self.0.clock = clock;
        self
    }

    /// Returns the clock that the simulator advances.
    #[must_use]
    pub fn clock(&self) -> FixedClock {
        self.0.clock.clone()
    }

    /// Delivers `events` through `deliver`, which returns the status of each response.
    ///
    /// If the sender signs no id in a header, each event needs a distinct body.
    ///
    /// # Errors
    ///
    /// - [`OutOfRange`](crate::ConfigErrorKind::OutOfRange) if duplicates and tampered deliveries leave
    ///   none for the events themselves.
    /// - [`InvalidScheme`](crate::ConfigErrorKind::InvalidScheme) if no tampering is detectable under
    ///   the scheme.
    /// - The errors of [`WebhookRequest::sign`].
    pub async fn deliver<F, A>(
        &self,
        events: impl IntoIterator<Item = WebhookRequest>,
        mut deliver: F,
    ) -> Result<Report, ConfigError>
    where
        F: FnMut(SignedRequest) -> A,
        A: Future<Output = u16>,
    {
        let mut run = Run::new(&self.0, events)?;
        let mut in_flight = Running::new();
        loop {
            while in_flight.len() < self.0.concurrency
                && let Some(number) = run.take_due(self.0.clock.now())
            {
                if let Some(request) = run.request(number)? {
                    in_flight.push(number, deliver(request));
                }
            }
            if let Some((number, status)) = in_flight.next().await {
                run.responded(number, status);
            } else if let Some(time) = run.next_time() {
                // A lease could expire if time advanced while a handler runs.
                self.0.clock.set(time.max(self.0.clock.now()));
            } else {
                return Ok(run.report());
            }
        }
    }
}

impl fmt::Debug for SenderSimulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SenderSimulator")
            .field("seed", &self.0.seed)
            .field("sender", &self.0.scheme.sender())
            .field("duplicates", &self.0.duplicates)
            .field("tampered", &self.0.tampered)
            .field("lost_responses", &self.0.lost_responses)
            .finish_non_exhaustive()
    }
}
