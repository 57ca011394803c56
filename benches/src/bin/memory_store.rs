//! What the memory store takes: time for a claim with its commit, and bytes for an event.
//!
//! One thread, and no peers: a baseline for changes to the store.

use std::time::{Duration, Instant};

use countersign::{
    Claim, Clock, DedupStore, EventKey, Fence, FixedClock, Identity, MemoryStore, MonotonicClock,
    Settled, Timestamp,
};
use countersign_benches::{Result, at_once};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// How many events the store remembers.
const EVENTS: usize = 1_000_000;

/// Room for them and for those that are due to be forgotten.
const CAPACITY: usize = 1_200_000;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(1000);

/// At one event a millisecond, `EVENTS` events come within the retention.
const INTERVAL: Duration = Duration::from_millis(1);

fn main() -> Result<()> {
    let keys: Vec<EventKey> = (0..2 * EVENTS).map(key).collect();
    let (first, second) = keys.split_at(EVENTS);
    println!("# The memory store with {EVENTS} events\n");
    println!("| {:<44} | {:>9} | {:>12} |", "", "ns each", "each second");
    println!("|{:-<46}|{:->10}:|{:->13}:|", "", "", "");
    grow(first)?;
    repeat(first)?;
    steady(first, second)?;
    println!("\n| {:<44} | {:>9} |", "bytes of the heap", "");
    println!("|{:-<46}|{:->10}:|", "", "");
    weigh(first)?;
    println!("\n| {:<44} | {:>9} |", "one claim while the store grows", "ns");
    println!("|{:-<46}|{:->10}:|", "", "");
    single_claims(first)
}

fn key(number: usize) -> EventKey {
    EventKey::new("bench", "standard-webhooks", &Identity::id(&format!("msg_{number:024}")))
}

fn new_store(clock: impl Clock) -> Result<MemoryStore> {
    Ok(MemoryStore::with_clock(CAPACITY, clock)?)
}

/// From empty to full.
fn grow(keys: &[EventKey]) -> Result<()> {
    let store = new_store(MonotonicClock::default())?;
    print_rate("claim and commit, new events, from empty", keys, |key| handle(&store, key));
    Ok(())
}

/// Every event again.
fn repeat(keys: &[EventKey]) -> Result<()> {
    let store = full_store(keys)?;
    print_rate("claim of a handled event", keys, |key| {
        matches!(claim(&store, key), Some(Claim::Duplicate { .. }))
    });
    Ok(())
}

/// One event comes and one is forgotten.
fn steady(first: &[EventKey], second: &[EventKey]) -> Result<()> {
    let clock = FixedClock::new(Timestamp::from_secs(1_700_000_000));
    let store = new_store(clock.clone())?;
    let arrive = |key: &EventKey| {
        clock.advance(INTERVAL);
        handle(&store, key)
    };
    if !first.iter().all(arrive) {
        return Err("an event was not taken".into());
    }
    print_rate("claim and commit, one in, one out", second, arrive);
    Ok(())
}

/// What the events hold of the heap, without the allocator's own share.
///
/// The store grows by doubling, so the share of one event depends on their number: it is highest
/// just after a step.
fn weigh(keys: &[EventKey]) -> Result<()> {
    let before = HEAP.current_usage();
    let store = new_store(MonotonicClock::default())?;
    let per_event = |events: usize| (HEAP.current_usage() - before) as f64 / events as f64;
    let mut highest = 0.0_f64;
    for (place, key) in keys.iter().enumerate() {
        if !handle(&store, key) {
            return Err("an event was not taken".into());
        }
        if place > EVENTS / 10 && place.is_multiple_of(1000) {
            highest = highest.max(per_event(place));
        }
    }
    println!("| {:<44} | {:>9.0} |", "for each event", per_event(keys.len()));
    println!("| {:<44} | {highest:>9.0} |", "for each event, highest from a tenth on");
    Ok(())
}

/// How long single claims take, for the pauses that a mean hides.
fn single_claims(keys: &[EventKey]) -> Result<()> {
    let store = new_store(MonotonicClock::default())?;
    let mut nanos = Vec::with_capacity(keys.len());
    for key in keys {
        let start = Instant::now();
        let taken = claim(&store, key);
        nanos.push(start.elapsed().as_nanos());
        if !matches!(taken, Some(Claim::Acquired { .. })) {
            return Err("an event was not taken".into());
        }
    }
    nanos.sort_unstable();
    for (name, part) in [("median", 0.5), ("99.9 %", 0.999), ("slowest", 1.0)] {
        let place = ((nanos.len() - 1) as f64 * part) as usize;
        println!("| {name:<44} | {:>9} |", nanos.get(place).copied().unwrap_or_default());
    }
    Ok(())
}

fn full_store(keys: &[EventKey]) -> Result<MemoryStore> {
    let store = new_store(MonotonicClock::default())?;
    if keys.iter().all(|key| handle(&store, key)) {
        Ok(store)
    } else {
        Err("an event was not taken".into())
    }
}

fn claim(store: &MemoryStore, key: &EventKey) -> Option<Claim> {
    at_once(store.claim(key, 7, LEASE))?.ok()
}

fn commit(store: &MemoryStore, key: &EventKey, fence: Fence) -> Option<Settled> {
    at_once(store.commit(key, fence, RETENTION))?.ok()
}

fn handle(store: &MemoryStore, key: &EventKey) -> bool {
    let Some(Claim::Acquired { fence, .. }) = claim(store, key) else { return false };
    commit(store, key, fence) == Some(Settled::Applied)
}

fn print_rate(name: &str, keys: &[EventKey], work: impl FnMut(&EventKey) -> bool) {
    let start = Instant::now();
    let done = keys.iter().map(work).filter(|done| *done).count();
    let seconds = start.elapsed().as_secs_f64();
    let each = seconds * 1e9 / keys.len() as f64;
    println!("| {name:<44} | {each:>9.0} | {:>12.0} |", done as f64 / seconds);
    if done < keys.len() {
        println!("  {} of {} failed", keys.len() - done, keys.len());
    }
}
