//! Claims of messages.

use bytes::Bytes;
use countersign::dedup::StoreError;
use countersign::inbox::{
    ClaimedMessage, ClaimedMessages, DeadMessage, EndpointClaim, MessageClaim,
};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::prepared::prepare;
use crate::error::store_error;
use crate::inbox_row::{PROCESS_ENDED, to_count, to_token};
use crate::postgres::{PostgresStore, with_retries};
use crate::row::millis;

impl PostgresStore {
    /// Claims messages, with one statement for each endpoint.
    pub(super) async fn claim_of_endpoints(
        &self,
        claim: &MessageClaim,
    ) -> Result<ClaimedMessages, StoreError> {
        let statements = self.inbox().await?;
        let mut claimed = ClaimedMessages::default();
        for endpoint in &claim.endpoints {
            let taken = u32::try_from(claimed.messages.len()).unwrap_or(u32::MAX);
            let limit = endpoint.limit.min(claim.limit.saturating_sub(taken));
            if limit == 0 {
                continue;
            }
            let statement = || {
                prepare(&statements.claim)
                    .bind(endpoint.endpoint.to_string())
                    .bind(i64::from(limit))
                    .bind(millis(claim.lease))
                    .bind(i64::from(endpoint.max_attempts))
                    .bind(claim.worker.to_string())
                    .bind(PROCESS_ENDED)
                    .bind(endpoint.skip_dead_in_lane)
                    .fetch_all(&self.0.pool)
            };
            let rows = match with_retries(statement).await {
                Ok(rows) => rows,
                // What has been claimed so far is handled; the next claim finds the rest.
                Err(_) if !claimed.messages.is_empty() => break,
                Err(error) => return Err(error),
            };
            for row in &rows {
                read(row, endpoint, &mut claimed).map_err(|error| store_error(&error))?;
            }
        }
        Ok(claimed)
    }
}

fn read(
    row: &PgRow,
    endpoint: &EndpointClaim,
    claimed: &mut ClaimedMessages,
) -> Result<(), sqlx::Error> {
    let token = to_token(row.try_get("id")?, row.try_get("fence")?);
    let attempt = to_count(row.try_get::<i32, _>("attempt")?.into());
    let name = endpoint.endpoint.clone();
    if row.try_get("is_dead")? {
        claimed.dead.push(DeadMessage::new(token, name, attempt, PROCESS_ENDED));
        return Ok(());
    }
    let request = row.try_get::<String, _>("request")?.into();
    let body = Bytes::from(row.try_get::<Vec<u8>, _>("body")?);
    let mut message = ClaimedMessage::from_row(token, name, request, body);
    message.attempt = attempt;
    message.is_takeover = row.try_get("takeover")?;
    message.replays = to_count(row.try_get::<i32, _>("replays")?.into());
    message.tenant = row.try_get::<Option<String>, _>("tenant")?.map(Into::into);
    claimed.messages.push(message);
    Ok(())
}
