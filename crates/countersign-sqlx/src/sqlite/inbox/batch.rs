//! Executes the operations of the inbox in the writer's transaction.

use std::time::Duration;

use bytes::Bytes;
use countersign::dedup::{ClaimOutcome, UpdateOutcome};
use countersign::inbox::{
    ClaimedMessage, ClaimedMessages, DeadMessage, EndpointClaim, EnqueueOutcome, MessageClaim,
    MessageFilter, MessageRetention, MessageToken, NewMessage, SettleOutcome, Settled, Settlement,
};
use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Result, Row, params};

use super::statements::{
    FIND_DUE, FORGET_RETURNS, INSERT, IS_PAUSED, KILL, PAUSE, PRUNE, PRUNE_ATTEMPTS, RECORD, RENEW,
    REPLAY, RESUME, SETTLE, START, STATE_OF, discard, find_replayable, matching,
};
use crate::inbox_row::{
    DEAD, DISCARDED, DONE, FilterValues, LEASE_EXPIRED, PROCESS_ENDED, RUNNING, after_settlement,
    from_id, from_millis, to_count, to_id, to_token,
};
use crate::row::{HANDLED, from_fencing_token, key_bytes, millis};
use crate::sqlite::batch::Batch;

/// A due message, as it is read before it is claimed.
struct Due {
    id: i64,
    fence: i64,
    state: i16,
    attempt: i64,
    replays: i64,
    tenant: Option<String>,
    request: String,
    body: Vec<u8>,
    /// Whether the last attempt that was not returned ended with its lease.
    follows_expired: bool,
}

impl Due {
    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            fence: row.get("fence")?,
            state: row.get("state")?,
            attempt: row.get("attempt")?,
            replays: row.get("replays")?,
            tenant: row.get("tenant")?,
            request: row.get("request")?,
            body: row.get("body")?,
            follows_expired: row.get("follows_expired")?,
        })
    }
}

impl Batch<'_> {
    pub(in crate::sqlite) fn enqueue(&mut self, message: &NewMessage) -> Result<EnqueueOutcome> {
        let retention = millis(message.dedup_retention);
        let claimed = self.grant(&message.key, message.fingerprint, retention, Some(HANDLED))?;
        let fence = match claimed {
            ClaimOutcome::Acquired { fencing_token, .. } => from_fencing_token(fencing_token),
            ClaimOutcome::Duplicate { same_body } => {
                return Ok(EnqueueOutcome::Duplicate { same_body });
            }
            ClaimOutcome::InProgress { retry_after } => {
                return Ok(EnqueueOutcome::InProgress { retry_after });
            }
            _ => return Ok(EnqueueOutcome::InProgress { retry_after: Duration::from_secs(1) }),
        };
        self.run(
            &INSERT,
            params![
                key_bytes(&message.key),
                fence,
                self.now,
                message.lane,
                &*message.endpoint,
                message.tenant.as_deref(),
                &*message.sender,
                message.event_id.as_deref(),
                message.event_type.as_deref(),
                from_millis(message.received.as_millis()),
                &*message.request,
                &*message.body,
            ],
        )?;
        Ok(EnqueueOutcome::Stored(to_id(self.transaction.last_insert_rowid())))
    }

    pub(in crate::sqlite) fn claim_messages(
        &mut self,
        claim: &MessageClaim,
    ) -> Result<ClaimedMessages> {
        let mut claimed = ClaimedMessages::default();
        for endpoint in &claim.endpoints {
            let taken = u32::try_from(claimed.messages.len()).unwrap_or(u32::MAX);
            let limit = endpoint.limit.min(claim.limit.saturating_sub(taken));
            let paused = |row: &Row<'_>| row.get::<_, bool>(0);
            let mut is_paused = self.transaction.prepare_cached(IS_PAUSED)?;
            if limit == 0 || is_paused.query_row(params![&*endpoint.endpoint], paused)? {
                continue;
            }
            for due in self.find_due(endpoint, limit)? {
                self.start(claim, endpoint, due, &mut claimed)?;
            }
        }
        Ok(claimed)
    }

    fn find_due(&self, endpoint: &EndpointClaim, limit: u32) -> Result<Vec<Due>> {
        let mut find = self.transaction.prepare_cached(&FIND_DUE)?;
        let values = params![&*endpoint.endpoint, self.now, limit, endpoint.skip_dead_in_lane];
        find.query_map(values, Due::read)?.collect()
    }

    /// Starts an attempt at a due message, or makes it dead if its attempts are exhausted.
    fn start(
        &mut self,
        claim: &MessageClaim,
        endpoint: &EndpointClaim,
        due: Due,
        claimed: &mut ClaimedMessages,
    ) -> Result<()> {
        let has_expired = due.state == RUNNING;
        let is_takeover = has_expired || due.follows_expired;
        if has_expired {
            self.record(due.id, due.fence, Duration::ZERO, LEASE_EXPIRED, None, 0)?;
            if due.attempt >= i64::from(endpoint.max_attempts) {
                let stale = self.next_fencing_token()?;
                self.run(&KILL, params![due.id, self.now, PROCESS_ENDED, stale])?;
                let (token, attempts) = (to_token(due.id, due.fence), to_count(due.attempt));
                let name = endpoint.endpoint.clone();
                claimed.dead.push(DeadMessage::new(token, name, attempts, PROCESS_ENDED));
                return Ok(());
            }
        }
        let fence = self.next_fencing_token()?;
        let until = self.now + millis(claim.lease);
        self.run(&START, params![due.id, fence, until, &*claim.worker])?;
        let mut message = ClaimedMessage::from_row(
            to_token(due.id, fence),
            endpoint.endpoint.clone(),
            due.request.into(),
            Bytes::from(due.body),
        );
        message.attempt = to_count(due.attempt + 1);
        message.is_takeover = is_takeover;
        message.replays = to_count(due.replays);
        message.tenant = due.tenant.map(Into::into);
        claimed.messages.push(message);
        Ok(())
    }

    pub(in crate::sqlite) fn renew_messages(
        &self,
        tokens: &[MessageToken],
        lease: Duration,
    ) -> Result<Vec<UpdateOutcome>> {
        let until = self.now + millis(lease);
        let renew = |token: &MessageToken| {
            let (id, fence) = (from_id(token.id()), from_fencing_token(token.fencing_token()));
            let is_renewed = self.run(&RENEW, params![id, fence, until])? > 0;
            Ok(applied(is_renewed || self.state_of(id, fence)? == Some(DONE)))
        };
        tokens.iter().map(renew).collect()
    }

    pub(in crate::sqlite) fn settle_messages(
        &self,
        settlements: &[Settlement],
    ) -> Result<Vec<SettleOutcome>> {
        settlements.iter().map(|settlement| self.settle(settlement)).collect()
    }

    fn settle(&self, settlement: &Settlement) -> Result<SettleOutcome> {
        let Settlement { token, settled, error, took, .. } = settlement;
        let (id, fence) = (from_id(token.id()), from_fencing_token(token.fencing_token()));
        let (state, wait, attempts) = after_settlement(*settled);
        let error = error.as_deref();
        let due = self.now + millis(wait);
        if self.run(&SETTLE, params![id, fence, state, due, attempts, error])? > 0 {
            if let Settled::Returned { .. } = settled {
                self.run(&FORGET_RETURNS, params![id])?;
            }
            self.record(id, fence, *took, settled.as_str(), error, -attempts)?;
            return Ok(SettleOutcome::Applied);
        }
        let state = self.state_of(id, fence)?;
        if state == Some(DONE) {
            // The handler's transaction has marked the message.
            self.record(id, fence, *took, "done", None, 0)?;
        }
        Ok(if state.is_some() { SettleOutcome::Applied } else { SettleOutcome::StaleToken })
    }

    fn record(
        &self,
        id: i64,
        fence: i64,
        took: Duration,
        outcome: &str,
        error: Option<&str>,
        uncounted: i64,
    ) -> Result<u64> {
        self.run(RECORD, params![id, fence, self.now, millis(took), outcome, error, uncounted])
    }

    fn state_of(&self, id: i64, fence: i64) -> Result<Option<i16>> {
        let mut state = self.transaction.prepare_cached(STATE_OF)?;
        state.query_row(params![id, fence], |row| row.get(0)).optional()
    }

    pub(in crate::sqlite) fn prune_messages(
        &self,
        keep: MessageRetention,
        limit: u32,
    ) -> Result<u64> {
        let mut pruned = 0;
        for (state, keep) in [(DONE, keep.done), (DEAD, keep.dead), (DISCARDED, keep.discarded)] {
            let left = i64::from(limit).saturating_sub(i64::try_from(pruned).unwrap_or(i64::MAX));
            let values = params![state, self.now.saturating_sub(millis(keep)), left];
            self.run(PRUNE_ATTEMPTS, values)?;
            pruned += self.run(PRUNE, values)?;
        }
        Ok(pruned)
    }

    pub(in crate::sqlite) fn set_paused(&self, endpoint: &str, is_paused: bool) -> Result<u64> {
        if is_paused {
            self.run(PAUSE, params![endpoint, self.now])
        } else {
            self.run(RESUME, params![endpoint])
        }
    }

    pub(in crate::sqlite) fn replay_messages(
        &mut self,
        filter: &MessageFilter,
        limit: u32,
    ) -> Result<u64> {
        let values = FilterValues::from(filter);
        let ids: Vec<i64> = {
            let mut find = self.transaction.prepare_cached(&find_replayable(&matching(&values)))?;
            let mut parameters = values.parameters();
            parameters.push(&limit);
            find.query_map(&*parameters, |row| row.get(0))?.collect::<Result<_>>()?
        };
        for id in &ids {
            let fence = self.next_fencing_token()?;
            self.run(&REPLAY, params![id, fence, self.now])?;
        }
        Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
    }

    pub(in crate::sqlite) fn discard_messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> Result<u64> {
        let values = FilterValues::from(filter);
        let mut parameters = values.parameters();
        parameters.extend([&limit as &dyn ToSql, &self.now]);
        self.run(&discard(&matching(&values)), &*parameters)
    }
}

impl FilterValues<'_> {
    /// Returns the values as parameters of a statement of the writer.
    fn parameters(&self) -> Vec<&dyn ToSql> {
        vec![
            &self.id,
            &self.key,
            &self.endpoint,
            &self.tenant,
            &self.event_type,
            &self.event_id,
            &self.state,
            &self.received_from,
            &self.received_before,
        ]
    }
}

const fn applied(is_applied: bool) -> UpdateOutcome {
    if is_applied { UpdateOutcome::Applied } else { UpdateOutcome::StaleToken }
}
