//! Stores checked against the model, step by step.

use countersign::time::FixedClock;
use countersign::{MemoryStore, Timestamp};

use crate::check::{Violation, catches, holds};
use crate::reference::{Fault, Reach, ReferenceStore};
use crate::schedule::{Play, Step, schedule};

const FEW: usize = 4;
const MANY: usize = 60;

/// Plays `steps` on a new store; `check` runs after each.
fn play<S: Reach>(
    store: impl Fn(FixedClock) -> S,
    events: usize,
    steps: &[Step],
    check: impl Fn(&S, &Play<S>, &Step) -> Result<(), Violation>,
) -> Result<(), Violation> {
    let clock = FixedClock::new(Timestamp::from_secs(1_790_000_000));
    let store = store(clock.clone());
    let mut play = Play::new(&store, &clock, events);
    steps.iter().try_for_each(|step| {
        play.step(step)?;
        check(&store, &play, step)
    })
}

fn memory(clock: FixedClock) -> MemoryStore {
    MemoryStore::with_clock(1000, clock).unwrap()
}

#[test]
fn memory_follows_the_state_machine() {
    holds(1600, &schedule(FEW, 1..60), |steps| play(memory, FEW, steps, |_, _, _| Ok(())));
}

#[test]
fn memory_follows_the_state_machine_with_many_events() {
    holds(100, &schedule(MANY, 300..600), |steps| play(memory, MANY, steps, |_, _, _| Ok(())));
}

#[test]
fn an_operation_in_memory_leaves_other_events_unchanged() {
    holds(400, &schedule(FEW, 1..60), |steps| {
        play(memory, FEW, steps, |_, play, step| play.others_are_unchanged(step))
    });
}

#[test]
fn memory_retains_events_until_they_expire_and_not_much_longer() {
    holds(120, &schedule(MANY, 1..300), |steps| {
        play(memory, MANY, steps, |store, play, _| {
            let (retained, expected) = (store.len(), play.retained());
            if expected.contains(&retained) {
                return Ok(());
            }
            Err(Violation::of("S12", format!("{retained} events are retained, not {expected:?}")))
        })
    });
}

fn reference(fault: Option<Fault>, steps: &[Step]) -> Result<(), Violation> {
    play(|clock| ReferenceStore::new(clock, fault), FEW, steps, |_, _, _| Ok(()))
}

#[test]
fn the_reference_without_a_fault_follows_the_state_machine() {
    holds(300, &schedule(FEW, 1..60), |steps| reference(None, steps));
}

fn is_caught(fault: Fault, invariants: &[&str]) {
    catches(&schedule(FEW, 1..60), |steps| reference(Some(fault), steps), invariants);
}

#[test]
fn a_commit_that_does_not_compare_the_fencing_token_is_caught() {
    is_caught(Fault::CommitIgnoresToken, &["S5"]);
}

#[test]
fn a_release_that_does_not_compare_the_fencing_token_is_caught() {
    is_caught(Fault::ReleaseIgnoresToken, &["S5"]);
}

#[test]
fn a_fencing_token_that_restarts_after_release_is_caught() {
    is_caught(Fault::TokenRestartsAfterRelease, &["S4", "S5"]);
}

#[test]
fn a_check_before_the_insert_is_caught() {
    is_caught(Fault::CheckThenInsert, &["S2", "S3"]);
}

#[test]
fn a_claim_without_a_lease_is_caught() {
    is_caught(Fault::NoLease, &["S8"]);
}

#[test]
fn a_lease_checked_by_the_workers_clock_is_caught() {
    is_caught(Fault::LeaseByWorkersClock, &["S2"]);
}
