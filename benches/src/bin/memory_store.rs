//! The cost of the memory store: time for a claim with its commit, and bytes for an event.
//!
//! One thread, no other crates: what the store's documentation promises, and a baseline for changes to it.
//! Each rate is the median of several runs, growth of the store included. On Linux the time is the thread's
//! CPU time, elsewhere the elapsed time.
//!
//! `cargo run --release --bin memory_store`, with `-- --quick` for fewer events and runs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, UpdateOutcome,
};
use countersign::time::{Clock, FixedClock, MonotonicClock};
use countersign::{MemoryStore, Timestamp};
use countersign_benches::{Program, Result, at_once};
use peak_alloc::PeakAlloc;
use report::{Column, names};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MILLION: usize = 1_000_000;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(3 * 24 * 3600);

/// The capacity: space for all events of this program and for expired ones.
const CAPACITY: usize = 20 * MILLION;

fn main() -> Result<()> {
    let program = Program::new()?;
    println!("# The memory store, one thread");
    let (millions, runs) = if program.is_quick { (2, 2) } else { (10, 5) };
    let mut bench = Bench { program, runs, most: 0.0 };
    let keys: Vec<EventKey> = (0..millions * MILLION).map(key).collect();
    let (some, _) = keys.split_at(MILLION);
    bench.grow("claim and commit, from empty to 1 M", some, MonotonicClock::default)?;
    bench.grow(
        &format!("claim and commit, from empty to {millions} M"),
        &keys,
        MonotonicClock::default,
    )?;
    for events in [MILLION, keys.len() / 2] {
        bench.steady(&keys, events)?;
    }
    bench.repeat("claim of a handled event, of 1 M", some)?;
    bench.repeat(&format!("claim of a handled event, of {millions} M"), &keys)?;
    bench.with_key("EventKey::new, claim and commit, to 1 M")?;
    bench.clock("two readings of the clock")?;
    bench.grow("claim and commit, to 1 M, with a fixed clock", some, still)?;
    bench.bytes(&keys)?;
    bench.single_claims(some)?;
    let Bench { program, .. } = bench;
    let rate = [Column::of("a second", "per_second")];
    program.print(names::MEMORY_RATES, &[names::MEMORY_RATES], &rate);
    let bytes = [Column::of("bytes of an event", "bytes")];
    program.print(names::MEMORY_BYTES, &[names::MEMORY_BYTES], &bytes);
    program.print(names::MEMORY_PAUSES, &[names::MEMORY_PAUSES], &[Column::of("ns", "ns")]);
    program.finish("memory_store")
}

fn key(number: usize) -> EventKey {
    EventKey::new("bench", "standard-webhooks", &Identity::id(&format!("msg_{number:024}")))
}

fn new_store(clock: impl Clock) -> Result<MemoryStore> {
    Ok(MemoryStore::with_clock(CAPACITY, clock)?)
}

fn still() -> FixedClock {
    FixedClock::new(Timestamp::from_secs(1_700_000_000))
}

/// The measurements, with their results.
struct Bench {
    program: Program,
    /// The number of times that each rate is measured.
    runs: usize,
    /// The most bytes of an event so far.
    most: f64,
}

impl Bench {
    /// Measures claims and commits from an empty store to all `keys`.
    fn grow<C: Clock>(
        &mut self,
        name: &str,
        keys: &[EventKey],
        clock: impl Fn() -> C,
    ) -> Result<()> {
        let mut rates = Vec::with_capacity(self.runs);
        for _ in 0..self.runs {
            let store = new_store(clock())?;
            rates.push(rate(keys, |key| handle(&store, key, RETENTION))?);
        }
        self.add_rates(name, &rates);
        Ok(())
    }

    /// Measures claims and commits while one event arrives and one expires each millisecond, and the bytes
    /// of an event after that.
    fn steady(&mut self, keys: &[EventKey], events: usize) -> Result<()> {
        let before = HEAP.current_usage();
        let clock = still();
        let store = new_store(clock.clone())?;
        let retention = Duration::from_millis(u64::try_from(events)?);
        let arrive = |key: &EventKey| {
            clock.advance(Duration::from_millis(1));
            handle(&store, key, retention)
        };
        let (first, rest) = keys.split_at(events);
        rate(first, arrive)?;
        let rates = rest.chunks(events).map(|keys| rate(keys, arrive));
        let rates = rates.collect::<Result<Vec<_>>>()?;
        let millions = events / MILLION;
        self.add_rates(&format!("claim and commit, one in, one out, of {millions} M"), &rates);
        if store.len() > events + events / 50 {
            return Err(format!("the store holds {} events, not {events}", store.len()).into());
        }
        let bytes = (HEAP.current_usage() - before) as f64 / events as f64;
        self.add_bytes(&format!("at {millions} M, after as many or more expired"), bytes);
        self.most = self.most.max(bytes);
        Ok(())
    }

    /// Measures claims of events that have been handled.
    fn repeat(&mut self, name: &str, keys: &[EventKey]) -> Result<()> {
        let store = new_store(MonotonicClock::default())?;
        rate(keys, |key| handle(&store, key, RETENTION))?;
        let is_known =
            |key: &EventKey| matches!(claim(&store, key), Some(ClaimOutcome::Duplicate { .. }));
        let rates = (0..self.runs).map(|_| rate(keys, is_known)).collect::<Result<Vec<_>>>()?;
        self.add_rates(name, &rates);
        Ok(())
    }

    /// Measures claims and commits including the digest that makes an event's key.
    fn with_key(&mut self, name: &str) -> Result<()> {
        let ids: Vec<String> = (0..MILLION).map(|number| format!("msg_{number:024}")).collect();
        let mut rates = Vec::with_capacity(self.runs);
        for _ in 0..self.runs {
            let store = new_store(MonotonicClock::default())?;
            let arrive = |id: &String| {
                let key = EventKey::new("bench", "standard-webhooks", &Identity::id(id));
                handle(&store, &key, RETENTION)
            };
            rates.push(rate(&ids, arrive)?);
        }
        self.add_rates(name, &rates);
        Ok(())
    }

    /// Measures the readings of the clock in a claim with its commit.
    fn clock(&mut self, name: &str) -> Result<()> {
        let clock: Box<dyn Clock> = Box::new(MonotonicClock::default());
        let read = |_: &()| black_box(clock.now()) <= black_box(clock.now());
        let rates = [rate(&[(); MILLION], read)?];
        self.add_rates(name, &rates);
        Ok(())
    }

    /// Measures the heap bytes for each event, without the allocator's own overhead.
    ///
    /// Just after a table has grown, few events share its free entries, so the bytes depend on the number
    /// of events.
    fn bytes(&mut self, keys: &[EventKey]) -> Result<()> {
        let before = HEAP.current_usage();
        let store = new_store(MonotonicClock::default())?;
        let per_event = |events: usize| (HEAP.current_usage() - before) as f64 / events as f64;
        for (key, events) in keys.iter().zip(1..) {
            if !handle(&store, key, RETENTION) {
                return Err("an event could not be claimed".into());
            }
            if events >= MILLION && events.is_multiple_of(1000) {
                self.most = self.most.max(per_event(events));
            }
            if [1000, 100_000, MILLION, 5 * MILLION, 10 * MILLION].contains(&events) {
                self.add_bytes(&format!("at {events}"), per_event(events));
            }
        }
        self.add_bytes(names::MOST_BYTES, self.most);
        Ok(())
    }

    /// Measures single claims, to show the pauses that a mean hides.
    fn single_claims(&mut self, keys: &[EventKey]) -> Result<()> {
        let store = new_store(MonotonicClock::default())?;
        let mut nanos = Vec::with_capacity(keys.len());
        for key in keys {
            let start = Instant::now();
            let outcome = claim(&store, key);
            nanos.push(start.elapsed().as_nanos() as f64);
            if !matches!(outcome, Some(ClaimOutcome::Acquired { .. })) {
                return Err("an event could not be claimed".into());
            }
        }
        nanos.sort_by(f64::total_cmp);
        for (name, part) in [("median", 0.5), ("99.9 %", 0.999), ("slowest", 1.0)] {
            let index = ((nanos.len() - 1) as f64 * part) as usize;
            let value = nanos.get(index).copied().unwrap_or_default();
            self.program.results.add(names::MEMORY_PAUSES, name, "ns", &[value]);
        }
        Ok(())
    }

    fn add_rates(&mut self, name: &str, rates: &[f64]) {
        self.program.results.add(names::MEMORY_RATES, name, "per_second", rates);
    }

    fn add_bytes(&mut self, name: &str, bytes: f64) {
        self.program.results.add(names::MEMORY_BYTES, name, "bytes", &[bytes]);
    }
}

fn claim(store: &MemoryStore, key: &EventKey) -> Option<ClaimOutcome> {
    at_once(store.claim(key, 7, LEASE))?.ok()
}

fn commit(
    store: &MemoryStore,
    key: &EventKey,
    fencing_token: FencingToken,
    retention: Duration,
) -> Option<UpdateOutcome> {
    at_once(store.commit(key, fencing_token, retention))?.ok()
}

fn handle(store: &MemoryStore, key: &EventKey, retention: Duration) -> bool {
    let Some(ClaimOutcome::Acquired { fencing_token, .. }) = claim(store, key) else {
        return false;
    };
    commit(store, key, fencing_token, retention) == Some(UpdateOutcome::Applied)
}

/// Runs `work` with every item, for each of which it must return `true`; returns the items a second.
fn rate<T>(items: &[T], work: impl FnMut(&T) -> bool) -> Result<f64> {
    let (start, cpu_start) = (Instant::now(), cpu_time());
    let succeeded = items.iter().map(work).filter(|succeeded| *succeeded).count();
    let elapsed = match (cpu_start, cpu_time()) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => start.elapsed(),
    };
    if succeeded < items.len() {
        return Err(format!("{} of {} failed", items.len() - succeeded, items.len()).into());
    }
    Ok(items.len() as f64 / elapsed.as_secs_f64())
}

/// Returns the CPU time of this thread, where the system reports it.
fn cpu_time() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
