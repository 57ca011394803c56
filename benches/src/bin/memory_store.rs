//! The cost of the memory store: time for a claim with its commit, and bytes for an event.
//!
//! One thread, no other crates: what the store's documentation promises, and a baseline for changes to it.
//! Each rate is that of the fastest of several runs, growth of the store included. On Linux the time is the
//! thread's CPU time, elsewhere the elapsed time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, UpdateOutcome,
};
use countersign::time::{Clock, FixedClock, MonotonicClock};
use countersign::{MemoryStore, Timestamp};
use countersign_benches::{Result, at_once};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const MILLION: usize = 1_000_000;

/// The most events in the store.
const EVENTS: usize = 10 * MILLION;

/// The capacity: space for those events and for expired ones.
const CAPACITY: usize = 2 * EVENTS;

const RUNS: usize = 5;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(3 * 24 * 3600);

/// The least number of claims with their commits on one core in a second.
const RATE_TARGET: f64 = 3e6;

/// The most bytes of an event, for every number of events from `MILLION` to `EVENTS`.
const BYTES_TARGET: f64 = 64.0;

fn main() -> Result<()> {
    let keys: Vec<EventKey> = (0..EVENTS).map(key).collect();
    let (some, _) = keys.split_at(MILLION);
    println!("# The memory store\n");
    println!("| {:<52} | {:>9} | {:>12} |", "fastest of runs, one core", "ns each", "each second");
    println!("|{:-<54}|{:->10}:|{:->13}:|", "", "", "");
    let million = grow("claim and commit, from empty to 1 M", some, MonotonicClock::default)?;
    let all = grow("claim and commit, from empty to 10 M", &keys, MonotonicClock::default)?;
    let turnover = [
        steady("claim and commit, one in, one out, of 1 M", &keys, MILLION)?,
        steady("claim and commit, one in, one out, of 5 M", &keys, EVENTS / 2)?,
    ];
    repeat("claim of a handled event, of 1 M", some)?;
    repeat("claim of a handled event, of 10 M", &keys)?;
    with_key("EventKey::new, claim and commit, to 1 M")?;
    clock("of these: two readings of the clock")?;
    grow("claim and commit, to 1 M, with a fixed clock", some, still)?;
    println!("\n| {:<52} | {:>9} |", "bytes of the heap for each event", "");
    println!("|{:-<54}|{:->10}:|", "", "");
    let highest = measure_bytes(&keys)?;
    for (bytes, events) in turnover.iter().zip(["1 M", "5 M"]) {
        let name = format!("at {events}, after 10 M arrived and the others expired");
        println!("| {name:<52} | {bytes:>9.1} |");
    }
    let highest = turnover.into_iter().fold(highest, f64::max);
    println!("\n| {:<52} | {:>9} |", "one claim while the store grows to 1 M", "ns");
    println!("|{:-<54}|{:->10}:|", "", "");
    single_claims(some)?;
    println!();
    let rate = "3 000 000 claims with their commits each second";
    print_target(&format!("{rate}, from empty to 1 M"), million, million >= RATE_TARGET);
    print_target(&format!("{rate}, from empty to 10 M"), all, all >= RATE_TARGET);
    print_target(
        "at most 64 bytes an event, from 1 M to 10 M",
        highest.ceil(),
        highest <= BYTES_TARGET,
    );
    Ok(())
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

/// Measures claims and commits from an empty store to all `keys`.
fn grow<C: Clock>(name: &str, keys: &[EventKey], clock: impl Fn() -> C) -> Result<f64> {
    let mut fastest = Duration::MAX;
    for _ in 0..RUNS {
        let store = new_store(clock())?;
        fastest = fastest.min(time(keys, |key| handle(&store, key, RETENTION))?);
    }
    Ok(print_rate(name, keys.len(), fastest))
}

/// Measures claims and commits while one event arrives and one expires each millisecond; returns the bytes
/// of an event after that.
fn steady(name: &str, keys: &[EventKey], events: usize) -> Result<f64> {
    let before = HEAP.current_usage();
    let clock = still();
    let store = new_store(clock.clone())?;
    let retention = Duration::from_millis(u64::try_from(events)?);
    let arrive = |key: &EventKey| {
        clock.advance(Duration::from_millis(1));
        handle(&store, key, retention)
    };
    let (first, rest) = keys.split_at(events);
    time(first, arrive)?;
    let mut fastest = Duration::MAX;
    for keys in rest.chunks(events) {
        fastest = fastest.min(time(keys, arrive)?);
    }
    print_rate(name, events, fastest);
    if store.len() > events + events / 50 {
        return Err(format!("the store holds {} events, not {events}", store.len()).into());
    }
    Ok((HEAP.current_usage() - before) as f64 / events as f64)
}

/// Measures claims of events that have been handled.
fn repeat(name: &str, keys: &[EventKey]) -> Result<()> {
    let store = new_store(MonotonicClock::default())?;
    time(keys, |key| handle(&store, key, RETENTION))?;
    let mut fastest = Duration::MAX;
    for _ in 0..RUNS {
        let is_known =
            |key: &EventKey| matches!(claim(&store, key), Some(ClaimOutcome::Duplicate { .. }));
        fastest = fastest.min(time(keys, is_known)?);
    }
    print_rate(name, keys.len(), fastest);
    Ok(())
}

/// Measures claims and commits including the digest that makes an event's key.
fn with_key(name: &str) -> Result<()> {
    let ids: Vec<String> = (0..MILLION).map(|number| format!("msg_{number:024}")).collect();
    let mut fastest = Duration::MAX;
    for _ in 0..RUNS {
        let store = new_store(MonotonicClock::default())?;
        let arrive = |id: &String| {
            let key = EventKey::new("bench", "standard-webhooks", &Identity::id(id));
            handle(&store, &key, RETENTION)
        };
        fastest = fastest.min(time(&ids, arrive)?);
    }
    print_rate(name, ids.len(), fastest);
    Ok(())
}

/// Measures the readings of the clock in a claim with its commit.
fn clock(name: &str) -> Result<()> {
    let clock: Box<dyn Clock> = Box::new(MonotonicClock::default());
    let read = |_: &()| black_box(clock.now()) <= black_box(clock.now());
    let fastest = time(&[(); MILLION], read)?;
    print_rate(name, MILLION, fastest);
    Ok(())
}

/// Measures the heap bytes for each event, without the allocator's own overhead; returns the most.
///
/// Just after a table has grown, few events share its free entries, so the bytes depend on the number of
/// events.
fn measure_bytes(keys: &[EventKey]) -> Result<f64> {
    let before = HEAP.current_usage();
    let store = new_store(MonotonicClock::default())?;
    let per_event = |events: usize| (HEAP.current_usage() - before) as f64 / events as f64;
    println!("| {:<52} | {:>9} |", "of an empty store, in all", HEAP.current_usage() - before);
    let mut highest = (0.0_f64, 0);
    for (key, events) in keys.iter().zip(1..) {
        if !handle(&store, key, RETENTION) {
            return Err("an event could not be claimed".into());
        }
        if events >= MILLION && events.is_multiple_of(1000) && per_event(events) > highest.0 {
            highest = (per_event(events), events);
        }
        if [1000, 100_000, MILLION, 5 * MILLION, 10 * MILLION].contains(&events) {
            println!("| {:<52} | {:>9.1} |", format!("at {events}"), per_event(events));
        }
    }
    let (bytes, events) = highest;
    let name = format!("the most from a million on, at {events}");
    println!("| {name:<52} | {bytes:>9.1} |");
    Ok(bytes)
}

/// Measures single claims, to show the pauses that a mean hides.
fn single_claims(keys: &[EventKey]) -> Result<()> {
    let store = new_store(MonotonicClock::default())?;
    let mut nanos = Vec::with_capacity(keys.len());
    for key in keys {
        let start = Instant::now();
        let outcome = claim(&store, key);
        nanos.push(start.elapsed().as_nanos());
        if !matches!(outcome, Some(ClaimOutcome::Acquired { .. })) {
            return Err("an event could not be claimed".into());
        }
    }
    nanos.sort_unstable();
    for (name, part) in [("median", 0.5), ("99.9 %", 0.999), ("slowest", 1.0)] {
        let index = ((nanos.len() - 1) as f64 * part) as usize;
        println!("| {name:<52} | {:>9} |", nanos.get(index).copied().unwrap_or_default());
    }
    Ok(())
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

/// Returns the time of `work` with every item; the work must return `true` for each.
fn time<T>(items: &[T], work: impl FnMut(&T) -> bool) -> Result<Duration> {
    let (start, cpu_start) = (Instant::now(), cpu_time());
    let succeeded = items.iter().map(work).filter(|succeeded| *succeeded).count();
    let elapsed = match (cpu_start, cpu_time()) {
        (Some(start), Some(end)) => end.saturating_sub(start),
        _ => start.elapsed(),
    };
    if succeeded < items.len() {
        return Err(format!("{} of {} failed", items.len() - succeeded, items.len()).into());
    }
    Ok(elapsed)
}

/// Returns the CPU time of this thread, where the system reports it.
fn cpu_time() -> Option<Duration> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn print_rate(name: &str, times: usize, elapsed: Duration) -> f64 {
    let each = elapsed.as_secs_f64() / times as f64;
    println!("| {name:<52} | {:>9.0} | {:>12.0} |", each * 1e9, 1.0 / each);
    1.0 / each
}

fn print_target(name: &str, measured: f64, met: bool) {
    let verdict = if met { "met" } else { "MISSED" };
    println!("Target: {name}: {measured:.0}: {verdict}.");
}
