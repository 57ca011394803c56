//! The one thread that writes: whatever waits is written in one transaction, and synced once.

use std::sync::Arc;

use countersign::{StoreError, StoreErrorKind};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, query};
use tokio::sync::{Mutex, mpsc};

use super::job::{Answer, Job, Operation, carry_out};
use crate::error::store_error;

/// How many operations one transaction carries out at most.
const BATCH: usize = 512;

/// How many more may wait. Beyond that, callers wait to be let in.
const QUEUE: usize = 4096;

/// How many rows that are over each granted claim clears away.
const PURGED_PER_CLAIM: i64 = 2;

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
    let writer = Writer { connection: Some(connection), options, turns };
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
            drop(turn);
            answer(&mut batch, answers);
        }
        if let Some(connection) = self.connection {
            drop(connection.close().await);
        }
    }

    /// Carries all out in one transaction; the answers hold once it is committed.
    async fn write(&mut self, batch: &[Job]) -> Result<Vec<Answer>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(|error| store_error(&error))?,
        };
        let answers =
            transact(&mut connection, batch).await.map_err(|error| store_error(&error))?;
        self.connection = Some(connection);
        Ok(answers)
    }
}

async fn transact(
    connection: &mut SqliteConnection,
    batch: &[Job],
) -> Result<Vec<Answer>, sqlx::Error> {
    query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let mut answers = Vec::with_capacity(batch.len());
    let mut place = 1;
    for job in batch {
        answers.push(carry_out(connection, job.operation, &mut place).await?);
    }
    let granted = place - 1;
    if granted > 0 {
        query("UPDATE countersign_meta SET last_fence = last_fence + ?1")
            .bind(granted)
            .execute(&mut *connection)
            .await?;
        let limit = u32::try_from(granted * PURGED_PER_CLAIM).unwrap_or(u32::MAX);
        carry_out(connection, Operation::Purge { limit }, &mut place).await?;
    }
    query("COMMIT").execute(&mut *connection).await?;
    Ok(answers)
}

fn answer(batch: &mut Vec<Job>, answers: Result<Vec<Answer>, StoreError>) {
    match answers {
        Ok(answers) => {
            for (job, answer) in batch.drain(..).zip(answers) {
                // Who has gone does not hear it.
                drop(job.answer.send(Ok(answer)));
            }
        }
        Err(error) => {
            for job in batch.drain(..) {
                drop(job.answer.send(Err(error.clone())));
            }
        }
    }
}
