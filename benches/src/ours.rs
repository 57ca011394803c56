//! The contenders that are not other crates: the bare HMAC, and countersign.

use std::hint::black_box;
use std::time::Duration;

use countersign::dedup::UpdateOutcome;
use countersign::time::{Clock, FixedClock, MonotonicClock, SystemClock};
use countersign::{
    Admission, Delivery, Key, Keyring, MemoryStore, Receiver, ReceiverBuilder, Rejection, Secret,
    StandardWebhooks, Timestamp,
};
use hmac::{Hmac, KeyInit, Mac};
use report::names::COUNTERSIGN;
use sha2::Sha256;

use crate::poll::at_once;
use crate::{Contender, Request, Result, secret};

/// A duration longer than every retention.
const AGES: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Creates the baseline: HMAC-SHA256 over the signed bytes in one piece, with the key set.
///
/// # Errors
///
/// Never: HMAC accepts a key of any length.
pub fn bare(request: &Request) -> Result<Contender<'_>> {
    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 24])?;
    Ok(Contender::new("bare keyed HMAC", move || {
        let mut mac = keyed.clone();
        mac.update(black_box(&request.signed));
        black_box(mac.finalize().into_bytes());
        true
    }))
}

/// Creates a receiver that accepts the first `keys` secrets.
///
/// # Errors
///
/// A `ConfigError` unless `keys` is one to eight.
pub fn receiver(keys: u8) -> Result<ReceiverBuilder> {
    let mut keyring = Vec::new();
    for number in 0..keys {
        keyring.push(Key::new(format!("key-{number}"), Secret::new(secret(number))?));
    }
    Ok(Receiver::builder(StandardWebhooks::new(Keyring::new(keyring)?)?))
}

/// Creates the contender that verifies headers and body to a [`Delivery`], with a fixed time.
pub fn verified<'w>(receiver: &'w Receiver, request: &'w Request) -> Contender<'w> {
    let now = SystemClock.now();
    Contender::new(COUNTERSIGN, move || black_box(verify(receiver, request, now)).is_ok())
}

/// Creates the contender that verifies a request, then claims and commits its event.
///
/// It repeats `requests` in laps. After each lap the store's clock jumps past every retention, so that each
/// claim removes one expired event and adds one, as in a store that has run for long.
///
/// # Errors
///
/// Never: the store's capacity is not zero.
pub fn handled<'w>(receiver: ReceiverBuilder, requests: &'w [Request]) -> Result<Contender<'w>> {
    let offset = FixedClock::new(Timestamp::from_millis(0));
    let clock = OffsetClock { steady: MonotonicClock::default(), offset: offset.clone() };
    let receiver = receiver.dedup(MemoryStore::with_clock(1_000_000, clock)?).build()?;
    let mut lap = requests.iter();
    Ok(Contender::new("countersign, claim and commit", move || {
        let request = lap.next().or_else(|| {
            offset.advance(AGES);
            lap = requests.iter();
            lap.next()
        });
        request.is_some_and(|request| handle(&receiver, request) == Some(UpdateOutcome::Applied))
    }))
}

fn verify(receiver: &Receiver, request: &Request, now: Timestamp) -> Result<Delivery, Rejection> {
    receiver.verify(&request.headers, request.body.clone(), now)
}

fn handle(receiver: &Receiver, request: &Request) -> Option<UpdateOutcome> {
    let delivery = verify(receiver, request, SystemClock.now()).ok()?;
    match at_once(receiver.claim(&delivery))?.ok()? {
        Admission::Proceed(claim) => at_once(claim.commit())?.ok(),
        Admission::Respond(_) => None,
    }
}

/// The store's default clock plus an offset that the benchmark advances.
struct OffsetClock {
    steady: MonotonicClock,
    offset: FixedClock,
}

impl Clock for OffsetClock {
    fn now(&self) -> Timestamp {
        self.steady.now().saturating_add(Duration::from_millis(self.offset.now().as_millis()))
    }
}
