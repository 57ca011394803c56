//! Claim, handle, commit or release, answer: in every order, with crashes and lost calls between.

#![allow(clippy::indexing_slicing, clippy::unwrap_used)]

mod dedup {
    pub(crate) mod check;
    pub(crate) mod monitor;
    pub(crate) mod poll;
    pub(crate) mod reference;
    pub(crate) mod simulation;
}

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign::time::FixedClock;
use countersign::{MemoryStore, Timestamp};

use self::dedup::check::{Violation, holds, is_caught};
use self::dedup::reference::{Fault, ReferenceStore};
use self::dedup::simulation::{Plan, Slip, plan, simulate};

fn clock() -> FixedClock {
    FixedClock::new(Timestamp::from_secs(1_790_000_000))
}

fn over_memory(slip: Option<Slip>, plan: &Plan) -> Result<BTreeSet<&'static str>, Violation> {
    let clock = clock();
    let store = MemoryStore::with_clock(10, clock.clone()).unwrap();
    simulate(&store, &clock, slip, plan)
}

fn over_reference(fault: Option<Fault>, plan: &Plan) -> Result<(), Violation> {
    let clock = clock();
    simulate(&ReferenceStore::new(clock.clone(), fault), &clock, None, plan).map(drop)
}

#[test]
fn over_memory_every_invariant_holds() {
    holds(4000, &plan(), |plan| over_memory(None, plan).map(drop));
}

#[test]
fn over_the_reference_without_a_fault_every_invariant_holds() {
    holds(1000, &plan(), |plan| over_reference(None, plan));
}

#[test]
fn the_plans_come_to_every_outcome() {
    let answers = RefCell::new(BTreeSet::new());
    holds(400, &plan(), |plan| {
        answers.borrow_mut().extend(over_memory(None, plan)?);
        Ok(())
    });
    let every = [
        "duplicate",
        "failed",
        "handled",
        "in_progress",
        "lease_lost",
        "panicked",
        "cancelled",
        "store_unavailable",
        "commit_pending",
    ];
    assert_eq!(answers.into_inner(), BTreeSet::from(every));
}

fn slip_is_caught(slip: Slip, named: &[&str]) {
    is_caught(&plan(), |plan| over_memory(Some(slip), plan).map(drop), named);
}

#[test]
fn done_before_the_handler_is_caught() {
    slip_is_caught(Slip::DoneBeforeHandler, &["S1"]);
}

#[test]
fn success_when_busy_is_caught() {
    slip_is_caught(Slip::SuccessWhenBusy, &["S1"]);
}

fn fault_is_caught(fault: Fault, named: &[&str]) {
    is_caught(&plan(), |plan| over_reference(Some(fault), plan), named);
}

#[test]
fn a_commit_that_does_not_compare_the_fencing_token_is_caught() {
    fault_is_caught(Fault::CommitIgnoresFence, &["S5"]);
}

#[test]
fn a_release_that_does_not_compare_the_fencing_token_is_caught() {
    fault_is_caught(Fault::ReleaseIgnoresFence, &["S2", "S5"]);
}

#[test]
fn a_fencing_token_that_restarts_after_release_is_caught() {
    fault_is_caught(Fault::FenceRestartsAfterRelease, &["S4", "S5"]);
}

#[test]
fn a_check_before_the_insert_is_caught() {
    fault_is_caught(Fault::CheckThenInsert, &["S2", "S3"]);
}

#[test]
fn a_claim_without_a_lease_is_caught() {
    fault_is_caught(Fault::NoLease, &["S8"]);
}

#[test]
fn a_lease_judged_by_the_workers_clock_is_caught() {
    fault_is_caught(Fault::LeaseByWorkersClock, &["S2"]);
}
