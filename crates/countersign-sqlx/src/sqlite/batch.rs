//! Executes a batch of operations in one transaction.

use countersign::dedup::{ClaimOutcome, EventKey};
use rusqlite::{
    Connection, OptionalExtension, Params, Result, Transaction, TransactionBehavior, params,
};

use super::job::{InboxOperation, Job, LogOperation, Operation, Output, SweepPosition, Update};
use super::statements::{
    BEGIN, CLAIM, COMMIT, END, FIND, FORGET, RELEASE, RENEW, SWEEP, SWEEP_TO, TAKE_OVER,
};
use crate::row::{
    EventRow, IN_PROGRESS, TAKEN_OVER, from_fencing_token, key_bytes, millis, to_fencing_token,
};

/// How many rows one sweep of a purge reads.
const ROWS_PER_SWEEP: u32 = 1024;

/// A key that is greater than every event's.
const AFTER_LAST_KEY: &[u8] = &[u8::MAX; size_of::<EventKey>() + 1];

/// Executes the operations in their order, deletes the expired ones of the next `rows_to_sweep` rows, and
/// commits.
pub(super) fn execute_batch(
    connection: &mut Connection,
    jobs: &[Job],
    rows_to_sweep: u32,
) -> Result<Vec<Output>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch::begin(&transaction)?;
    let fencing_token = batch.last_fencing_token;
    let outputs = jobs.iter().map(|job| batch.execute(&job.operation));
    let outputs = outputs.collect::<Result<Vec<_>>>()?;
    if rows_to_sweep > 0 {
        let (_, next) = batch.sweep(&batch.swept_to, rows_to_sweep, rows_to_sweep)?;
        batch.swept_to = next.unwrap_or_default();
    }
    if rows_to_sweep > 0 || fencing_token != batch.last_fencing_token {
        batch.run(END, params![batch.last_fencing_token, batch.swept_to])?;
    }
    transaction.commit()?;
    Ok(outputs)
}

/// A transaction that has SQLite's write lock, so what it reads holds until it commits.
pub(super) struct Batch<'c> {
    pub(super) transaction: &'c Transaction<'c>,
    pub(super) now: i64,
    last_fencing_token: i64,
    swept_to: SweepPosition,
}

impl<'c> Batch<'c> {
    fn begin(transaction: &'c Transaction<'c>) -> Result<Self> {
        transaction.prepare_cached(&BEGIN)?.query_row([], |row| {
            Ok(Self {
                transaction,
                last_fencing_token: row.get(0)?,
                swept_to: row.get(1)?,
                now: row.get(2)?,
            })
        })
    }

    fn execute(&mut self, operation: &Operation) -> Result<Output> {
        Ok(match operation {
            Operation::Claim { key, fingerprint, lease } => {
                Output::Claim(self.grant(key, *fingerprint, millis(*lease), None)?)
            }
            Operation::Update { key, fencing_token, update } => {
                let (key, fencing_token) = (key_bytes(key), from_fencing_token(*fencing_token));
                Output::Changed(match update {
                    Update::Renew { lease } => {
                        self.run(&RENEW, params![key, fencing_token, self.now + millis(*lease)])
                    }
                    Update::Commit { retention } => {
                        let until = self.now + millis(*retention);
                        self.run(&COMMIT, params![key, fencing_token, until])
                    }
                    Update::Release => self.run(&RELEASE, params![key, fencing_token]),
                }?)
            }
            Operation::Forget { key } => {
                Output::Changed(self.run(FORGET, params![key_bytes(key)])?)
            }
            Operation::Sweep { from, limit } => {
                let (removed, next) = self.sweep(from, ROWS_PER_SWEEP, *limit)?;
                Output::Swept { removed, next }
            }
            Operation::Inbox(operation) => self.execute_inbox(operation)?,
            Operation::Log(LogOperation::Append(batch)) => Output::Changed(self.append_log(batch)?),
            Operation::Log(LogOperation::Prune { retention, limit }) => {
                Output::Changed(self.prune_log(*retention, *limit)?)
            }
        })
    }

    fn execute_inbox(&mut self, operation: &InboxOperation) -> Result<Output> {
        Ok(match operation {
            InboxOperation::Enqueue(message) => Output::Enqueued(self.enqueue(message)?),
            InboxOperation::Claim(claim) => Output::Claimed(self.claim_messages(claim)?),
            InboxOperation::Renew { tokens, lease } => {
                Output::Renewed(self.renew_messages(tokens, *lease)?)
            }
            InboxOperation::Settle(settlements) => {
                Output::Settled(self.settle_messages(settlements)?)
            }
            InboxOperation::Prune { keep, limit } => {
                Output::Changed(self.prune_messages(*keep, *limit)?)
            }
            InboxOperation::SetPaused { endpoint, is_paused } => {
                Output::Changed(self.set_paused(endpoint, *is_paused)?)
            }
            InboxOperation::Replay { filter, limit } => {
                Output::Changed(self.replay_messages(filter, *limit)?)
            }
            InboxOperation::Discard { filter, limit } => {
                Output::Changed(self.discard_messages(filter, *limit)?)
            }
        })
    }

    /// Claims the event for `duration`, as in progress unless it is given another state.
    pub(super) fn grant(
        &mut self,
        key: &EventKey,
        fingerprint: u64,
        duration: i64,
        state: Option<i16>,
    ) -> Result<ClaimOutcome> {
        let fencing_token = self.following_fencing_token()?;
        let grant = |statement, state| {
            let (until, body) = (self.now + duration, fingerprint.cast_signed());
            self.run(statement, params![key_bytes(key), fencing_token, state, until, body])
        };
        let mut takeover = false;
        if grant(CLAIM, state.unwrap_or(IN_PROGRESS))? == 0 {
            let row = self.find(key)?;
            if let Some(rejection) = row.and_then(|row| row.rejection(fingerprint)) {
                return Ok(rejection);
            }
            takeover = row.is_some_and(|row| row.is_in_progress());
            grant(TAKE_OVER, state.unwrap_or(if takeover { TAKEN_OVER } else { IN_PROGRESS }))?;
        }
        self.last_fencing_token = fencing_token;
        Ok(ClaimOutcome::Acquired { fencing_token: to_fencing_token(fencing_token), takeover })
    }

    /// Grants a fencing token.
    pub(super) fn next_fencing_token(&mut self) -> Result<i64> {
        self.last_fencing_token = self.following_fencing_token()?;
        Ok(self.last_fencing_token)
    }

    fn following_fencing_token(&self) -> Result<i64> {
        let none_left = rusqlite::Error::IntegralValueOutOfRange(0, self.last_fencing_token);
        self.last_fencing_token.checked_add(1).ok_or(none_left)
    }

    fn find(&self, key: &EventKey) -> Result<Option<EventRow>> {
        let mut find = self.transaction.prepare_cached(FIND)?;
        let row = find.query_row(params![key_bytes(key), self.now], |row| {
            Ok(EventRow {
                state: row.get(0)?,
                fencing_token: row.get(1)?,
                left_ms: row.get(2)?,
                fingerprint: row.get(3)?,
            })
        });
        row.optional()
    }

    /// Reads the next `rows` rows after `from`, deletes at most `limit` expired ones among them, and
    /// returns how many it deleted and where the next sweep begins.
    ///
    /// The rows are read in the order of their keys, which is that of the file, so rows that are deleted
    /// together share pages. Successive sweeps read different rows, and no index is needed.
    fn sweep(&self, from: &[u8], rows: u32, limit: u32) -> Result<(u64, Option<SweepPosition>)> {
        let mut sweep_to = self.transaction.prepare_cached(SWEEP_TO)?;
        let next: Option<SweepPosition> =
            sweep_to.query_row(params![from, rows], |row| row.get(0)).optional()?;
        let to = next.as_deref().unwrap_or(AFTER_LAST_KEY);
        let removed = self.run(&SWEEP, params![from, to, self.now, limit])?;
        Ok((removed, next))
    }

    /// Runs the statement, and returns how many rows it changed.
    pub(super) fn run(&self, statement: &str, values: impl Params) -> Result<u64> {
        let changed = self.transaction.prepare_cached(statement)?.execute(values)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }
}
