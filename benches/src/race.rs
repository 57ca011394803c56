//! Contenders that alternate in short batches, so that the machine's noise affects all equally.

use std::fmt;
use std::time::{Duration, Instant};

use report::Results;

/// The intended time of one batch: short beside a time slice, long beside a clock reading.
const BATCH: Duration = Duration::from_micros(100);

/// The number of batches of each contender in a round.
const BATCHES: usize = 100;

/// The part of a round's batches that are faster than its value. Noise only adds time, so the fast end
/// shows the work itself; the very fastest may be an outlier.
const QUIET: f64 = 0.05;

/// One way to do the work.
pub struct Contender<'w> {
    name: &'w str,
    work: Box<dyn FnMut() -> bool + 'w>,
}

impl<'w> Contender<'w> {
    /// Creates a contender whose `work` runs once and returns whether the request was accepted.
    pub fn new(name: &'w str, work: impl FnMut() -> bool + 'w) -> Self {
        Self { name, work: Box::new(work) }
    }

    /// Creates a contender that does the work of this one and of `other` in turns.
    #[must_use]
    pub fn in_turns(mut self, mut other: Self) -> Self {
        let mut is_own = false;
        Self::new(self.name, move || {
            is_own = !is_own;
            if is_own { (self.work)() } else { (other.work)() }
        })
    }

    /// Returns the time of `times` runs.
    fn batch(&mut self, times: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..times {
            std::hint::black_box((self.work)());
        }
        start.elapsed()
    }

    /// Returns the number of runs that fill a batch.
    fn runs_in_a_batch(&mut self) -> u32 {
        let mut times = 1;
        while self.batch(times) < BATCH / 2 {
            times *= 2;
        }
        times
    }
}

impl fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs the contenders in alternation, and adds the nanoseconds of one run in each round to the results.
///
/// The name of a contender that rejects its request ends with ` (rejects)`.
pub fn race(results: &mut Results, case: &str, rounds: usize, mut contenders: Vec<Contender<'_>>) {
    let runs: Vec<u32> = contenders.iter_mut().map(Contender::runs_in_a_batch).collect();
    let mut values = vec![Vec::with_capacity(rounds); contenders.len()];
    for _ in 0..rounds {
        let mut batches = vec![Vec::with_capacity(BATCHES); contenders.len()];
        for _ in 0..BATCHES {
            for ((contender, times), batches) in contenders.iter_mut().zip(&runs).zip(&mut batches)
            {
                let elapsed = contender.batch(*times).as_secs_f64();
                batches.push(elapsed * 1e9 / f64::from(*times));
            }
        }
        for (values, batches) in values.iter_mut().zip(batches) {
            values.push(quiet(batches));
        }
    }
    for (contender, values) in contenders.iter_mut().zip(values) {
        let accepts = (contender.work)();
        let name = if accepts {
            contender.name.to_owned()
        } else {
            format!("{} (rejects)", contender.name)
        };
        results.add(case, &name, "ns", &values);
    }
}

fn quiet(mut batches: Vec<f64>) -> f64 {
    batches.sort_by(f64::total_cmp);
    batches.get((batches.len() as f64 * QUIET) as usize).copied().unwrap_or(f64::NAN)
}
