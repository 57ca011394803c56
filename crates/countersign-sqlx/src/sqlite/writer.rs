//! The thread that writes: all waiting operations are written in one transaction and synced once.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::dedup::{ClaimOutcome, StoreError, StoreErrorKind};
use countersign::inbox::EnqueueOutcome;
use rusqlite::Connection;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::batch::execute_batch;
use super::job::{Job, Output};
use super::schema;
use crate::error::sqlite_error;

/// The largest number of operations in one transaction.
const BATCH: usize = 512;

/// The largest number of queued operations. Beyond it, callers wait until the queue has space.
const QUEUE: usize = 4096;

/// How many granted claims there are for one sweep, and how many rows it reads for each of them. With
/// four, up to a quarter of the table may be expired.
const CLAIMS_PER_SWEEP: u32 = 64;
const ROWS_PER_CLAIM: u32 = 4;

/// The right to write in this process, granted in the order of the requests. SQLite's own lock, which
/// other processes share, has no queue.
pub(super) type WriteLock = Arc<Mutex<()>>;

/// Starts the thread, which opens the file. The thread ends when the last sender is dropped.
pub(super) async fn start(
    path: PathBuf,
    write_lock: WriteLock,
) -> Result<mpsc::Sender<Job>, StoreError> {
    let (jobs, queue) = mpsc::channel(QUEUE);
    let (opening, opened) = oneshot::channel();
    let run = move || match schema::open(&path) {
        Ok(connection) => {
            drop(opening.send(Ok(())));
            let connection = Some(connection);
            Writer { connection, path, write_lock, unswept_claims: CLAIMS_PER_SWEEP }.run(queue);
        }
        Err(error) => drop(opening.send(Err(error))),
    };
    let thread = std::thread::Builder::new().name("countersign-sqlite".to_owned()).spawn(run);
    thread.map_err(|error| {
        let message = format!("cannot start the SQLite writer thread: {error}");
        StoreError::new(StoreErrorKind::Unavailable, message)
    })?;
    opened.await.map_err(|_| writer_stopped())??;
    Ok(jobs)
}

/// Returns the error of an operation whose output the thread can no longer send.
pub(super) fn writer_stopped() -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        "the SQLite writer thread has stopped: see its panic message, and restart the service",
    )
}

struct Writer {
    /// `None` after a failure: closing the connection rolled its transaction back.
    connection: Option<Connection>,
    path: PathBuf,
    write_lock: WriteLock,
    /// How many claims were granted since the last sweep. It begins high enough for one: a process may
    /// end before it has granted that many claims.
    unswept_claims: u32,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
            let write_lock = self.write_lock.clone();
            let guard = write_lock.blocking_lock();
            // Add the jobs that were queued while the thread waited for the lock.
            while batch.len() < BATCH
                && let Ok(job) = queue.try_recv()
            {
                batch.push(job);
            }
            batch.retain(|job| !job.is_cancelled());
            let releases = self.write(std::mem::take(&mut batch));
            if !releases.is_empty() {
                // If it fails, these claims end with their leases.
                self.write(releases);
            }
            drop(guard);
        }
    }

    /// Executes the batch in one transaction, then sends the outputs. Returns the jobs that release the
    /// claims whose callers were cancelled meanwhile.
    fn write(&mut self, batch: Vec<Job>) -> Vec<Job> {
        if batch.is_empty() {
            return Vec::new();
        }
        match self.execute(&batch) {
            Ok(outputs) => {
                let executed = batch.into_iter().zip(outputs);
                executed.filter_map(|(job, output)| send(job, output)).collect()
            }
            Err(error) => {
                let error = sqlite_error(&error);
                for job in batch {
                    drop(job.reply.send(Err(error.clone())));
                }
                Vec::new()
            }
        }
    }

    /// Executes the batch, and returns its outputs once they are committed.
    fn execute(&mut self, batch: &[Job]) -> rusqlite::Result<Vec<Output>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::connect(&self.path)?,
        };
        let is_due = self.unswept_claims >= CLAIMS_PER_SWEEP;
        let rows_to_sweep = if is_due { self.unswept_claims * ROWS_PER_CLAIM } else { 0 };
        let outputs = execute_batch(&mut connection, batch, rows_to_sweep)?;
        let granted = |output: &&Output| {
            matches!(
                output,
                Output::Claim(ClaimOutcome::Acquired { .. })
                    | Output::Enqueued(EnqueueOutcome::Stored(_))
            )
        };
        let granted = u32::try_from(outputs.iter().filter(granted).count()).unwrap_or(u32::MAX);
        self.unswept_claims = granted + if is_due { 0 } else { self.unswept_claims };
        self.connection = Some(connection);
        Ok(outputs)
    }
}

/// Sends the output to its caller. If the caller was cancelled, returns the job that releases its claim.
fn send(job: Job, output: Output) -> Option<Job> {
    match job.reply.send(Ok(output)) {
        Err(Ok(output)) => Job::release_of(&job.operation, &output),
        _ => None,
    }
}
