//! The invariants, and the check of a run against them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Mode;
use crate::journal::{Line, Step};
use crate::receiver::{LEASE, key_of};

/// The facts of a run.
pub(crate) struct Record<'r> {
    pub(crate) mode: Mode,
    pub(crate) lines: &'r [Line],
    /// Every event of the sender, and whether it got a success status.
    pub(crate) sent: &'r BTreeMap<String, bool>,
    /// The events that were seen as handled, and how many lines the journal had then.
    pub(crate) handled: &'r BTreeMap<String, usize>,
    pub(crate) rows: &'r BTreeMap<String, i64>,
    pub(crate) mismatches: &'r [String],
}

/// A guarantee of the receivers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Invariant {
    /// A success status is sent only after a handler finished.
    NothingLost,
    /// A claim is granted only if no other lease is running.
    OneAtATime,
    /// No handler starts for a handled event.
    HandledStaysHandled,
    /// Each granted fencing token is higher than every earlier one.
    FencingTokensRise,
    /// In transaction mode, the row is written exactly once, and together with the mark.
    AppliedOnce,
}

/// The violated invariants, each with what violated it.
pub(crate) type Violations = Vec<(Invariant, String)>;

/// The tolerance of a comparison, in microseconds: leases and clocks are rounded to milliseconds.
const ROUNDING: u64 = 2_000;

pub(crate) fn check(record: &Record<'_>) -> Violations {
    let mut violations = Violations::new();
    check_nothing_lost(record, &mut violations);
    check_handled_stays_handled(record, &mut violations);
    check_grants(record, &mut violations);
    if record.mode == Mode::Transaction {
        check_applied_once(record, &mut violations);
    }
    violations
}

fn check_nothing_lost(record: &Record<'_>, violations: &mut Violations) {
    let mut broken = |what: String| violations.push((Invariant::NothingLost, what));
    let mut finished = BTreeSet::new();
    for line in record.lines {
        match line.step {
            Step::Finished => {
                finished.insert(&line.key);
            }
            Step::Responded { status: 200..300 } if !finished.contains(&line.key) => {
                broken(format!("{} got a success status before a handler finished", line.key));
            }
            _ => {}
        }
    }
    for (id, delivered) in record.sent {
        if *delivered && !finished.contains(&key_of(id).to_string()) {
            broken(format!("{id} was acknowledged and no handler finished"));
        }
    }
}

fn check_handled_stays_handled(record: &Record<'_>, violations: &mut Violations) {
    let mut handled = BTreeMap::new();
    for (id, lines) in record.handled {
        handled.insert(key_of(id).to_string(), *lines);
    }
    for (number, line) in record.lines.iter().enumerate() {
        match &line.step {
            Step::Committed | Step::Duplicate => {
                let first = handled.entry(line.key.clone()).or_insert(number);
                *first = number.min(*first);
            }
            Step::Started { id }
                if handled.get(&line.key).is_some_and(|first| number >= *first) =>
            {
                let what = format!("{id} was handled again by receiver {}", line.receiver);
                violations.push((Invariant::HandledStaysHandled, what));
            }
            _ => {}
        }
    }
}

/// A claim that was granted.
struct Grant {
    fencing_token: u64,
    receiver: u32,
    /// The lease began between `claimed_at` and `granted_at`.
    claimed_at: u64,
    granted_at: u64,
    line: usize,
}

fn check_grants(record: &Record<'_>, violations: &mut Violations) {
    let mut grants: BTreeMap<&str, Vec<Grant>> = BTreeMap::new();
    let mut released = BTreeSet::new();
    for (line, Line { at, receiver, key, step }) in record.lines.iter().enumerate() {
        match step {
            Step::Granted { fencing_token, claimed_at, .. } => {
                grants.entry(key).or_default().push(Grant {
                    fencing_token: *fencing_token,
                    receiver: *receiver,
                    claimed_at: *claimed_at,
                    granted_at: *at,
                    line,
                })
            }
            // The release may have been applied even if its response was lost.
            Step::Releasing => {
                released.insert((key.as_str(), *receiver, line));
            }
            _ => {}
        }
    }
    let lease = u64::try_from(LEASE.as_micros()).unwrap_or(u64::MAX);
    for (key, grants) in &mut grants {
        grants.sort_unstable_by_key(|grant| grant.fencing_token);
        for (one, next) in grants.iter().zip(grants.iter().skip(1)) {
            if one.fencing_token == next.fencing_token || next.granted_at < one.claimed_at {
                let what = format!(
                    "{key} was granted under {} and {}",
                    one.fencing_token, next.fencing_token
                );
                violations.push((Invariant::FencingTokensRise, what));
            }
            let mut releases = released.range((*key, one.receiver, one.line)..);
            let is_released = releases.next().is_some_and(|(of, by, line)| {
                (*of, *by) == (*key, one.receiver) && *line < next.line
            });
            if !is_released && next.granted_at + ROUNDING < one.claimed_at + lease {
                let early = (one.claimed_at + lease - next.granted_at) / 1000;
                let what = format!("{key} was granted again {early} ms before its lease expired");
                violations.push((Invariant::OneAtATime, what));
            }
        }
    }
}

fn check_applied_once(record: &Record<'_>, violations: &mut Violations) {
    let mut broken = |what: String| violations.push((Invariant::AppliedOnce, what));
    for (id, times) in record.rows.iter().filter(|(_, times)| **times != 1) {
        broken(format!("{id} was applied {times} times"));
    }
    for (id, _) in
        record.sent.iter().filter(|(id, delivered)| **delivered && !record.rows.contains_key(*id))
    {
        broken(format!("{id} was acknowledged and not applied"));
    }
    record.mismatches.iter().cloned().for_each(broken);
}
