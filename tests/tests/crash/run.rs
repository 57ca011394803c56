//! One run: load, kills, and what is to be found afterwards.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use countersign_test_support::SplitMix64;
use tempfile::TempDir;

use crate::audit::Audit;
use crate::fleet::Fleet;
use crate::found::{Found, Sums, is_met_all};
use crate::journal::{Reader, Step};
use crate::judge::{Record, judge};
use crate::load::Sent;
use crate::place::Place;
use crate::setup::{Fault, Mode, Setup};

pub(crate) struct Run {
    pub(crate) place: Place,
    pub(crate) mode: Mode,
    pub(crate) receivers: usize,
    pub(crate) kills: usize,
    pub(crate) fault: Option<Fault>,
}

impl Run {
    pub(crate) fn new(place: Place, mode: Mode) -> Self {
        Self { place, mode, receivers: 1, kills: 24, fault: None }
    }

    pub(crate) fn two_receivers(self) -> Self {
        Self { receivers: 2, kills: 32, ..self }
    }

    pub(crate) fn fault(self, fault: Fault) -> Self {
        Self { fault: Some(fault), kills: 12, ..self }
    }

    pub(crate) fn go(self) -> Found {
        let seed = seed();
        let dir = tempfile::tempdir().unwrap();
        let journal = path(&dir, "journal");
        block_on(self.place.prepare());
        let setup = Setup {
            number: 0,
            seed,
            place: self.place.clone(),
            mode: self.mode,
            fault: self.fault,
            journal: journal.clone(),
        };
        let mut fleet = Fleet::start(setup, self.receivers);
        let to = fleet.address();
        let audit = Audit::new(self.place.clone(), self.mode, &journal);
        let over = AtomicBool::new(false);
        let (told, kills) = mpsc::channel();
        let (mut sent, mut audit, killed) = thread::scope(|scope| {
            let sending = scope.spawn(|| Sent::until(&over, to));
            let auditing = scope.spawn(move || audit.follow(&kills));
            let killed = self.kill(&mut fleet, &SplitMix64::new(seed), &told);
            over.store(true, Ordering::Release);
            let sent = sending.join().unwrap();
            drop(told);
            (sent, auditing.join().unwrap(), killed)
        });
        sent.repeat_by_hand(to);
        let places = fleet.stop();
        block_on(audit.look());
        let breaches = judge(&Record {
            mode: self.mode,
            lines: &audit.journal.lines,
            sent: &sent.events,
            done: &audit.done,
            rows: &audit.rows,
            apart: &audit.apart,
        });
        let sums = Sums::of(self.mode, &audit, &sent, &killed, &places);
        Found::told(self, seed, breaches, sums)
    }

    /// Kills at random moments, and starts anew at once; gives who was killed.
    fn kill(&self, fleet: &mut Fleet, random: &SplitMix64, told: &Sender<()>) -> BTreeSet<u32> {
        let mut journal = Reader::open(fleet.journal());
        let mut killed = BTreeSet::new();
        let mut place = 0;
        for (number, moment) in MOMENTS.iter().cycle().take(self.kills * MORE).enumerate() {
            if number >= self.kills && self.has_met_all(&mut journal, &killed) {
                break;
            }
            match moment {
                Moment::Starting => sleep(random.millis(0..15)),
                Moment::Any | Moment::After(_) => {
                    sleep(random.millis(150..500));
                    place = usize::try_from(random.below(self.receivers as u64)).unwrap();
                }
            }
            if let Moment::After(is_taken) = moment {
                // With a fault it may not come at all.
                let patience = if self.fault.is_some() { AIMING } else { SERVING };
                await_step(&mut journal, fleet.number(place), is_taken, patience);
            }
            killed.insert(fleet.kill(place));
            fleet.restart(place);
            told.send(()).unwrap();
        }
        killed
    }

    /// Whether the kills so far are enough: with a fault it is not asked where they came.
    fn has_met_all(&self, journal: &mut Reader, killed: &BTreeSet<u32>) -> bool {
        journal.catch_up();
        self.fault.is_some() || is_met_all(self.mode, &journal.lines, killed)
    }
}

/// When a receiver is killed.
enum Moment {
    Any,
    /// The last one that was started.
    Starting,
    /// As it has taken a step that few would be killed at by chance.
    After(fn(&Step) -> bool),
}

/// In turn.
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

/// How long a step is awaited that may not come at all, and one that comes once the receiver serves.
const AIMING: Duration = Duration::from_millis(500);
const SERVING: Duration = Duration::from_secs(20);

/// So many times the kills at most, where they did not come at every place of a delivery's way.
const MORE: usize = 4;

/// Returns as the receiver takes such a step.
fn await_step(
    journal: &mut Reader,
    receiver: u32,
    is_taken: &impl Fn(&Step) -> bool,
    patience: Duration,
) {
    let end = Instant::now() + patience;
    journal.catch_up();
    let before = journal.lines.len();
    while Instant::now() < end {
        journal.catch_up();
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
