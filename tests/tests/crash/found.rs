//! What a run came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;

use crate::audit::Audit;
use crate::journal::{Line, Step};
use crate::judge::{Breaches, Invariant};
use crate::load::Sent;
use crate::run::Run;
use crate::setup::Mode;

/// How many breaches are told of in full.
const TOLD: usize = 10;

pub(crate) struct Found {
    run: Run,
    seed: u64,
    breaches: Breaches,
    sums: Sums,
}

impl Found {
    /// Tells its seed and its counts, past the test harness, which would keep them to itself.
    pub(crate) fn told(run: Run, seed: u64, breaches: Breaches, sums: Sums) -> Self {
        let found = Self { run, seed, breaches, sums };
        std::io::stderr().write_all(format!("{found}\n").as_bytes()).unwrap();
        found
    }

    #[track_caller]
    pub(crate) fn is_sound(&self) {
        let first: Vec<_> = self.breaches.iter().take(TOLD).collect();
        assert!(first.is_empty(), "{self}, of them {first:#?}");
        self.sums.are_of_crashes();
    }

    #[track_caller]
    pub(crate) fn breaks(&self, invariant: Invariant) {
        let broken: BTreeSet<_> = self.breaches.iter().map(|(broken, _)| *broken).collect();
        assert!(broken.contains(&invariant), "{self}, that is {broken:?}");
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { place, mode, receivers, fault, .. } = &self.run;
        let fault = fault.map_or_else(String::new, |fault| format!(", planted: {fault:?}"));
        write!(f, "crash {} {mode:?} x{receivers}{fault}: seed {}, ", place.name(), self.seed)?;
        write!(f, "{}, {} breaches", self.sums, self.breaches.len())
    }
}

/// What was counted.
pub(crate) struct Sums {
    kills: usize,
    /// Of them, those of a receiver that did not serve yet.
    starting: usize,
    /// How many deliveries the killed receivers had under way, and where.
    met: BTreeMap<At, usize>,
    events: usize,
    attempts: u64,
    repeated: usize,
    deliveries: usize,
    /// In each of the receivers' places.
    runs: BTreeMap<usize, usize>,
    run_again: usize,
    duplicates: usize,
    busy: usize,
    takeovers: usize,
}

impl Sums {
    pub(crate) fn of(
        mode: Mode,
        audit: &Audit,
        sent: &Sent,
        killed: &BTreeSet<u32>,
        places: &BTreeMap<u32, usize>,
    ) -> Self {
        let lines = &audit.journal.lines;
        assert!(audit.journal.torn <= killed.len(), "only a kill cuts a line off");
        let count = |is: fn(&Step) -> bool| lines.iter().filter(|line| is(&line.step)).count();
        let started = || lines.iter().filter(|line| matches!(line.step, Step::Started { .. }));
        let up = lines.iter().filter(|line| line.step == Step::Up);
        let up: BTreeSet<_> = up.map(|line| line.receiver).collect();
        let begun: BTreeSet<_> = started().map(|line| &line.key).collect();
        let mut runs: BTreeMap<_, _> = places.values().map(|place| (*place, 0)).collect();
        for place in started().filter_map(|line| places.get(&line.receiver)) {
            *runs.entry(*place).or_default() += 1;
        }
        Self {
            kills: killed.len(),
            starting: killed.difference(&up).count(),
            met: met(mode, lines, killed),
            events: sent.events.len(),
            attempts: sent.attempts,
            repeated: sent.repeated,
            deliveries: count(|step| *step == Step::Received),
            runs,
            run_again: started().count() - begun.len(),
            duplicates: count(|step| *step == Step::Duplicate),
            busy: count(|step| *step == Step::InProgress),
            takeovers: count(|step| matches!(step, Step::Granted { takeover: true, .. })),
        }
    }

    /// Not that nothing happened.
    #[track_caller]
    fn are_of_crashes(&self) {
        for at in DUE {
            assert!(self.met.contains_key(&at), "no kill came at {at:?}: {self}");
        }
        for (what, count) in [
            ("kill", self.kills),
            ("kill of a receiver that starts", self.starting),
            ("run by one of the receivers", *self.runs.values().min().unwrap()),
            ("handler that was run again", self.run_again),
            ("duplicate", self.duplicates),
            ("takeover", self.takeovers),
        ] {
            assert!(count > 0, "not one {what}: {self}");
        }
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, starting, met, events, attempts, repeated, deliveries, .. } = self;
        let Self { runs, run_again, duplicates, busy, takeovers, .. } = self;
        let runs: Vec<_> = runs.values().map(ToString::to_string).collect();
        let runs = runs.join(" + ");
        write!(
            f,
            "{events} events, {kills} kills ({starting} while starting; deliveries under way: {met:?}), \
             {attempts} attempts ({repeated} repeated by hand), {deliveries} deliveries, \
             {runs} runs ({run_again} again), {duplicates} duplicates, {busy} busy, {takeovers} takeovers"
        )
    }
}

/// Where a delivery was when its receiver was killed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum At {
    BeforeClaim,
    Claim,
    Handler,
    Commit,
    Answer,
}

/// Where some kill is to come.
const DUE: [At; 4] = [At::BeforeClaim, At::Handler, At::Commit, At::Answer];

pub(crate) fn is_met_all(mode: Mode, lines: &[Line], killed: &BTreeSet<u32>) -> bool {
    let met = met(mode, lines, killed);
    DUE.iter().all(|at| met.contains_key(at))
}

fn met(mode: Mode, lines: &[Line], killed: &BTreeSet<u32>) -> BTreeMap<At, usize> {
    let mut met: BTreeMap<At, usize> = BTreeMap::new();
    let mut open: BTreeMap<(u32, &str), Open> = BTreeMap::new();
    for line in lines.iter().filter(|line| killed.contains(&line.receiver)) {
        open.entry((line.receiver, &line.key)).or_default().step(mode, &line.step);
    }
    for (at, count) in open.values().flat_map(Open::at) {
        *met.entry(at).or_default() += count;
    }
    met
}

/// An event's deliveries to one receiver: those on their way to the claim, and the one that has it.
#[derive(Default)]
struct Open {
    received: usize,
    asking: usize,
    holder: Option<At>,
}

impl Open {
    fn step(&mut self, mode: Mode, step: &Step) {
        match step {
            Step::Received => self.received += 1,
            Step::Asked => {
                self.received -= 1;
                self.asking += 1;
            }
            Step::Granted { .. } => {
                self.asking -= 1;
                self.holder = Some(At::Claim);
            }
            Step::InProgress | Step::Duplicate | Step::Unclaimed => self.asking -= 1,
            Step::Started { .. } => self.holder = Some(At::Handler),
            Step::Finished => self.holder = Some(At::Commit),
            Step::Applied => self.holder = Some(At::Answer),
            Step::Committed if mode == Mode::Lease => self.holder = Some(At::Answer),
            Step::Releasing => self.holder = None,
            Step::Answered { status: 200..300 } => self.holder = None,
            _ => {}
        }
    }

    fn at(&self) -> impl Iterator<Item = (At, usize)> {
        [(At::BeforeClaim, self.received), (At::Claim, self.asking)]
            .into_iter()
            .chain(self.holder.map(|at| (at, 1)))
    }
}
