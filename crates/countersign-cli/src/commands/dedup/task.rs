//! A request to a dedup store, and its result.

use countersign::dedup::{EventKey, InspectStore, Record, StoreError, StoreStats};

pub(super) enum Task {
    Stats,
    Get(EventKey),
    Forget(EventKey),
}

pub(super) enum TaskResult {
    Stats(StoreStats),
    Record(EventKey, Option<Record>),
    Forgotten(EventKey, bool),
}

impl Task {
    /// Runs the task on a store.
    pub(super) async fn run(&self, store: &impl InspectStore) -> Result<TaskResult, StoreError> {
        Ok(match self {
            Self::Stats => TaskResult::Stats(store.stats().await?),
            Self::Get(key) => TaskResult::Record(*key, store.get(key).await?),
            Self::Forget(key) => TaskResult::Forgotten(*key, store.forget(key).await?),
        })
    }
}
