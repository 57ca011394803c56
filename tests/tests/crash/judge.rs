//! Whether what happened keeps the invariants, and what the kills met.

use std::collections::{BTreeMap, BTreeSet};

use crate::journal::{Line, Step};
use crate::receiver::{LEASE, key_of};
use crate::setup::Mode;

/// All that is known of a run.
pub(crate) struct Record<'r> {
    pub(crate) mode: Mode,
    pub(crate) lines: &'r [Line],
    /// Every event of the sender, and whether it was told success.
    pub(crate) sent: &'r BTreeMap<String, bool>,
    /// The events that were seen as handled, and how many lines there were by then.
    pub(crate) done: &'r BTreeMap<String, usize>,
    pub(crate) rows: &'r BTreeMap<String, i64>,
    pub(crate) apart: &'r [String],
}

/// An invariant that does not hold.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Invariant {
    /// A success that was told is one of a handler that finished.
    NothingLost,
    /// A claim is granted only when no other's lease runs.
    OneAtATime,
    /// No handler starts on an event that is handled.
    DoneIsDone,
    /// Each grant's fencing token is higher than every one before.
    FencesRise,
    /// In transaction mode, the row is written exactly once, and with the mark.
    AppliedOnce,
}

/// What breaks which.
pub(crate) type Breaches = Vec<(Invariant, String)>;

/// Leases count whole milliseconds, by clocks that are rounded to them.
const ROUNDING: u64 = 2_000;

pub(crate) fn judge(record: &Record<'_>) -> Breaches {
    let mut breaches = Breaches::new();
    nothing_is_lost(record, &mut breaches);
    done_is_done(record, &mut breaches);
    grants_are_apart(record, &mut breaches);
    if record.mode == Mode::Transaction {
        each_is_applied_once(record, &mut breaches);
    }
    breaches
}

fn nothing_is_lost(record: &Record<'_>, breaches: &mut Breaches) {
    let mut broken = |what: String| breaches.push((Invariant::NothingLost, what));
    let mut finished = BTreeSet::new();
    for line in record.lines {
        match line.step {
            Step::Finished => {
                finished.insert(&line.key);
            }
            Step::Answered { status: 200..300 } if !finished.contains(&line.key) => {
                broken(format!("{} was answered before a handler finished", line.key));
            }
            _ => {}
        }
    }
    for (id, told) in record.sent {
        if *told && !finished.contains(&key_of(id).to_string()) {
            broken(format!("{id} was acknowledged, and no handler finished"));
        }
    }
}

fn done_is_done(record: &Record<'_>, breaches: &mut Breaches) {
    let mut done = BTreeMap::new();
    for (id, lines) in record.done {
        done.insert(key_of(id).to_string(), *lines);
    }
    for (number, line) in record.lines.iter().enumerate() {
        match &line.step {
            Step::Committed | Step::Duplicate => {
                let first = done.entry(line.key.clone()).or_insert(number);
                *first = number.min(*first);
            }
            Step::Started { id } if done.get(&line.key).is_some_and(|first| number >= *first) => {
                let what = format!("{id} was handled again by receiver {}", line.receiver);
                breaches.push((Invariant::DoneIsDone, what));
            }
            _ => {}
        }
    }
}

/// A claim that was granted.
struct Grant {
    fencing_token: u64,
    receiver: u32,
    /// The lease began at `asked` at the soonest, and was told of at `told`.
    asked: u64,
    told: u64,
    line: usize,
}

fn grants_are_apart(record: &Record<'_>, breaches: &mut Breaches) {
    let mut grants: BTreeMap<&str, Vec<Grant>> = BTreeMap::new();
    let mut given_up = BTreeSet::new();
    for (line, Line { at, receiver, key, step }) in record.lines.iter().enumerate() {
        match step {
            Step::Granted { fencing_token, asked, .. } => {
                grants.entry(key).or_default().push(Grant {
                    fencing_token: *fencing_token,
                    receiver: *receiver,
                    asked: *asked,
                    told: *at,
                    line,
                })
            }
            // What the store then said of it may have been lost.
            Step::Releasing => {
                given_up.insert((key.as_str(), *receiver, line));
            }
            _ => {}
        }
    }
    let lease = u64::try_from(LEASE.as_micros()).unwrap_or(u64::MAX);
    for (key, grants) in &mut grants {
        grants.sort_unstable_by_key(|grant| grant.fencing_token);
        for (one, next) in grants.iter().zip(grants.iter().skip(1)) {
            if one.fencing_token == next.fencing_token || next.told < one.asked {
                let what = format!(
                    "{key} was granted under {} and {}",
                    one.fencing_token, next.fencing_token
                );
                breaches.push((Invariant::FencesRise, what));
            }
            let mut releases = given_up.range((*key, one.receiver, one.line)..);
            let is_given_up = releases.next().is_some_and(|(of, by, line)| {
                (*of, *by) == (*key, one.receiver) && *line < next.line
            });
            if !is_given_up && next.told + ROUNDING < one.asked + lease {
                let early = (one.asked + lease - next.told) / 1000;
                let what = format!("{key} was granted again {early} ms before its lease was over");
                breaches.push((Invariant::OneAtATime, what));
            }
        }
    }
}

fn each_is_applied_once(record: &Record<'_>, breaches: &mut Breaches) {
    let mut broken = |what: String| breaches.push((Invariant::AppliedOnce, what));
    for (id, times) in record.rows.iter().filter(|(_, times)| **times != 1) {
        broken(format!("{id} was applied {times} times"));
    }
    for (id, _) in record.sent.iter().filter(|(id, told)| **told && !record.rows.contains_key(*id))
    {
        broken(format!("{id} was acknowledged, and not applied"));
    }
    record.apart.iter().cloned().for_each(broken);
}
