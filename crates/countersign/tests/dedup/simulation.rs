//! Deliveries of two events to workers that may crash before any step.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use countersign::dedup::{EventKey, Identity, UpdateOutcome};
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::time::FixedClock;
use countersign::{
    Admission, Claim, Contract, Custom, Delivery, Outcome, Receiver, ReceiverBuilder, Secret,
    Timestamp,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::check::Violation;
use super::monitor::{Fate, Monitor, Monitored};
use super::poll::block_on;
use super::reference::{Reach, pause};

const LEASE: u64 = 20;
const RETENTION: u64 = 100;
const EVENTS: [&str; 2] = ["a", "b"];

/// A fault of a worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum WorkerFault {
    CommitBeforeHandler,
    SuccessWhenInProgress,
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    attempts: Vec<Attempt>,
    steps: Vec<Step>,
}

/// One delivery, and the worker that receives it.
#[derive(Clone, Debug)]
struct Attempt {
    event: usize,
    clock_off_by: i64,
    renewals: usize,
    /// The handler's outcome; `Handled` if it succeeds.
    handler: Outcome,
}

#[derive(Clone, Debug)]
enum Step {
    /// Runs the attempt until it waits the next time.
    Run {
        attempt: usize,
        fate: Fate,
    },
    Crash {
        attempt: usize,
    },
    Wait(u64),
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let lease = LEASE.cast_signed();
    let handler = prop_oneof![
        3 => Just(Outcome::Handled),
        1 => select(vec![Outcome::Failed, Outcome::Panicked, Outcome::Cancelled]),
    ];
    let event = prop_oneof![7 => Just(0), 1 => Just(1)];
    let attempt = (event, select(vec![0, 0, lease, -lease]), 0..3_usize, handler).prop_map(
        |(event, clock_off_by, renewals, handler)| Attempt {
            event,
            clock_off_by,
            renewals,
            handler,
        },
    );
    let fate = prop_oneof![
        8 => Just(Fate::Works),
        1 => Just(Fate::FailsBefore),
        1 => Just(Fate::FailsAfter),
    ];
    let step = prop_oneof![
        16 => (0..4_usize, fate).prop_map(|(attempt, fate)| Step::Run { attempt, fate }),
        1 => (0..4_usize).prop_map(|attempt| Step::Crash { attempt }),
        4 => select(vec![1, LEASE / 2, LEASE - 1, LEASE, RETENTION]).prop_map(Step::Wait),
    ];
    (vec(attempt, 2..=4), vec(step, 0..60)).prop_map(|(attempts, steps)| Plan { attempts, steps })
}

/// Runs `plan` with `store`, which uses `clock`; resteps the outcomes of all responses.
pub(crate) fn simulate<S: Reach>(
    store: &S,
    clock: &FixedClock,
    fault: Option<WorkerFault>,
    plan: &Plan,
) -> Result<BTreeSet<&'static str>, Violation> {
    let receiver = receiver();
    let verifying = receiver.clone().build().unwrap();
    let deliveries = EVENTS.map(|id| delivery(&verifying, id));
    let monitor = Monitor::new(clock);
    let mut running: Vec<_> = (plan.attempts.iter())
        .map(|attempt| {
            let store = store.used_by(attempt.clock_off_by);
            let worker = Worker {
                receiver: receiver
                    .clone()
                    .dedup(Monitored { store, monitor: monitor.clone() })
                    .build()
                    .unwrap(),
                monitor: monitor.clone(),
                fault,
            };
            Some(Box::pin(worker.respond(&deliveries[attempt.event], attempt)))
        })
        .collect();
    for step in &plan.steps {
        match *step {
            Step::Run { attempt, fate } => {
                monitor.set_fate(fate);
                run_once(&mut running[attempt % plan.attempts.len()]);
            }
            Step::Crash { attempt } => running[attempt % plan.attempts.len()] = None,
            Step::Wait(millis) => clock.advance(Duration::from_millis(millis)),
        }
        monitor.verdict()?;
    }
    clock.advance(Duration::from_millis(LEASE));
    let fresh = receiver.dedup(store.clone()).build().unwrap();
    for delivery in &deliveries {
        match block_on(fresh.claim(delivery)).unwrap() {
            Admission::Proceed(_) | Admission::Respond(Outcome::Duplicate { .. }) => {}
            Admission::Respond(other) => {
                return Err(Violation::of("S8", format!("still {other:?}")));
            }
        }
    }
    Ok(monitor.outcomes())
}

struct Worker {
    receiver: Receiver,
    monitor: Monitor,
    fault: Option<WorkerFault>,
}

impl Worker {
    async fn respond(self, delivery: &Delivery, attempt: &Attempt) {
        let outcome = self.handle(delivery, attempt).await;
        pause().await;
        let is_in_progress = matches!(outcome, Outcome::InProgress { .. });
        let handler_status = if outcome == Outcome::Failed { 500 } else { 200 };
        let status = match self.fault {
            Some(WorkerFault::SuccessWhenInProgress) if is_in_progress => 200,
            _ => outcome.status().unwrap_or(handler_status),
        };
        self.monitor.responded(&key(&self.receiver, EVENTS[attempt.event]), outcome, status);
    }

    async fn handle(&self, delivery: &Delivery, attempt: &Attempt) -> Outcome {
        let claim = match self.receiver.claim(delivery).await {
            Ok(Admission::Proceed(claim)) => claim,
            Ok(Admission::Respond(outcome)) => return outcome,
            Err(error) => return Outcome::from(&error),
        };
        if self.fault == Some(WorkerFault::CommitBeforeHandler) {
            let committed = commit(&claim).await;
            if committed != Outcome::Handled {
                return Outcome::StoreUnavailable;
            }
        }
        for _ in 0..attempt.renewals {
            pause().await;
            if claim.renew().await == Ok(UpdateOutcome::StaleToken) {
                return Outcome::Cancelled;
            }
        }
        pause().await;
        if attempt.handler == Outcome::Handled {
            self.monitor.handled(claim.key());
            commit(&claim).await
        } else {
            // The outcome is the same whether the release succeeds or not.
            drop(claim.release().await);
            attempt.handler
        }
    }
}

/// Commits, and retries once.
async fn commit(claim: &Claim) -> Outcome {
    for _ in 0..2 {
        match claim.commit().await {
            Ok(UpdateOutcome::Applied) => return Outcome::Handled,
            Ok(UpdateOutcome::StaleToken) => return Outcome::LeaseLost,
            Err(_) => {}
        }
    }
    Outcome::CommitPending
}

fn run_once<F: Future>(running: &mut Option<Pin<Box<F>>>) {
    if let Some(attempt) = running
        && attempt.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    {
        *running = None;
    }
}

const SECRET: &str = "a secret shared with the sender";

fn receiver() -> ReceiverBuilder {
    let tick = Duration::from_millis(1);
    let scheme =
        Scheme::hmac_sha256("sender", SignatureLocation::header("x-signature", Encoding::Hex))
            .id_field("/id")
            .build()
            .unwrap();
    let contract = Contract::builder().response_deadline(tick).retry_window(tick).build().unwrap();
    let sender = Custom::new(scheme, Secret::new(SECRET).unwrap()).unwrap().with_contract(contract);
    Receiver::builder(sender)
        .store_timeout(tick)
        .endpoint("simulated")
        .lease(Duration::from_millis(LEASE))
        .retention(Duration::from_millis(RETENTION))
}

fn delivery(receiver: &Receiver, id: &str) -> Delivery {
    let body = format!(r#"{{"id":"{id}"}}"#);
    let secret = Secret::new(SECRET).unwrap();
    let headers = SigningRequest::new(body.as_bytes()).sign(receiver.scheme(), &secret).unwrap();
    let mut verifier = receiver.open(&headers, Timestamp::from_secs(0)).unwrap();
    verifier.update(body).unwrap();
    verifier.finalize().unwrap()
}

fn key(receiver: &Receiver, id: &str) -> EventKey {
    EventKey::new(receiver.endpoint(), receiver.scheme().sender(), &Identity::id(id))
}
