//! The one thread that writes: whatever waits is written in one transaction, and synced once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use countersign::{Claim, StoreError, StoreErrorKind};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, mpsc};

use super::batch::carry_out;
use super::job::{Answer, Job, Operation, Settle};
use crate::error::store_error;

/// How many operations one transaction carries out at most.
const BATCH: usize = 512;

/// How many more may wait. Beyond that, callers wait to be let in.
const QUEUE: usize = 4096;

/// After how many granted claims rows that are over are cleared away, and how many for each.
const PURGE_AFTER: u32 = 64;
const PURGED_PER_CLAIM: u32 = 2;

/// Whose turn it is to write, in this process: first come, first served.
pub(super) type Turns = Arc<Mutex<()>>;

/// Starts the thread. It ends when the last sender is dropped.
pub(super) fn start(
    connection: SqliteConnection,
    options: SqliteConnectOptions,
    turns: Turns,
) -> Result<mpsc::Sender<Job>, StoreError> {
    let failed = |error: std::io::Error| {
        StoreError::new(StoreErrorKind::Unavailable, format!("no thread for SQLite: {error}"))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(failed)?;
    let (jobs, queue) = mpsc::channel(QUEUE);
    let writer = Writer { connection: Some(connection), options, turns, unpurged: 0 };
    std::thread::Builder::new()
        .name("countersign-sqlite".to_owned())
        .spawn(move || runtime.block_on(writer.run(queue)))
        .map_err(failed)?;
    Ok(jobs)
}

struct Writer {
    /// None after a failure: closing it rolled back whatever was under way.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    turns: Turns,
    /// How many claims were granted since rows were last cleared away.
    unpurged: u32,
}

impl Writer {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            let turn = self.turns.clone().lock_owned().await;
            // What came while the turn was awaited.
            while batch.len() < BATCH
                && let Ok(job) = queue.try_recv()
            {
                batch.push(job);
            }
            // Nobody waits any more for what was cut short.
            batch.retain(|job| !job.answer.is_closed());
            let answers = self.write(&batch).await;
            let unheard = answer(&mut batch, &answers);
            if !unheard.is_empty() {
                // If that fails, they are free once their leases have run out.
                drop(self.write(&unheard).await);
            }
            drop(turn);
        }
        if let Some(connection) = self.connection {
            drop(connection.close().await);
        }
    }

    /// Carries all out in one transaction; the answers hold once it is committed.
    async fn write(&mut self, batch: &[Job]) -> Result<HashMap<usize, Answer>, StoreError> {
        if batch.is_empty() {
            return Ok(HashMap::new());
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(|error| store_error(&error))?,
        };
        let is_due = self.unpurged >= PURGE_AFTER;
        let purge = if is_due { self.unpurged * PURGED_PER_CLAIM } else { 0 };
        let (answers, granted) =
            carry_out(&mut connection, batch, purge).await.map_err(|error| store_error(&error))?;
        self.unpurged = granted + if is_due { 0 } else { self.unpurged };
        self.connection = Some(connection);
        Ok(answers)
    }
}

/// Gives the answers. What was granted to somebody who has gone is given up: these are the jobs.
fn answer(jobs: &mut Vec<Job>, answers: &Result<HashMap<usize, Answer>, StoreError>) -> Vec<Job> {
    let answer = |place| match answers {
        Ok(answers) => answers.get(&place).copied().ok_or_else(unanswered),
        Err(error) => Err(error.clone()),
    };
    let unheard = jobs.drain(..).enumerate().filter_map(|(place, job)| {
        let operation = job.operation;
        match (job.answer.send(answer(place)), operation) {
            (
                Err(Ok(Answer::Claim(Claim::Acquired { fence, .. }))),
                Operation::Claim { key, .. },
            ) => Some(Job::unasked(Operation::Settle {
                key,
                fence,
                how: Settle::Release,
                span: Duration::ZERO,
            })),
            _ => None,
        }
    });
    unheard.collect()
}

fn unanswered() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the SQLite writer left an operation out")
}
