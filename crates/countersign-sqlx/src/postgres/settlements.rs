//! What waits to be settled.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign::dedup::{EventKey, FencingToken, StoreError, UpdateOutcome};
use tokio::sync::oneshot;

/// The most groups that are written at a time: while one waits for the server, the next is on its way.
const GROUPS: usize = 2;

/// The most settlements of one group.
const LARGEST: usize = 128;

/// How a claim is settled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Settle {
    Commit { retention: Duration },
    Release,
}

pub(super) struct Waiting {
    pub(super) key: EventKey,
    pub(super) fencing_token: FencingToken,
    pub(super) settle: Settle,
    pub(super) reply: oneshot::Sender<Result<UpdateOutcome, StoreError>>,
}

/// What waits to be settled.
#[derive(Default)]
pub(super) struct Settlements(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// How many groups are being written.
    running: usize,
}

impl Settlements {
    /// Ends the turn of a task that is dropped. Without another, nothing would settle what waits: its callers get
    /// an error.
    pub(super) fn end_turn(&self) {
        let mut queue = self.lock();
        queue.running -= 1;
        if queue.running == 0 {
            queue.waiting.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a settlement; returns whether the caller is to start a task.
    pub(super) fn push(&self, waiting: Waiting) -> bool {
        let mut queue = self.lock();
        queue.waiting.push_back(waiting);
        let is_leader = queue.running < GROUPS;
        queue.running += usize::from(is_leader);
        is_leader
    }

    /// Takes the next group, in which no event is twice; `None` if nothing waits, and the task is to end.
    pub(super) fn next_group(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.lock();
        let mut keys = HashSet::new();
        let mut group = Vec::new();
        while group.len() < LARGEST
            && let Some(next) = queue.waiting.front()
            && keys.insert(next.key)
        {
            group.extend(queue.waiting.pop_front());
        }
        if group.is_empty() {
            queue.running -= 1;
            return None;
        }
        Some(group)
    }
}
