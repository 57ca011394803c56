//! What people have done.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign::Timestamp;

/// How many acts the overview can show.
const KEPT: usize = 100;

/// What a person has done.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    /// Such as `replayed 3 messages`.
    pub(crate) what: String,
    pub(crate) endpoint: Option<String>,
}

/// The latest acts of this process. All are recorded through `tracing`, too.
#[derive(Debug, Default)]
pub(crate) struct Acts(Mutex<VecDeque<Act>>);

impl Acts {
    pub(crate) fn record(&self, act: Act) {
        let endpoint = act.endpoint.as_deref().unwrap_or_default();
        tracing::info!(who = act.who, endpoint, "console: {} {}", act.who, act.what);
        let mut acts = self.lock();
        acts.push_front(act);
        acts.truncate(KEPT);
    }

    pub(crate) fn latest(&self, count: usize) -> Vec<Act> {
        self.lock().iter().take(count).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Act>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
