//! Inspection of the memory store.

use super::shared::lock;
use super::slots::State;
use super::store::MemoryStore;
use crate::dedup::{EventKey, InspectStore, Record, RecordState, StoreError, StoreStats};
use crate::time::Timestamp;

/// `stats` visits every event, one shard at a time under its lock: some milliseconds for a million events.
impl InspectStore for MemoryStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let now = self.0.clock.now();
        let mut stats = StoreStats::default();
        for shard in &self.0.shards {
            let shard = lock(shard);
            for record in shard.records() {
                add_record(&mut stats, record.state, shard.deadline(record.state), now);
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
                state @ (State::Handled { .. } | State::Retained { .. }) => RecordState::Handled {
                    retained_for: shard.deadline(state).saturating_since(now),
                },
            };
            Record { fencing_token: stored.fencing_token, state }
        }))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let (key_prefix, mut shard) = self.0.locate(key);
        let Some((slot, _)) = shard.find(&self.0.seed, key_prefix) else { return Ok(false) };
        shard.remove(&self.0.seed, slot);
        self.0.fill.remove_one();
        Ok(true)
    }
}

/// Adds one record to the counts.
fn add_record(stats: &mut StoreStats, state: State, deadline: Timestamp, now: Timestamp) {
    stats.expired += u64::from(deadline <= now);
    match state {
        State::InProgress { lease_until } => {
            stats.in_progress += 1;
            if lease_until <= now {
                stats.lease_expired += 1;
                let expired_for = now.saturating_since(lease_until);
                stats.oldest_expired_lease = stats.oldest_expired_lease.max(expired_for);
            }
        }
        State::Handled { .. } | State::Retained { .. } => {
            stats.handled += u64::from(now < deadline);
        }
    }
}
