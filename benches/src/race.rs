//! Contenders that alternate in short batches, so that the machine's noise affects all equally.

use std::fmt;
use std::time::{Duration, Instant};

/// The intended time of one batch: short beside a time slice, long beside a clock reading.
const BATCH: Duration = Duration::from_micros(100);

/// The number of batches of each contender: a second or two in all, so that a short burst of noise
/// affects few of them.
const ROUNDS: usize = 1501;

const MEDIAN: f64 = 0.5;

/// Noise only adds time, so the fast end shows the work itself; the very fastest may be an outlier.
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

/// The result of one contender.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finish {
    /// The name of the contender.
    pub name: String,
    /// Whether the contender accepts the request.
    pub accepts: bool,
    /// The median time of one run, in nanoseconds.
    pub nanos: f64,
    /// The median, over the rounds, of the time divided by that of the first contender.
    pub ratio: f64,
    /// The time divided by that of the first contender, each in its quietest rounds.
    pub quiet_ratio: f64,
}

/// Runs the contenders in alternation; ratios are to the first contender's batch of the same round.
pub fn race(mut contenders: Vec<Contender<'_>>) -> Vec<Finish> {
    let runs: Vec<u32> = contenders.iter_mut().map(Contender::runs_in_a_batch).collect();
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let batches = contenders.iter_mut().zip(&runs);
        let nanos: Vec<f64> = batches
            .map(|(contender, times)| {
                contender.batch(*times).as_secs_f64() * 1e9 / f64::from(*times)
            })
            .collect();
        rounds.push(nanos);
    }
    let of_round = |round: &Vec<f64>, index: usize| round.get(index).copied().unwrap_or(f64::NAN);
    let nanos = |index: usize| rounds.iter().map(move |round| of_round(round, index));
    let ratios = |index| nanos(index).zip(nanos(0)).map(|(own, first)| own / first);
    let finish = |(index, contender): (usize, &mut Contender<'_>)| Finish {
        name: contender.name.to_owned(),
        accepts: (contender.work)(),
        nanos: quantile(nanos(index), MEDIAN),
        ratio: quantile(ratios(index), MEDIAN),
        quiet_ratio: quantile(nanos(index), QUIET) / quantile(nanos(0), QUIET),
    };
    contenders.iter_mut().enumerate().map(finish).collect()
}

fn quantile(values: impl Iterator<Item = f64>, part: f64) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() as f64 * part) as usize).copied().unwrap_or(f64::NAN)
}

/// Prints one line for each contender, in the format of the README's tables.
pub fn print_table(title: &str, finishes: &[Finish]) {
    println!("\n{title}\n");
    println!("| {:<32} | {:>9} | {:>9} | {:>9} |", "", "ns", "× bare", "quiet");
    println!("|{:-<34}|{:->10}:|{:->10}:|{:->10}:|", "", "", "", "");
    for Finish { name, accepts, nanos, ratio, quiet_ratio } in finishes {
        let name = if *accepts { name.clone() } else { format!("{name} (rejects)") };
        println!("| {name:<32} | {nanos:>9.0} | {ratio:>9.2} | {quiet_ratio:>9.2} |");
    }
}
