//! What an operator is shown of this process's memory.

use std::sync::atomic::Ordering;

use super::slots::State;
use super::store::{MemoryStore, lock};
use crate::dedup::{EventKey, InspectStore, Record, RecordState, StoreError, StoreStats};
use crate::time::Timestamp;

/// It counts event by event, a thirty-second of them under a lock at a time: some milliseconds for a million.
impl InspectStore for MemoryStore {
    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let now = self.0.clock.now();
        let mut stats = StoreStats::default();
        for shard in &self.0.shards {
            for record in lock(shard).records() {
                count(&mut stats, record.state, now);
            }
        }
        Ok(stats)
    }

    async fn get(&self, key: &EventKey) -> Result<Option<Record>, StoreError> {
        let (name, shard) = self.0.locate(key);
        let now = self.0.clock.now();
        Ok(shard.find(&self.0.seed, name).map(|(_, held)| {
            let state = match held.state {
                State::InProgress { lease_until } => {
                    RecordState::InProgress { lease: lease_until.saturating_since(now) }
                }
                State::Done { expires } => {
                    RecordState::Handled { retained_for: expires.saturating_since(now) }
                }
            };
            Record { fencing_token: held.fencing_token, state }
        }))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let (name, mut shard) = self.0.locate(key);
        let Some((slot, _)) = shard.find(&self.0.seed, name) else { return Ok(false) };
        shard.forget(&self.0.seed, slot);
        self.0.live.fetch_sub(1, Ordering::Relaxed);
        Ok(true)
    }
}

fn count(stats: &mut StoreStats, state: State, now: Timestamp) {
    stats.expired += u64::from(state.deadline() <= now);
    match state {
        State::InProgress { lease_until } => {
            stats.in_progress += 1;
            if lease_until <= now {
                stats.lease_expired += 1;
                let over = now.saturating_since(lease_until);
                stats.oldest_expired_lease = stats.oldest_expired_lease.max(over);
            }
        }
        State::Done { expires } => stats.handled += u64::from(now < expires),
    }
}
