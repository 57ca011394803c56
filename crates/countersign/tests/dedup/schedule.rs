//! What several workers ask of a store, in any order, and the judge following along.

use std::future::Future;
use std::task::{Context, Waker};
use std::time::Duration;

use countersign::Timestamp;
use countersign::dedup::{ClaimOutcome, EventKey, FencingToken, Identity, UpdateOutcome};
use countersign::time::{Clock, FixedClock};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::check::Violation;
use super::model::{Event, Settle};
use super::poll::block_on;
use super::reference::Reach;

/// How far ahead each worker's own clock is, in milliseconds.
const WORKERS: [i64; 3] = [0, 0, 40_000];

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Claim {
        worker: usize,
        event: usize,
        fingerprint: u64,
        lease: Duration,
    },
    /// Two claims at the same time.
    Race {
        event: usize,
        lease: Duration,
    },
    Settle {
        worker: usize,
        event: usize,
        shown: Shown,
        settle: Settle,
    },
    Wait(Duration),
    /// To this many milliseconds from the event's next deadline.
    ToDeadline {
        event: usize,
        off_by: i64,
    },
}

/// Which fencing token is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shown {
    /// What the worker was granted last, current or not.
    Own,
    /// What anybody was granted last.
    Latest,
    /// What was granted last for the next event.
    Foreign,
    /// One that was never granted.
    Unknown(u64),
}

/// Steps on `events` events.
pub(crate) fn schedule(
    events: usize,
    length: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Step>> {
    let worker = || 0..WORKERS.len();
    let event = move || 0..events;
    let shown = prop_oneof![
        4 => Just(Shown::Own),
        4 => Just(Shown::Latest),
        1 => Just(Shown::Foreign),
        1 => (1..4_u64).prop_map(Shown::Unknown),
    ];
    let settle = prop_oneof![
        1 => span().prop_map(|lease| Settle::Renew { lease }),
        2 => span().prop_map(|retention| Settle::Commit { retention }),
        2 => Just(Settle::Release),
    ];
    let wait = prop_oneof![
        4 => (0..3_u64).prop_map(Duration::from_millis),
        4 => (1..90_u64).prop_map(Duration::from_secs),
        1 => (1..60_u64).prop_map(|hours| Duration::from_secs(hours * 3600)),
    ];
    let step = prop_oneof![
        6 => (worker(), event(), 0..2_u64, span())
            .prop_map(|(worker, event, fingerprint, lease)|
                Step::Claim { worker, event, fingerprint, lease }),
        1 => (event(), span()).prop_map(|(event, lease)| Step::Race { event, lease }),
        6 => (worker(), event(), shown, settle)
            .prop_map(|(worker, event, shown, settle)|
                Step::Settle { worker, event, shown, settle }),
        2 => wait.prop_map(Step::Wait),
        2 => (event(), -1..=1_i64)
            .prop_map(|(event, off_by)| Step::ToDeadline { event, off_by }),
    ];
    vec(step, length)
}

/// A lease or a retention.
fn span() -> impl Strategy<Value = Duration> {
    let seconds = |seconds| Just(Duration::from_secs(seconds));
    prop_oneof![
        1 => Just(Duration::ZERO),
        2 => Just(Duration::from_millis(1)),
        8 => select(vec![1, 30, 60]).prop_map(Duration::from_secs),
        2 => seconds(3600),
        2 => seconds(48 * 3600),
        1 => Just(Duration::MAX),
    ]
}

/// A store and what it must answer.
pub(crate) struct Play<S> {
    workers: [S; WORKERS.len()],
    clock: FixedClock,
    events: Vec<(EventKey, Event)>,
    /// What each worker was granted last for each event.
    granted: Vec<[Option<FencingToken>; WORKERS.len()]>,
}

impl<S: Reach> Play<S> {
    pub(crate) fn new(store: &S, clock: &FixedClock, events: usize) -> Self {
        let key = |number: usize| EventKey::new("e", "s", &Identity::id(&number.to_string()));
        Self {
            workers: WORKERS.map(|off_by| store.seen_by(off_by)),
            clock: clock.clone(),
            events: (0..events).map(|number| (key(number), Event::default())).collect(),
            granted: vec![[None; WORKERS.len()]; events],
        }
    }

    /// Between how many and how many events the store must remember.
    pub(crate) fn kept(&self) -> std::ops::RangeInclusive<usize> {
        let now = self.clock.now();
        let count = |kept: &dyn Fn(&Event) -> bool| {
            self.events.iter().filter(|(_, event)| kept(event)).count()
        };
        count(&|event| event.must_be_kept(now))..=count(&Event::may_be_kept)
    }

    pub(crate) fn step(&mut self, step: &Step) -> Result<(), Violation> {
        match *step {
            Step::Claim { worker, event, fingerprint, lease } => {
                let (key, _) = self.events[event];
                let claim = self.workers[worker].claim(&key, fingerprint, lease);
                let answer = block_on(claim).unwrap();
                self.claimed(worker, event, fingerprint, lease, answer)
            }
            Step::Race { event, lease } => self.race(event, lease),
            Step::Settle { worker, event, shown, settle } => {
                self.settle(worker, event, shown, settle)
            }
            Step::Wait(span) => {
                self.clock.set(self.clock.now().saturating_add(span));
                Ok(())
            }
            Step::ToDeadline { event, off_by } => {
                let now = self.clock.now();
                if let Some(deadline) = self.events[event].1.deadline(now) {
                    let near = deadline.as_millis().saturating_add_signed(off_by);
                    self.clock.set(now.max(Timestamp::from_millis(near)));
                }
                Ok(())
            }
        }
    }

    /// Every event but that of `step` still answers as before.
    pub(crate) fn others_are_untouched(&self, step: &Step) -> Result<(), Violation> {
        let (Step::Claim { event: touched, .. }
        | Step::Race { event: touched, .. }
        | Step::Settle { event: touched, .. }) = *step
        else {
            return Ok(());
        };
        let mut others = (0..self.events.len()).filter(|event| *event != touched);
        others.try_for_each(|event| self.is_as_judged(event, "S7"))
    }

    fn race(&mut self, event: usize, lease: Duration) -> Result<(), Violation> {
        let (key, _) = self.events[event];
        let stores = self.workers.clone();
        let claims = stores.iter().take(2).map(|store| Box::pin(store.claim(&key, 0, lease)));
        let mut open: Vec<_> = claims.enumerate().collect();
        while !open.is_empty() {
            let mut answers = Vec::new();
            open.retain_mut(|(worker, claim)| {
                let polled = claim.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                polled.map(|answer| answers.push((*worker, answer.unwrap()))).is_pending()
            });
            for (worker, answer) in answers {
                self.claimed(worker, event, 0, lease, answer)?;
            }
        }
        Ok(())
    }

    fn claimed(
        &mut self,
        worker: usize,
        event: usize,
        fingerprint: u64,
        lease: Duration,
        answer: ClaimOutcome,
    ) -> Result<(), Violation> {
        self.events[event].1.claimed(self.clock.now(), fingerprint, lease, answer)?;
        if let ClaimOutcome::Acquired { fencing_token, .. } = answer {
            self.granted[event][worker] = Some(fencing_token);
        }
        Ok(())
    }

    fn settle(
        &mut self,
        worker: usize,
        event: usize,
        shown: Shown,
        settle: Settle,
    ) -> Result<(), Violation> {
        let (key, latest) = (self.events[event].0, self.events[event].1.granted());
        let fencing_token = match shown {
            Shown::Own => self.granted[event][worker],
            Shown::Latest => latest,
            Shown::Foreign => self.events[(event + 1) % self.events.len()].1.granted(),
            Shown::Unknown(more) => {
                latest.map(|fencing_token| FencingToken::new(fencing_token.as_u64() + more))
            }
        };
        let fencing_token = fencing_token.unwrap_or(FencingToken::new(1));
        let store = &self.workers[worker];
        let answer = block_on(async {
            match settle {
                Settle::Renew { lease } => store.renew(&key, fencing_token, lease).await,
                Settle::Commit { retention } => store.commit(&key, fencing_token, retention).await,
                Settle::Release => store.release(&key, fencing_token).await,
            }
        });
        let answer = answer.unwrap();
        self.events[event].1.settled(self.clock.now(), fencing_token, settle, answer)?;
        let invariant = if answer == UpdateOutcome::StaleToken { "S5" } else { "transition" };
        self.is_as_judged(event, invariant)
    }

    /// A claim that must be denied is: it shows what is held, and changes nothing.
    fn is_as_judged(&self, event: usize, invariant: &'static str) -> Result<(), Violation> {
        let (key, held) = self.events[event];
        let Some(denial) = held.denial(self.clock.now(), 0) else { return Ok(()) };
        let answer = block_on(self.workers[0].claim(&key, 0, Duration::ZERO)).unwrap();
        if answer == denial {
            return Ok(());
        }
        Err(Violation::of(invariant, format!("{answer:?} is not {denial:?}")))
    }
}
