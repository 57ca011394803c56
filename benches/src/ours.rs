//! The bare HMAC, and countersign.

use std::hint::black_box;
use std::time::Duration;

use countersign::dedup::UpdateOutcome;
use countersign::time::{Clock, FixedClock, MonotonicClock, SystemClock};
use countersign::{
    Admission, Delivery, Key, Keyring, MemoryStore, Receiver, ReceiverBuilder, Rejection, Secret,
    StandardWebhooks, Timestamp,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::poll::at_once;
use crate::{Contender, Request, Result, secret};

/// Longer than any event is remembered.
const AGES: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// HMAC-SHA256 over the signed bytes in one piece, with the key ready: the least there is to do.
///
/// # Errors
///
/// None: HMAC takes a key of any length.
pub fn bare(request: &Request) -> Result<Contender<'_>> {
    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 24])?;
    Ok(Contender::new("bare keyed HMAC", move || {
        let mut mac = keyed.clone();
        mac.update(black_box(&request.signed));
        black_box(mac.finalize().into_bytes());
        true
    }))
}

/// A receiver that takes the first `keys` secrets.
///
/// # Errors
///
/// A `ConfigError` unless `keys` is one to eight.
pub fn receiver(keys: u8) -> Result<ReceiverBuilder> {
    let mut ring = Vec::new();
    for number in 0..keys {
        ring.push(Key::new(format!("key-{number}"), Secret::new(secret(number))?));
    }
    Ok(Receiver::builder(StandardWebhooks::new(Keyring::new(ring)?)?))
}

/// countersign from headers and body to a [`Delivery`]. It is told the time, as its interface has it.
pub fn verified<'w>(receiver: &'w Receiver, request: &'w Request) -> Contender<'w> {
    let now = SystemClock.now();
    Contender::new("countersign", move || black_box(verify(receiver, request, now)).is_ok())
}

/// The same, then the event's claim and its commit, as a new event each time.
///
/// It walks round `requests`. After each lap the store's clock leaps, so that all are forgotten:
/// each claim clears one old event away and notes one new, as in a store that has been running.
///
/// # Errors
///
/// None: the store's capacity is not zero.
pub fn handled<'w>(receiver: ReceiverBuilder, requests: &'w [Request]) -> Result<Contender<'w>> {
    let leaps = FixedClock::new(Timestamp::from_millis(0));
    let clock = LeapingClock { steady: MonotonicClock::default(), leaps: leaps.clone() };
    let receiver = receiver.dedup(MemoryStore::with_clock(1_000_000, clock)?).build()?;
    let mut lap = requests.iter();
    Ok(Contender::new("countersign, claim and commit", move || {
        let request = lap.next().or_else(|| {
            leaps.advance(AGES);
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
        Admission::Proceed(claimed) => at_once(claimed.commit())?.ok(),
        Admission::Respond(_) => None,
    }
}

/// The store's usual clock, read as usual, but put forward now and then.
struct LeapingClock {
    steady: MonotonicClock,
    leaps: FixedClock,
}

impl Clock for LeapingClock {
    fn now(&self) -> Timestamp {
        self.steady.now().saturating_add(Duration::from_millis(self.leaps.now().as_millis()))
    }
}
