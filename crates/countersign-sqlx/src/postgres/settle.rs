//! Settles claims in groups: one statement, and one flush of the server's log, for all that wait.
//!
//! A commit or release is queued, and the first caller that finds fewer than two groups running starts a
//! task that settles what is queued until nothing is. A lone caller waits for no other; under load a group holds
//! what has been queued while another was written. The task outlives its callers, so one that is dropped
//! neither loses its settlement nor blocks another's.

use std::time::Duration;

use countersign::dedup::{EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome};
use sqlx::Row;
use sqlx::postgres::PgRow;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::settlements::{Settle, Waiting};
use super::{PostgresStore, update_outcome, with_retries};
use crate::error::store_error;
use crate::row::{from_fencing_token, key_bytes, millis};

/// How long a group may take: a connection that is cut must not keep the other settlements waiting.
const GROUP_TIMEOUT: Duration = Duration::from_secs(2);

/// A task's turn, which ends if the task does not: a runtime that stops drops it, also before its first poll.
struct Turn {
    store: PostgresStore,
    is_over: bool,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over {
            self.store.0.settlements.end_turn();
        }
    }
}

impl PostgresStore {
    /// Settles a claim together with others that wait.
    pub(super) async fn settle_in_group(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        settle: Settle,
    ) -> Result<UpdateOutcome, StoreError> {
        let (reply, outcome) = oneshot::channel();
        let waiting = Waiting { key: *key, fencing_token, settle, reply };
        if self.0.settlements.push(waiting) {
            tokio::spawn(settle_groups(Turn { store: self.clone(), is_over: false }));
        }
        outcome.await.unwrap_or_else(|_| {
            Err(StoreError::new(StoreErrorKind::Unavailable, "the runtime has stopped"))
        })
    }

    /// Settles a group in one statement, and replies to each.
    async fn settle_group(&self, group: Vec<Waiting>) {
        let outcomes = match timeout(GROUP_TIMEOUT, self.group_outcomes(&group)).await {
            Ok(outcomes) => outcomes,
            Err(_) => {
                let text =
                    "PostgreSQL did not respond in time: it may or may not have settled the claim";
                Err(StoreError::new(StoreErrorKind::Timeout, text))
            }
        };
        match outcomes {
            Ok(outcomes) => {
                for (waiting, outcome) in group.into_iter().zip(outcomes) {
                    match outcome {
                        Some(outcome) => drop(waiting.reply.send(Ok(outcome))),
                        // It waits for the transaction, and nothing else waits for it.
                        None => drop(tokio::spawn(settle_alone(self.clone(), waiting))),
                    }
                }
            }
            Err(error) => {
                for waiting in group {
                    drop(waiting.reply.send(Err(error.clone())));
                }
            }
        }
    }

    /// Returns the outcome of each settlement; `None` for one whose row a handler's transaction has locked.
    async fn group_outcomes(
        &self,
        group: &[Waiting],
    ) -> Result<Vec<Option<UpdateOutcome>>, StoreError> {
        if let [waiting] = group {
            return self.settle_unlocked(waiting).await.map(|outcome| vec![outcome]);
        }
        let keys: Vec<Vec<u8>> = group.iter().map(|each| key_bytes(&each.key).to_vec()).collect();
        let fences: Vec<i64> =
            group.iter().map(|each| from_fencing_token(each.fencing_token)).collect();
        // A release has no retention.
        let retention = |each: &Waiting| match each.settle {
            Settle::Commit { retention } => Some(millis(retention)),
            Settle::Release => None,
        };
        let retentions: Vec<Option<i64>> = group.iter().map(retention).collect();
        let settle = || {
            let settle = self.0.statements.settle().bind(keys.clone()).bind(fences.clone());
            settle.bind(retentions.clone()).fetch_all(&self.0.pool)
        };
        let rows = with_retries(settle).await?;
        let outcomes = rows.iter().map(outcome).collect::<Result<_, _>>();
        outcomes.map_err(|error: sqlx::Error| store_error(&error))
    }

    /// Settles one claim; `None` if a handler's transaction has the row locked, or the token is stale.
    async fn settle_unlocked(
        &self,
        waiting: &Waiting,
    ) -> Result<Option<UpdateOutcome>, StoreError> {
        let (key, fence) = (key_bytes(&waiting.key), from_fencing_token(waiting.fencing_token));
        let settle = || {
            let statement = match waiting.settle {
                Settle::Commit { retention } => {
                    let commit = self.0.statements.commit_unlocked().bind(key).bind(fence);
                    commit.bind(millis(retention))
                }
                Settle::Release => self.0.statements.release_unlocked().bind(key).bind(fence),
            };
            statement.execute(&self.0.pool)
        };
        let outcome = with_retries(settle).await.map(update_outcome)?;
        Ok((outcome == UpdateOutcome::Applied).then_some(outcome))
    }

    /// Settles one claim, and waits for a handler's transaction that has its row locked.
    async fn settle_one(&self, waiting: &Waiting) -> Result<UpdateOutcome, StoreError> {
        let (key, fence) = (key_bytes(&waiting.key), from_fencing_token(waiting.fencing_token));
        let settle = || {
            let statement = match waiting.settle {
                Settle::Commit { retention } => {
                    let commit = self.0.statements.commit().bind(key).bind(fence);
                    commit.bind(millis(retention))
                }
                Settle::Release => self.0.statements.release().bind(key).bind(fence),
            };
            statement.execute(&self.0.pool)
        };
        with_retries(settle).await.map(update_outcome)
    }
}

async fn settle_groups(mut turn: Turn) {
    while let Some(group) = turn.store.0.settlements.next_group() {
        turn.store.settle_group(group).await;
    }
    turn.is_over = true;
}

async fn settle_alone(store: PostgresStore, waiting: Waiting) {
    let outcome = store.settle_one(&waiting).await;
    drop(waiting.reply.send(outcome));
}

fn outcome(row: &PgRow) -> Result<Option<UpdateOutcome>, sqlx::Error> {
    Ok(match (row.try_get("applied")?, row.try_get("is_locked")?) {
        (true, _) => Some(UpdateOutcome::Applied),
        (false, true) => None,
        (false, false) => Some(UpdateOutcome::StaleToken),
    })
}
