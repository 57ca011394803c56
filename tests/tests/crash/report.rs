//! The result of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;

use crate::audit::Audit;
use crate::config::Mode;
use crate::invariants::{Invariant, Violations};
use crate::journal::{Line, Step};
use crate::load::Sent;
use crate::run::Run;

/// How many violations are shown in full.
const SHOWN: usize = 10;

pub(crate) struct Report {
    run: Run,
    seed: u64,
    violations: Violations,
    counts: Counts,
}

impl Report {
    /// Creates the report, and writes it to the standard error stream itself: the test harness captures the
    /// output of `eprintln!`.
    pub(crate) fn published(run: Run, seed: u64, violations: Violations, counts: Counts) -> Self {
        let report = Self { run, seed, violations, counts };
        std::io::stderr().write_all(format!("{report}\n").as_bytes()).unwrap();
        report
    }

    #[track_caller]
    pub(crate) fn is_sound(&self) {
        let first: Vec<_> = self.violations.iter().take(SHOWN).collect();
        assert!(first.is_empty(), "{self}: {first:#?}");
        self.counts.assert_kills_hit();
    }

    #[track_caller]
    pub(crate) fn violates(&self, invariant: Invariant) {
        let violated: BTreeSet<_> = self.violations.iter().map(|(violated, _)| *violated).collect();
        assert!(violated.contains(&invariant), "{self}: {violated:?}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { location, mode, receivers, fault, .. } = &self.run;
        let fault = fault.map_or_else(String::new, |fault| format!(", planted: {fault:?}"));
        write!(f, "crash {} {mode:?} x{receivers}{fault}: seed {}, ", location.name(), self.seed)?;
        write!(f, "{}, {} violations", self.counts, self.violations.len())
    }
}

/// The counts of a run.
pub(crate) struct Counts {
    kills: usize,
    /// Kills of a receiver that did not accept connections yet.
    starting: usize,
    /// How many deliveries the kills interrupted, by their stage.
    interrupted: BTreeMap<Stage, usize>,
    events: usize,
    attempts: u64,
    repeated: usize,
    deliveries: usize,
    /// The handlers' runs in each slot.
    runs: BTreeMap<usize, usize>,
    repeated_runs: usize,
    duplicates: usize,
    in_progress: usize,
    takeovers: usize,
}

impl Counts {
    pub(crate) fn of(
        mode: Mode,
        audit: &Audit,
        sent: &Sent,
        killed: &BTreeSet<u32>,
        slots: &BTreeMap<u32, usize>,
    ) -> Self {
        let lines = &audit.journal.lines;
        assert!(audit.journal.truncated <= killed.len(), "only a kill truncates a line");
        let count = |is: fn(&Step) -> bool| lines.iter().filter(|line| is(&line.step)).count();
        let started = || lines.iter().filter(|line| matches!(line.step, Step::Started { .. }));
        let ready = lines.iter().filter(|line| line.step == Step::Ready);
        let ready: BTreeSet<_> = ready.map(|line| line.receiver).collect();
        let events: BTreeSet<_> = started().map(|line| &line.key).collect();
        let mut runs: BTreeMap<_, _> = slots.values().map(|slot| (*slot, 0)).collect();
        for slot in started().filter_map(|line| slots.get(&line.receiver)) {
            *runs.entry(*slot).or_default() += 1;
        }
        Self {
            kills: killed.len(),
            starting: killed.difference(&ready).count(),
            interrupted: interrupted(mode, lines, killed),
            events: sent.events.len(),
            attempts: sent.attempts,
            repeated: sent.repeated,
            deliveries: count(|step| *step == Step::Received),
            runs,
            repeated_runs: started().count() - events.len(),
            duplicates: count(|step| *step == Step::Duplicate),
            in_progress: count(|step| *step == Step::InProgress),
            takeovers: count(|step| matches!(step, Step::Granted { takeover: true, .. })),
        }
    }

    /// Asserts that kills hit every stage, and that their consequences were observed.
    #[track_caller]
    fn assert_kills_hit(&self) {
        for stage in REQUIRED_STAGES {
            assert!(self.interrupted.contains_key(&stage), "no kill hit {stage:?}: {self}");
        }
        for (what, count) in [
            ("kill", self.kills),
            ("kill of a starting receiver", self.starting),
            ("run by one of the receivers", *self.runs.values().min().unwrap()),
            ("repeated run of a handler", self.repeated_runs),
            ("duplicate", self.duplicates),
            ("takeover", self.takeovers),
        ] {
            assert!(count > 0, "no {what}: {self}");
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, starting, interrupted, events, attempts, repeated, deliveries, .. } =
            self;
        let Self { runs, repeated_runs, duplicates, in_progress, takeovers, .. } = self;
        let runs: Vec<_> = runs.values().map(ToString::to_string).collect();
        let runs = runs.join(" + ");
        write!(
            f,
            "{events} events, {kills} kills ({starting} while starting; interrupted deliveries: {interrupted:?}), \
             {attempts} attempts ({repeated} repeated by hand), {deliveries} deliveries, \
             {runs} runs ({repeated_runs} repeated), {duplicates} duplicates, {in_progress} in progress, {takeovers} takeovers"
        )
    }
}

/// The stage of a delivery when its receiver was killed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Stage {
    BeforeClaim,
    Claim,
    Handler,
    Commit,
    Response,
}

/// The stages that kills must hit.
const REQUIRED_STAGES: [Stage; 4] =
    [Stage::BeforeClaim, Stage::Handler, Stage::Commit, Stage::Response];

/// Returns whether the kills hit every required stage.
pub(crate) fn all_stages_hit(mode: Mode, lines: &[Line], killed: &BTreeSet<u32>) -> bool {
    let interrupted = interrupted(mode, lines, killed);
    REQUIRED_STAGES.iter().all(|stage| interrupted.contains_key(stage))
}

fn interrupted(mode: Mode, lines: &[Line], killed: &BTreeSet<u32>) -> BTreeMap<Stage, usize> {
    let mut interrupted: BTreeMap<Stage, usize> = BTreeMap::new();
    let mut open: BTreeMap<(u32, &str), OpenDeliveries> = BTreeMap::new();
    for line in lines.iter().filter(|line| killed.contains(&line.receiver)) {
        open.entry((line.receiver, &line.key)).or_default().step(mode, &line.step);
    }
    for (stage, count) in open.values().flat_map(OpenDeliveries::stages) {
        *interrupted.entry(stage).or_default() += count;
    }
    interrupted
}

/// An event's deliveries to one receiver: those before and during their claim, and the one that has it.
#[derive(Default)]
struct OpenDeliveries {
    received: usize,
    claiming: usize,
    claimed: Option<Stage>,
}

impl OpenDeliveries {
    fn step(&mut self, mode: Mode, step: &Step) {
        match step {
            Step::Received => self.received += 1,
            Step::Claiming => {
                self.received -= 1;
                self.claiming += 1;
            }
            Step::Granted { .. } => {
                self.claiming -= 1;
                self.claimed = Some(Stage::Claim);
            }
            Step::InProgress | Step::Duplicate | Step::ClaimFailed => self.claiming -= 1,
            Step::Started { .. } => self.claimed = Some(Stage::Handler),
            Step::Finished => self.claimed = Some(Stage::Commit),
            Step::Applied => self.claimed = Some(Stage::Response),
            Step::Committed if mode == Mode::Lease => self.claimed = Some(Stage::Response),
            Step::Releasing => self.claimed = None,
            Step::Responded { status: 200..300 } => self.claimed = None,
            _ => {}
        }
    }

    fn stages(&self) -> impl Iterator<Item = (Stage, usize)> {
        [(Stage::BeforeClaim, self.received), (Stage::Claim, self.claiming)]
            .into_iter()
            .chain(self.claimed.map(|stage| (stage, 1)))
    }
}
