//! Random operations of several workers on a store, each checked by the model.

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
use super::model::{Event, Update};
use super::poll::block_on;
use super::reference::Reach;

/// The offset of each worker's own clock, in milliseconds.
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
    Update {
        worker: usize,
        event: usize,
        token: Token,
        update: Update,
    },
    Wait(Duration),
    /// Advances the clock to this many milliseconds from the event's next deadline.
    ToDeadline {
        event: usize,
        off_by: i64,
    },
}

/// Which fencing token an update carries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Token {
    /// The worker's last grant, current or not.
    Own,
    /// The last grant of any worker.
    Latest,
    /// The last grant of the next event.
    Foreign,
    /// A token that was never granted.
    Unknown(u64),
}

/// Random steps on `events` events.
pub(crate) fn schedule(
    events: usize,
    length: impl Into<proptest::collection::SizeRange>,
) -> impl Strategy<Value = Vec<Step>> {
    let worker = || 0..WORKERS.len();
    let event = move || 0..events;
    let token = prop_oneof![
        4 => Just(Token::Own),
        4 => Just(Token::Latest),
        1 => Just(Token::Foreign),
        1 => (1..4_u64).prop_map(Token::Unknown),
    ];
    let update = prop_oneof![
        1 => duration().prop_map(|lease| Update::Renew { lease }),
        2 => duration().prop_map(|retention| Update::Commit { retention }),
        2 => Just(Update::Release),
    ];
    let wait = prop_oneof![
        4 => (0..3_u64).prop_map(Duration::from_millis),
        4 => (1..90_u64).prop_map(Duration::from_secs),
        1 => (1..60_u64).prop_map(|hours| Duration::from_secs(hours * 3600)),
    ];
    let step = prop_oneof![
        6 => (worker(), event(), 0..2_u64, duration())
            .prop_map(|(worker, event, fingerprint, lease)|
                Step::Claim { worker, event, fingerprint, lease }),
        1 => (event(), duration()).prop_map(|(event, lease)| Step::Race { event, lease }),
        6 => (worker(), event(), token, update)
            .prop_map(|(worker, event, token, update)|
                Step::Update { worker, event, token, update }),
        2 => wait.prop_map(Step::Wait),
        2 => (event(), -1..=1_i64)
            .prop_map(|(event, off_by)| Step::ToDeadline { event, off_by }),
    ];
    vec(step, length)
}

/// A lease or a retention.
fn duration() -> impl Strategy<Value = Duration> {
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

/// A store and the model of its events.
pub(crate) struct Play<S> {
    workers: [S; WORKERS.len()],
    clock: FixedClock,
    events: Vec<(EventKey, Event)>,
    /// Each worker's last grant of each event.
    granted: Vec<[Option<FencingToken>; WORKERS.len()]>,
}

impl<S: Reach> Play<S> {
    pub(crate) fn new(store: &S, clock: &FixedClock, events: usize) -> Self {
        let key = |number: usize| EventKey::new("e", "s", &Identity::id(&number.to_string()));
        Self {
            workers: WORKERS.map(|off_by| store.used_by(off_by)),
            clock: clock.clone(),
            events: (0..events).map(|number| (key(number), Event::default())).collect(),
            granted: vec![[None; WORKERS.len()]; events],
        }
    }

    /// The numbers of events that the store may hold now.
    pub(crate) fn retained(&self) -> std::ops::RangeInclusive<usize> {
        let now = self.clock.now();
        let count = |is_retained: &dyn Fn(&Event) -> bool| {
            self.events.iter().filter(|(_, event)| is_retained(event)).count()
        };
        count(&|event| event.must_be_retained(now))..=count(&Event::may_be_retained)
    }

    pub(crate) fn step(&mut self, step: &Step) -> Result<(), Violation> {
        match *step {
            Step::Claim { worker, event, fingerprint, lease } => {
                let (key, _) = self.events[event];
                let claim = self.workers[worker].claim(&key, fingerprint, lease);
                let outcome = block_on(claim).unwrap();
                self.claimed(worker, event, fingerprint, lease, outcome)
            }
            Step::Race { event, lease } => self.race(event, lease),
            Step::Update { worker, event, token, update } => {
                self.update(worker, event, token, update)
            }
            Step::Wait(duration) => {
                self.clock.set(self.clock.now().saturating_add(duration));
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

    /// Checks that every event but that of `step` has the outcomes of before.
    pub(crate) fn others_are_unchanged(&self, step: &Step) -> Result<(), Violation> {
        let (Step::Claim { event: touched, .. }
        | Step::Race { event: touched, .. }
        | Step::Update { event: touched, .. }) = *step
        else {
            return Ok(());
        };
        let mut others = (0..self.events.len()).filter(|event| *event != touched);
        others.try_for_each(|event| self.matches_model(event, "S7"))
    }

    fn race(&mut self, event: usize, lease: Duration) -> Result<(), Violation> {
        let (key, _) = self.events[event];
        let stores = self.workers.clone();
        let claims = stores.iter().take(2).map(|store| Box::pin(store.claim(&key, 0, lease)));
        let mut open: Vec<_> = claims.enumerate().collect();
        while !open.is_empty() {
            let mut outcomes = Vec::new();
            open.retain_mut(|(worker, claim)| {
                let polled = claim.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                polled.map(|outcome| outcomes.push((*worker, outcome.unwrap()))).is_pending()
            });
            for (worker, outcome) in outcomes {
                self.claimed(worker, event, 0, lease, outcome)?;
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
        outcome: ClaimOutcome,
    ) -> Result<(), Violation> {
        self.events[event].1.claimed(self.clock.now(), fingerprint, lease, outcome)?;
        if let ClaimOutcome::Acquired { fencing_token, .. } = outcome {
            self.granted[event][worker] = Some(fencing_token);
        }
        Ok(())
    }

    fn update(
        &mut self,
        worker: usize,
        event: usize,
        token: Token,
        update: Update,
    ) -> Result<(), Violation> {
        let (key, latest) = (self.events[event].0, self.events[event].1.last_granted());
        let fencing_token = match token {
            Token::Own => self.granted[event][worker],
            Token::Latest => latest,
            Token::Foreign => self.events[(event + 1) % self.events.len()].1.last_granted(),
            Token::Unknown(more) => {
                latest.map(|fencing_token| FencingToken::new(fencing_token.as_u64() + more))
            }
        };
        let fencing_token = fencing_token.unwrap_or(FencingToken::new(1));
        let store = &self.workers[worker];
        let outcome = block_on(async {
            match update {
                Update::Renew { lease } => store.renew(&key, fencing_token, lease).await,
                Update::Commit { retention } => store.commit(&key, fencing_token, retention).await,
                Update::Release => store.release(&key, fencing_token).await,
            }
        });
        let outcome = outcome.unwrap();
        self.events[event].1.updated(self.clock.now(), fencing_token, update, outcome)?;
        let invariant = if outcome == UpdateOutcome::StaleToken { "S5" } else { "transition" };
        self.matches_model(event, invariant)
    }

    /// Checks the state by a claim that is denied, and so changes nothing.
    fn matches_model(&self, event: usize, invariant: &'static str) -> Result<(), Violation> {
        let (key, model) = self.events[event];
        let Some(denied) = model.denied(self.clock.now(), 0) else { return Ok(()) };
        let outcome = block_on(self.workers[0].claim(&key, 0, Duration::ZERO)).unwrap();
        if outcome == denied {
            return Ok(());
        }
        Err(Violation::of(invariant, format!("{outcome:?} is not {denied:?}")))
    }
}
