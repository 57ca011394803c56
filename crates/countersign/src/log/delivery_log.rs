//! The log that an adapter's layer is given.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_listener::{Event, EventListener};

use super::batch::LogBatch;
use super::entry::LogEntry;
use super::queue::Queue;
use super::retention::LogSettings;
use super::store::ErasedLogStore;
use crate::dedup::StoreError;

/// How many lines are written at a time.
const BATCH: usize = 256;

/// A log of deliveries. See the [module's page](crate::log).
///
/// Clones are one log. [`flush`](Self::flush) it before the process ends.
#[derive(Clone)]
#[must_use]
pub struct DeliveryLog(Arc<Inner>);

struct Inner {
    store: Arc<dyn ErasedLogStore>,
    settings: LogSettings,
    queue: Mutex<Queue>,
    /// Notified when there is a full batch, and when a batch has been written.
    changed: Event,
}

/// How many lines a log has written and lost since it was created.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct LogStats {
    /// The number of lines that were written.
    pub written: u64,
    /// The number of lines that wait to be written.
    pub waiting: u64,
    /// The number of lines that were lost, since the store could not keep up. They are counted in the rates.
    pub dropped: u64,
    /// The number of rejections beyond 60 a minute, which are counted in the rates only.
    pub held_back: u64,
}

impl DeliveryLog {
    pub(super) fn with(store: Arc<dyn ErasedLogStore>, settings: LogSettings) -> Self {
        let queue = Mutex::default();
        Self(Arc::new(Inner { store, settings, queue, changed: Event::new() }))
    }

    /// Writes everything that has been noted so far.
    ///
    /// Call it when the layer has been [drained](crate::Shutdown::drain). It waits for as long as the store takes.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails. What is not written is kept.
    pub async fn flush(&self) -> Result<(), StoreError> {
        loop {
            let changed = self.0.changed.listen();
            match self.begin() {
                Begun::Nothing => return Ok(()),
                Begun::Busy => changed.await,
                Begun::Batch(writing) => writing.write().await?,
            }
        }
    }

    /// Returns how many lines were written and lost.
    pub fn stats(&self) -> LogStats {
        let queue = self.lock();
        LogStats {
            written: queue.written,
            waiting: u64::try_from(queue.len()).unwrap_or(u64::MAX),
            dropped: queue.dropped,
            held_back: queue.held_back,
        }
    }

    /// Adds a line; returns whether the caller is to start a task that writes.
    pub(crate) fn push(&self, entry: LogEntry) -> bool {
        let mut queue = self.lock();
        queue.push(entry);
        if queue.len() == BATCH {
            self.0.changed.notify(usize::MAX);
        }
        !std::mem::replace(&mut queue.has_writer, true)
    }

    /// Returns whether rejected requests are kept whole.
    pub(crate) fn captures(&self) -> bool {
        self.0.settings.captures
    }

    /// Removes what is beyond the retention, at most `limit` lines; returns how many.
    pub(crate) async fn prune(&self, limit: u32) -> Result<u64, StoreError> {
        self.0.store.prune(self.0.settings.retention, limit).await
    }

    /// Returns a listener for the next full batch, or the next end of a write.
    pub(crate) fn listen(&self) -> EventListener {
        self.0.changed.listen()
    }

    /// Returns whether there is a full batch.
    pub(crate) fn has_batch(&self) -> bool {
        self.lock().len() >= BATCH
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Ends the turn of the task that writes, unless something waits to be written.
    pub(crate) fn end_turn(&self) -> bool {
        let mut queue = self.lock();
        if queue.is_empty() {
            queue.has_writer = false;
        }
        !queue.has_writer
    }

    /// Ends the turn of a task that has been dropped.
    pub(crate) fn abandon_turn(&self) {
        self.lock().has_writer = false;
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a batch to write, unless another is being written.
    pub(crate) fn begin(&self) -> Begun<'_> {
        let mut queue = self.lock();
        if queue.is_writing {
            return Begun::Busy;
        }
        if queue.is_empty() {
            return Begun::Nothing;
        }
        queue.is_writing = true;
        Begun::Batch(Writing { log: self, batch: Some(queue.take(BATCH)) })
    }
}

/// What [`DeliveryLog::begin`] has found.
pub(crate) enum Begun<'l> {
    Nothing,
    /// Another caller writes.
    Busy,
    Batch(Writing<'l>),
}

/// A batch that is being written. If it is dropped before that, it is put back.
pub(crate) struct Writing<'l> {
    log: &'l DeliveryLog,
    batch: Option<LogBatch>,
}

impl Writing<'_> {
    pub(crate) async fn write(mut self) -> Result<(), StoreError> {
        let Some(batch) = &self.batch else { return Ok(()) };
        self.log.0.store.append(batch).await?;
        let lines = u64::try_from(batch.entries.len()).unwrap_or(u64::MAX);
        self.batch = None;
        self.log.lock().written += lines;
        Ok(())
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut queue = self.log.lock();
        if let Some(batch) = self.batch.take() {
            queue.put_back(batch);
        }
        queue.is_writing = false;
        drop(queue);
        self.log.0.changed.notify(usize::MAX);
    }
}

/// The longest time that a line waits for others.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);

impl fmt::Debug for DeliveryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveryLog").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
