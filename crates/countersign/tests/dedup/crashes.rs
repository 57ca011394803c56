//! Workers that claim, handle, commit or release and respond, in any order, with crashes and lost
//! calls in between.

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign::time::FixedClock;
use countersign::{MemoryStore, Timestamp};

use crate::check::{Violation, catches, holds};
use crate::reference::{Fault, ReferenceStore};
use crate::simulation::{Plan, WorkerFault, plan, simulate};

fn clock() -> FixedClock {
    FixedClock::new(Timestamp::from_secs(1_790_000_000))
}

fn over_memory(
    fault: Option<WorkerFault>,
    plan: &Plan,
) -> Result<BTreeSet<&'static str>, Violation> {
    let clock = clock();
    let store = MemoryStore::with_clock(10, clock.clone()).unwrap();
    simulate(&store, &clock, fault, plan)
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
fn the_plans_lead_to_every_outcome() {
    let outcomes = RefCell::new(BTreeSet::new());
    holds(400, &plan(), |plan| {
        outcomes.borrow_mut().extend(over_memory(None, plan)?);
        Ok(())
    });
    let all = [
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
    assert_eq!(outcomes.into_inner(), BTreeSet::from(all));
}

fn worker_fault_is_caught(fault: WorkerFault, invariants: &[&str]) {
    catches(&plan(), |plan| over_memory(Some(fault), plan).map(drop), invariants);
}

#[test]
fn a_commit_before_the_handler_is_caught() {
    worker_fault_is_caught(WorkerFault::CommitBeforeHandler, &["S1"]);
}

#[test]
fn a_success_for_an_event_in_progress_is_caught() {
    worker_fault_is_caught(WorkerFault::SuccessWhenInProgress, &["S1"]);
}

fn fault_is_caught(fault: Fault, invariants: &[&str]) {
    catches(&plan(), |plan| over_reference(Some(fault), plan), invariants);
}

#[test]
fn a_commit_that_does_not_compare_the_fencing_token_is_caught() {
    fault_is_caught(Fault::CommitIgnoresToken, &["S5"]);
}

#[test]
fn a_release_that_does_not_compare_the_fencing_token_is_caught() {
    fault_is_caught(Fault::ReleaseIgnoresToken, &["S2", "S5"]);
}

#[test]
fn a_fencing_token_that_restarts_after_release_is_caught() {
    fault_is_caught(Fault::TokenRestartsAfterRelease, &["S4", "S5"]);
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
fn a_lease_checked_by_the_workers_clock_is_caught() {
    fault_is_caught(Fault::LeaseByWorkersClock, &["S2"]);
}
