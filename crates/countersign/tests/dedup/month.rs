//! A month of one service on the memory store, with a clock that is moved.
//!
//! The service receives ten events a second, which the default store of a million cannot remember for a
//! week. Rate and capacity are both a hundredth here, so that the test takes seconds. What decides is their
//! ratio: the time for which a full store remembers an event.

use std::time::Duration;

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, Identity, Retention, StoreErrorKind, StoreUsage,
};
use countersign::time::FixedClock;
use countersign::{Contract, MemoryStore, Timestamp, senders};

use crate::poll::block_on;

const LEASE: Duration = Duration::from_secs(30);

/// The number by which rate and capacity are divided.
const SCALE: usize = 100;

/// Events a second of the service.
const RATE: usize = 10;

const CAPACITY: usize = 1_000_000 / SCALE;

/// The time between two events.
const INTERVAL: Duration = Duration::from_millis(1000 * SCALE as u64 / RATE as u64);

const DAY: Duration = Duration::from_secs(24 * 3600);

struct Service {
    store: MemoryStore,
    clock: FixedClock,
    retention: Retention,
    handled: usize,
    rejected: usize,
}

impl Service {
    fn new(contract: &Contract) -> Self {
        let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
        let retention = Retention::new(contract.retry_window())
            .forgettable_after(contract.automatic_retry_horizon());
        let store = MemoryStore::with_clock(CAPACITY, clock.clone()).unwrap();
        Self { store, clock, retention, handled: 0, rejected: 0 }
    }

    fn key(number: usize) -> EventKey {
        EventKey::new("endpoint", "sender", &Identity::id(&number.to_string()))
    }

    /// Delivers a new event each interval, and repeats of earlier ones; `age` is how long ago each was
    /// handled for the first time.
    fn run(&mut self, duration: Duration, ages: &[Duration]) {
        let events = (duration.as_millis() / INTERVAL.as_millis()) as usize;
        for _ in 0..events {
            self.clock.advance(INTERVAL);
            let number = self.handled + self.rejected;
            self.deliver(number);
            // One repeat for each seven events, of an age that differs each time.
            if number.is_multiple_of(7) {
                for age in ages {
                    let before = (age.as_millis() / INTERVAL.as_millis()) as usize;
                    let repeated = number.checked_sub(before - number % before.div_ceil(2).max(1));
                    if let Some(repeated) = repeated.filter(|_| self.rejected == 0) {
                        self.expect_duplicate(repeated);
                    }
                }
            }
            assert!(self.store.len() <= CAPACITY);
        }
    }

    fn deliver(&mut self, number: usize) {
        let key = Self::key(number);
        match block_on(self.store.claim(&key, 0, LEASE)) {
            Ok(ClaimOutcome::Acquired { fencing_token, takeover: false }) => {
                let retention = self.retention;
                block_on(self.store.commit_with_retention(&key, fencing_token, retention)).unwrap();
                self.handled += 1;
            }
            Err(error) if error.kind() == StoreErrorKind::Full => self.rejected += 1,
            other => panic!("event {number}: {other:?}"),
        }
    }

    fn expect_duplicate(&self, number: usize) {
        let outcome = block_on(self.store.claim(&Self::key(number), 0, LEASE));
        assert_eq!(outcome, Ok(ClaimOutcome::Duplicate { same_body: true }), "event {number}");
    }

    fn usage(&self) -> StoreUsage {
        self.store.usage().unwrap()
    }
}

#[test]
fn for_a_month_no_event_is_rejected_and_every_automatic_retry_is_recognised() {
    let contract = senders::SVIX.contract().unwrap();
    let horizon = contract.automatic_retry_horizon();
    let mut service = Service::new(&contract);
    service.run(DAY * 30, &[Duration::from_secs(60), horizon / 2, horizon]);
    let usage = service.usage();
    assert_eq!((service.rejected, service.handled), (0, 30 * 24 * 3600 * RATE / SCALE));
    // All but what is remembered has been forgotten before its week, one by one.
    assert!(usage.events as usize > CAPACITY - 64, "{usage:?}");
    assert_eq!(usage.events + usage.forgotten, service.handled as u64);
}

#[test]
fn a_store_that_is_large_enough_forgets_nothing_in_a_month() {
    let contract = senders::SLACK.contract().unwrap();
    let retention = Retention::new(DAY).forgettable_after(Duration::ZERO);
    let mut service = Service { retention, ..Service::new(&contract) };
    service.run(DAY * 30, &[Duration::from_secs(60), DAY - INTERVAL]);
    assert_eq!((service.rejected, service.usage().forgotten), (0, 0));
    // A day's events, and a few that have expired.
    let day = 24 * 3600 * RATE / SCALE;
    assert!((day..day + day / 50).contains(&service.store.len()), "{:?}", service.usage());
}

#[test]
fn a_store_that_is_too_small_for_the_horizon_rejects_events_and_recovers() {
    let contract = senders::STRIPE.contract().unwrap();
    let horizon = Duration::from_secs(3 * 24 * 3600);
    let mut service = Service::new(&contract);
    service.retention = Retention::new(DAY * 30).forgettable_after(horizon);
    service.run(DAY, &[]);
    assert_eq!(service.rejected, 0);
    service.run(DAY, &[]);
    assert!(service.rejected > 0, "the horizon is longer than the store remembers");
    assert_eq!(service.usage().forgotten, 0);
    service.clock.advance(horizon);
    let (rejected, handled) = (service.rejected, service.handled);
    service.run(DAY, &[]);
    assert_eq!(service.rejected, rejected);
    assert!(service.usage().forgotten > 0 && service.handled > handled);
}
