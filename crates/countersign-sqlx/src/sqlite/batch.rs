//! Operations that are carried out one after the other, in one transaction.

use countersign::dedup::{ClaimOutcome, EventKey};
use rusqlite::{
    Connection, OptionalExtension, Params, Result, Transaction, TransactionBehavior, params,
};

use super::job::{Answer, Job, Operation, Place, Settle};
use super::statements::{
    BEGIN, CLAIM, COMMIT, END, FIND, FORGET, RELEASE, RENEW, SWEEP, SWEEP_TO, TAKE,
};
use crate::row::{
    Found, IN_PROGRESS, TAKEN_OVER, from_fencing_token, key_bytes, millis, to_fencing_token,
};

/// How many rows are looked at in one sweep.
const SWEPT: u32 = 1024;

/// No key comes after it.
const BEYOND: &[u8] = &[u8::MAX; size_of::<EventKey>() + 1];

/// Carries all out, looks at `swept` rows whether they are over, and commits.
pub(super) fn carry_out(
    connection: &mut Connection,
    jobs: &[Job],
    swept: u32,
) -> Result<Vec<Answer>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut batch = Batch::begin(&transaction)?;
    let fencing_token = batch.last_fencing_token;
    let answers = jobs.iter().map(|job| batch.answer(&job.operation));
    let answers = answers.collect::<Result<Vec<_>>>()?;
    if swept > 0 {
        let (_, next) = batch.sweep(&batch.swept, swept, swept)?;
        batch.swept = next.unwrap_or_default();
    }
    if swept > 0 || fencing_token != batch.last_fencing_token {
        batch.run(END, params![batch.last_fencing_token, batch.swept])?;
    }
    transaction.commit()?;
    Ok(answers)
}

/// A transaction that has the file to itself.
struct Batch<'c> {
    transaction: &'c Transaction<'c>,
    now: i64,
    last_fencing_token: i64,
    /// How far rows that are over were cleared away.
    swept: Place,
}

impl<'c> Batch<'c> {
    fn begin(transaction: &'c Transaction<'c>) -> Result<Self> {
        transaction.prepare_cached(&BEGIN)?.query_row([], |row| {
            Ok(Self {
                transaction,
                last_fencing_token: row.get(0)?,
                swept: row.get(1)?,
                now: row.get(2)?,
            })
        })
    }

    fn answer(&mut self, operation: &Operation) -> Result<Answer> {
        Ok(match operation {
            Operation::Claim { key, fingerprint, lease } => {
                Answer::Claim(self.claim(key, *fingerprint, millis(*lease))?)
            }
            Operation::Settle { key, fencing_token, how, span } => {
                let (key, fencing_token) = (key_bytes(key), from_fencing_token(*fencing_token));
                let until = self.now + millis(*span);
                Answer::Changed(match how {
                    Settle::Renew => self.run(&RENEW, params![key, fencing_token, until]),
                    Settle::Commit => self.run(&COMMIT, params![key, fencing_token, until]),
                    Settle::Release => self.run(&RELEASE, params![key, fencing_token]),
                }?)
            }
            Operation::Forget { key } => {
                Answer::Changed(self.run(FORGET, params![key_bytes(key)])?)
            }
            Operation::Sweep { from, limit } => {
                let (removed, next) = self.sweep(from, SWEPT, *limit)?;
                Answer::Swept { removed, next }
            }
        })
    }

    /// Nobody else writes meanwhile, so what is found still holds when it is written.
    fn claim(&mut self, key: &EventKey, fingerprint: u64, lease: i64) -> Result<ClaimOutcome> {
        let none_left = rusqlite::Error::IntegralValueOutOfRange(0, self.last_fencing_token);
        let fencing_token = self.last_fencing_token.checked_add(1).ok_or(none_left)?;
        let grant = |statement, state| {
            let (until, body) = (self.now + lease, fingerprint.cast_signed());
            self.run(statement, params![key_bytes(key), fencing_token, state, until, body])
        };
        let mut takeover = false;
        if grant(CLAIM, IN_PROGRESS)? == 0 {
            let found = self.find(key)?;
            if let Some(denial) = found.and_then(|found| found.denial(fingerprint)) {
                return Ok(denial);
            }
            takeover = found.is_some_and(|found| found.is_in_progress());
            grant(TAKE, if takeover { TAKEN_OVER } else { IN_PROGRESS })?;
        }
        self.last_fencing_token = fencing_token;
        Ok(ClaimOutcome::Acquired { fencing_token: to_fencing_token(fencing_token), takeover })
    }

    fn find(&self, key: &EventKey) -> Result<Option<Found>> {
        let mut find = self.transaction.prepare_cached(FIND)?;
        let found = find.query_row(params![key_bytes(key), self.now], |row| {
            Ok(Found {
                state: row.get(0)?,
                fencing_token: row.get(1)?,
                left_ms: row.get(2)?,
                fingerprint: row.get(3)?,
            })
        });
        found.optional()
    }

    /// Looks at so many rows beyond the place, and removes at most `limit` of those that are over.
    ///
    /// They are taken in the order of their keys, which is that of the file: what is removed
    /// together then stands together. No row is looked at by every sweep, and no index is needed.
    fn sweep(&self, from: &[u8], rows: u32, limit: u32) -> Result<(u64, Option<Place>)> {
        let mut sweep_to = self.transaction.prepare_cached(SWEEP_TO)?;
        let next: Option<Place> =
            sweep_to.query_row(params![from, rows], |row| row.get(0)).optional()?;
        let to = next.as_deref().unwrap_or(BEYOND);
        let removed = self.run(&SWEEP, params![from, to, self.now, limit])?;
        Ok((removed, next))
    }

    /// Tells how many rows are changed.
    fn run(&self, statement: &str, values: impl Params) -> Result<u64> {
        let changed = self.transaction.prepare_cached(statement)?.execute(values)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }
}
