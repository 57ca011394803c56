//! One run: load, kills, and the check afterwards.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use countersign_test_support::SplitMix64;
use tempfile::TempDir;

use crate::audit::Audit;
use crate::config::{Fault, Mode, ReceiverConfig};
use crate::fleet::Fleet;
use crate::invariants::{Record, check};
use crate::journal::{Reader, Step};
use crate::load::Sent;
use crate::report::{Counts, Report, all_stages_hit};
use crate::store::StoreLocation;

pub(crate) struct Run {
    pub(crate) location: StoreLocation,
    pub(crate) mode: Mode,
    pub(crate) receivers: usize,
    pub(crate) kills: usize,
    pub(crate) fault: Option<Fault>,
}

impl Run {
    pub(crate) fn new(location: StoreLocation, mode: Mode) -> Self {
        Self { location, mode, receivers: 1, kills: 24, fault: None }
    }

    pub(crate) fn two_receivers(self) -> Self {
        Self { receivers: 2, kills: 32, ..self }
    }

    pub(crate) fn fault(self, fault: Fault) -> Self {
        Self { fault: Some(fault), kills: 12, ..self }
    }

    pub(crate) fn run(self) -> Report {
        let seed = seed();
        let dir = tempfile::tempdir().unwrap();
        let journal = path(&dir, "journal");
        block_on(self.location.prepare());
        let config = ReceiverConfig {
            number: 0,
            seed,
            location: self.location.clone(),
            mode: self.mode,
            fault: self.fault,
            journal: journal.clone(),
        };
        let mut fleet = Fleet::start(config, self.receivers);
        let to = fleet.address();
        let audit = Audit::new(self.location.clone(), self.mode, &journal);
        let stop = AtomicBool::new(false);
        let (kill_sender, kills) = mpsc::channel();
        let (mut sent, mut audit, killed) = thread::scope(|scope| {
            let sending = scope.spawn(|| Sent::until(&stop, to));
            let auditing = scope.spawn(move || audit.follow(&kills));
            let killed = self.kill(&mut fleet, &SplitMix64::new(seed), &kill_sender);
            stop.store(true, Ordering::Release);
            let sent = sending.join().unwrap();
            drop(kill_sender);
            (sent, auditing.join().unwrap(), killed)
        });
        sent.repeat_by_hand(to);
        let slots = fleet.stop();
        block_on(audit.read_store());
        let violations = check(&Record {
            mode: self.mode,
            lines: &audit.journal.lines,
            sent: &sent.events,
            handled: &audit.handled,
            rows: &audit.rows,
            mismatches: &audit.mismatches,
        });
        let counts = Counts::of(self.mode, &audit, &sent, &killed, &slots);
        Report::published(self, seed, violations, counts)
    }

    /// Kills receivers at random moments and restarts them at once. Returns the numbers of the killed.
    fn kill(&self, fleet: &mut Fleet, random: &SplitMix64, kills: &Sender<()>) -> BTreeSet<u32> {
        let mut journal = Reader::open(fleet.journal());
        let mut killed = BTreeSet::new();
        let mut slot = 0;
        for (number, moment) in MOMENTS.iter().cycle().take(self.kills * MAX_FACTOR).enumerate() {
            if number >= self.kills && self.has_hit_all(&mut journal, &killed) {
                break;
            }
            match moment {
                Moment::Starting => sleep(random.millis(0..15)),
                Moment::Any | Moment::After(_) => {
                    sleep(random.millis(150..500));
                    slot = usize::try_from(random.below(self.receivers as u64)).unwrap();
                }
            }
            if let Moment::After(is_taken) = moment {
                // With a fault the step may never be taken.
                let timeout = if self.fault.is_some() { OPTIONAL_STEP } else { REQUIRED_STEP };
                await_step(&mut journal, fleet.number(slot), is_taken, timeout);
            }
            killed.insert(fleet.kill(slot));
            fleet.restart(slot);
            // A failure of the audit is reported where its thread is joined.
            if kills.send(()).is_err() {
                break;
            }
        }
        killed
    }

    /// Returns whether the kills so far hit every stage. With a fault they need not.
    fn has_hit_all(&self, journal: &mut Reader, killed: &BTreeSet<u32>) -> bool {
        journal.read_new_lines();
        self.fault.is_some() || all_stages_hit(self.mode, &journal.lines, killed)
    }
}

/// When a receiver is killed.
enum Moment {
    Any,
    /// While the receiver that was restarted last is starting.
    Starting,
    /// Just after a step that random kills rarely hit.
    After(fn(&Step) -> bool),
}

/// The moments of successive kills.
const MOMENTS: [Moment; 8] = [
    Moment::Any,
    Moment::After(|step| *step == Step::Finished),
    Moment::Starting,
    Moment::After(|step| *step == Step::Received),
    Moment::After(|step| matches!(step, Step::Started { .. })),
    Moment::Any,
    Moment::Starting,
    Moment::After(|step| matches!(step, Step::Applied | Step::Committed)),
];

/// The timeout of a step that may never be taken, and of one that a ready receiver takes.
const OPTIONAL_STEP: Duration = Duration::from_millis(500);
const REQUIRED_STEP: Duration = Duration::from_secs(20);

/// How many times the planned kills there are at most, if they have not hit every stage.
const MAX_FACTOR: usize = 4;

/// Waits until the receiver takes such a step.
fn await_step(
    journal: &mut Reader,
    receiver: u32,
    is_taken: &impl Fn(&Step) -> bool,
    timeout: Duration,
) {
    let end = Instant::now() + timeout;
    journal.read_new_lines();
    let before = journal.lines.len();
    while Instant::now() < end {
        journal.read_new_lines();
        let mut lines = journal.lines.iter().skip(before);
        if lines.any(|line| line.receiver == receiver && is_taken(&line.step)) {
            return;
        }
        sleep(Duration::from_micros(300));
    }
}

/// Returns `CRASH_SEED`, or a seed that no run had before.
fn seed() -> u64 {
    std::env::var("CRASH_SEED")
        .map_or_else(|_| RandomState::new().hash_one("crash") >> 32, |seed| seed.parse().unwrap())
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

pub(crate) fn path(dir: &TempDir, name: &str) -> String {
    dir.path().join(name).to_str().unwrap().to_owned()
}
