//! Inspection of the memory store.

use std::sync::atomic::Ordering;

use super::slots::State;
use super::store::{MemoryStore, lock};
use crate::dedup::{EventKey, InspectStore, Record, RecordState, StoreError, StoreStats};
use crate::time::Timestamp;

/// `stats` visits every event, one shard at a time under its lock: some milliseconds for a million events.
impl InspectStore for MemoryStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let now = self.0.clock.now();
        let mut stats = StoreStats::default();
        for shard in &self.0.shards {
            for record in lock(shard).records() {
                add_record(&mut stats, record.state, now);
            }
        }
        Ok(stats)
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let (key_prefix, shard) = self.0.locate(key);
        let now = self.0.clock.now();
        Ok(shard.find(&self.0.seed, key_prefix).map(|(_, stored)| {
            let state = match stored.state {
                State::InProgress { lease_until } => {
                    RecordState::InProgress { lease: lease_until.saturating_since(now) }
                }
                State::Handled { expires } => {
                    RecordState::Handled { retained_for: expires.saturating_since(now) }
                }
            };
            Record { fencing_token: stored.fencing_token, state }
        }))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let (key_prefix, mut shard) = self.0.locate(key);
        let Some((slot, _)) = shard.find(&self.0.seed, key_prefix) else { return Ok(false) };
        shard.remove(&self.0.seed, slot);
        self.0.live.fetch_sub(1, Ordering::Relaxed);
        Ok(true)
    }
}

/// Adds one record to the counts.
fn add_record(stats: &mut StoreStats, state: State, now: Timestamp) {
    stats.expired += u64::from(state.deadline() <= now);
    match state {
        State::InProgress { lease_until } => {
            stats.in_progress += 1;
            if lease_until <= now {
                stats.lease_expired += 1;
                let expired_for = now.saturating_since(lease_until);
                stats.oldest_expired_lease = stats.oldest_expired_lease.max(expired_for);
            }
        }
        State::Handled { expires } => stats.handled += u64::from(now < expires),
    }
}
