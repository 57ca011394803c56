//! The one thread that writes: whatever waits is written in one transaction, and synced once.

use std::path::PathBuf;
use std::sync::Arc;

use countersign::dedup::{ClaimOutcome, StoreError, StoreErrorKind};
use rusqlite::Connection;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::batch::carry_out;
use super::job::{Answer, Job};
use super::{gone, schema};
use crate::error::sqlite_error;

/// How many operations one transaction carries out at most.
const BATCH: usize = 512;

/// How many more may wait. Beyond that, callers wait to be let in.
const QUEUE: usize = 4096;

/// After how many granted claims rows that are over are cleared away, and how many rows are looked at
/// for each: with four, a quarter of the table may be over.
const SWEEP_AFTER: u32 = 64;
const SWEPT_PER_CLAIM: u32 = 4;

/// Whose turn it is to write, in this process: first come, first served.
pub(super) type Turns = Arc<Mutex<()>>;

/// Starts the thread, which opens the file. It ends when the last sender is dropped.
pub(super) async fn start(path: PathBuf, turns: Turns) -> Result<mpsc::Sender<Job>, StoreError> {
    let (jobs, queue) = mpsc::channel(QUEUE);
    let (told, opened) = oneshot::channel();
    let run = move || match schema::open(&path) {
        Ok(connection) => {
            drop(told.send(Ok(())));
            Writer { connection: Some(connection), path, turns, unswept: SWEEP_AFTER }.run(queue);
        }
        Err(error) => drop(told.send(Err(error))),
    };
    let thread = std::thread::Builder::new().name("countersign-sqlite".to_owned()).spawn(run);
    thread.map_err(|error| {
        StoreError::new(StoreErrorKind::Unavailable, format!("no thread for SQLite: {error}"))
    })?;
    opened.await.map_err(|_| gone())??;
    Ok(jobs)
}

struct Writer {
    /// None after a failure: closing it rolled back whatever was under way.
    connection: Option<Connection>,
    path: PathBuf,
    turns: Turns,
    /// How many claims were granted since rows were last cleared away; enough at first, since a process
    /// may end before it has granted that many.
    unswept: u32,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
            let turns = self.turns.clone();
            let turn = turns.blocking_lock();
            // What came while the turn was awaited.
            while batch.len() < BATCH
                && let Ok(job) = queue.try_recv()
            {
                batch.push(job);
            }
            batch.retain(|job| !job.is_given_up());
            let unheard = self.write(std::mem::take(&mut batch));
            if !unheard.is_empty() {
                // If that fails, they are free once their leases have run out.
                self.write(unheard);
            }
            drop(turn);
        }
    }

    /// Carries all out in one transaction, then answers. What was granted to somebody who has gone is
    /// to be given up: these are the jobs.
    fn write(&mut self, batch: Vec<Job>) -> Vec<Job> {
        if batch.is_empty() {
            return Vec::new();
        }
        match self.carry_out(&batch) {
            Ok(answers) => {
                let answered = batch.into_iter().zip(answers);
                answered.filter_map(|(job, answer)| unheard(job, answer)).collect()
            }
            Err(error) => {
                let error = sqlite_error(&error);
                for job in batch {
                    drop(job.answer.send(Err(error.clone())));
                }
                Vec::new()
            }
        }
    }

    /// The answers hold: they are committed.
    fn carry_out(&mut self, batch: &[Job]) -> rusqlite::Result<Vec<Answer>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::connect(&self.path)?,
        };
        let is_due = self.unswept >= SWEEP_AFTER;
        let swept = if is_due { self.unswept * SWEPT_PER_CLAIM } else { 0 };
        let answers = carry_out(&mut connection, batch, swept)?;
        let granted =
            |answer: &&Answer| matches!(answer, Answer::Claim(ClaimOutcome::Acquired { .. }));
        let granted = u32::try_from(answers.iter().filter(granted).count()).unwrap_or(u32::MAX);
        self.unswept = granted + if is_due { 0 } else { self.unswept };
        self.connection = Some(connection);
        Ok(answers)
    }
}

/// Gives the answer; of a claim that was granted to somebody who has gone, what gives it up.
fn unheard(job: Job, answer: Answer) -> Option<Job> {
    match job.answer.send(Ok(answer)) {
        Err(Ok(answer)) => Job::giving_up(&job.operation, &answer),
        _ => None,
    }
}
