//! Renewal and settlement of attempts, in groups.

use std::time::Duration;

use countersign::dedup::{StoreError, UpdateOutcome};
use countersign::inbox::{MessageToken, SettleOutcome, Settled, Settlement};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::prepared::prepare;
use crate::error::store_error;
use crate::inbox_row::{RUNNING, after_settlement, from_id};
use crate::postgres::{PostgresStore, with_retries};
use crate::row::{from_fencing_token, millis};

impl PostgresStore {
    pub(super) async fn renew_attempts(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>, StoreError> {
        let statements = self.inbox().await?;
        let (ids, fences) = columns(tokens.iter().copied());
        let renew = || {
            let renew = prepare(&statements.renew).bind(ids.clone()).bind(fences.clone());
            renew.bind(millis(lease)).fetch_all(&self.0.pool)
        };
        let rows = with_retries(renew).await?;
        let outcomes = rows.iter().map(|row| {
            let is_applied = row.try_get::<Option<bool>, _>("applied")?.unwrap_or(false);
            Ok(applied(is_applied))
        });
        outcomes.collect::<Result<_, _>>().map_err(|error: sqlx::Error| store_error(&error))
    }

    pub(super) async fn settle_attempts(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>, StoreError> {
        let statements = self.inbox().await?;
        let (ids, fences) = columns(settlements.iter().map(|settlement| settlement.token));
        let after = settlements.iter().map(|settlement| after_settlement(settlement.settled));
        let states: Vec<i16> = after.clone().map(|(state, ..)| state).collect();
        let waits: Vec<i64> = after.clone().map(|(_, wait, _)| millis(wait)).collect();
        let attempts: Vec<i32> =
            after.map(|(.., attempts)| i32::try_from(attempts).unwrap_or(0)).collect();
        let error = |settlement: &Settlement| settlement.error.as_deref().map(str::to_owned);
        let errors: Vec<Option<String>> = settlements.iter().map(error).collect();
        let outcome = |settlement: &Settlement| settlement.settled.as_str().to_owned();
        let outcomes: Vec<String> = settlements.iter().map(outcome).collect();
        let took: Vec<i64> = settlements.iter().map(|each| millis(each.took)).collect();
        let settle = || {
            prepare(&statements.settle)
                .bind(ids.clone())
                .bind(fences.clone())
                .bind(states.clone())
                .bind(waits.clone())
                .bind(attempts.clone())
                .bind(errors.clone())
                .bind(outcomes.clone())
                .bind(took.clone())
                .fetch_all(&self.0.pool)
        };
        let rows = with_retries(settle).await?;
        let read = |row: &PgRow| {
            let state = row.try_get::<Option<i16>, _>("state")?;
            Ok((row.try_get::<bool, _>("settled")?, state))
        };
        let rows = rows.iter().map(read).collect::<Result<Vec<_>, sqlx::Error>>();
        let rows = rows.map_err(|error| store_error(&error))?;
        let returned = settlements.iter().zip(&rows);
        let returned = returned.filter(|&(settlement, &(is_settled, _))| {
            is_settled && matches!(settlement.settled, Settled::Returned { .. })
        });
        let returned: Vec<MessageToken> = returned.map(|(each, _)| each.token).collect();
        if !returned.is_empty() {
            self.forget_returns(&returned).await?;
        }
        // The statement waits for no lock.
        let outcome = |(is_settled, state): (bool, Option<i16>)| match state {
            Some(RUNNING) if !is_settled => SettleOutcome::Locked,
            Some(_) => SettleOutcome::Applied,
            None => SettleOutcome::StaleToken,
        };
        Ok(rows.into_iter().map(outcome).collect())
    }

    /// Removes the records of earlier attempts that were returned.
    async fn forget_returns(&self, returned: &[MessageToken]) -> Result<(), StoreError> {
        let statements = self.inbox().await?;
        let (ids, fences) = columns(returned.iter().copied());
        let forget = || {
            // Planned each time: a plan from an empty table would read all of it later.
            let forget = prepare(&statements.forget_returns).persistent(false);
            forget.bind(ids.clone()).bind(fences.clone()).execute(&self.0.pool)
        };
        with_retries(forget).await.map(drop)
    }
}

fn columns(tokens: impl Iterator<Item = MessageToken>) -> (Vec<i64>, Vec<i64>) {
    tokens.map(|token| (from_id(token.id()), from_fencing_token(token.fencing_token()))).unzip()
}

const fn applied(is_applied: bool) -> UpdateOutcome {
    if is_applied { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken }
}
