use bytes::Bytes;

use super::rows::Row;
use super::store::MemoryInbox;
use crate::dedup::StoreError;
use crate::event::MessageId;
use crate::inbox::{Attempt, InspectInbox, MessageFilter, MessageRecord, MessageState};

impl InspectInbox for MemoryInbox {
    async fn messages(
        &self,
        filter: &MessageFilter,
        before: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<MessageRecord>, StoreError> {
        let (rows, now) = (self.rows(), self.now());
        let matching = rows.messages.iter().rev().filter(|(id, row)| {
            before.is_none_or(|before| **id < before) && matches(filter, **id, row)
        });
        let records = matching.take(as_usize(limit)).map(|(id, row)| {
            let mut record = MessageRecord::new(*id, row.message.key);
            record.state = row.state;
            if matches!(row.state, MessageState::Ready | MessageState::Running) {
                record.due_in = row.due.saturating_since(now);
            }
            (record.attempts, record.replays) = (row.attempt, row.replays);
            record.endpoint = (*row.message.endpoint).into();
            record.tenant = row.message.tenant.clone();
            record.sender = row.message.sender.clone();
            record.event_id = row.message.event_id.clone();
            record.event_type = row.message.event_type.clone();
            record.received = row.message.received;
            record.error = row.error.clone();
            record.request = row.message.request.clone();
            record.body_bytes = u64::try_from(row.message.body.len()).unwrap_or(u64::MAX);
            record
        });
        Ok(records.collect())
    }

    async fn count_messages(&self, filter: &MessageFilter, limit: u64) -> Result<u64, StoreError> {
        let rows = self.rows();
        let count = rows.messages.iter().filter(|(id, row)| matches(filter, **id, row)).count();
        Ok(u64::try_from(count).unwrap_or(u64::MAX).min(limit))
    }

    async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>, StoreError> {
        let filter = MessageFilter { id: Some(id), ..MessageFilter::default() };
        Ok(self.messages(&filter, None, 1).await?.pop())
    }

    async fn message_body(&self, id: MessageId) -> Result<Option<Bytes>, StoreError> {
        Ok(self.rows().messages.get(&id).map(|row| row.message.body.clone()))
    }

    async fn attempts(&self, id: MessageId) -> Result<Vec<Attempt>, StoreError> {
        let rows = self.rows();
        let own = rows.attempts.range((id, 0)..=(id, u64::MAX));
        Ok(own.map(|(_, attempt)| attempt.clone()).collect())
    }

    async fn replay_messages(&self, filter: &MessageFilter, limit: u32) -> Result<u64, StoreError> {
        let states = [MessageState::Done, MessageState::Dead, MessageState::Discarded];
        let now = self.now();
        Ok(self.change(filter, limit, &states, |row, fence| {
            (row.state, row.due, row.attempt, row.error) = (MessageState::Ready, now, 0, None);
            (row.fence, row.position) = (fence, fence);
            row.replays += 1;
        }))
    }

    async fn discard_messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> Result<u64, StoreError> {
        let now = self.now();
        let states = [MessageState::Ready, MessageState::Dead];
        Ok(self.change(filter, limit, &states, |row, _| {
            (row.state, row.due) = (MessageState::Discarded, now);
        }))
    }
}

impl MemoryInbox {
    /// Changes at most `limit` matching messages in one of `states`, each with a new fencing token at hand, and
    /// returns how many.
    fn change(
        &self,
        filter: &MessageFilter,
        limit: u32,
        states: &[MessageState],
        change: impl Fn(&mut Row, u64),
    ) -> u64 {
        let mut rows = self.rows();
        let matching = rows
            .messages
            .iter()
            .filter(|(id, row)| states.contains(&row.state) && matches(filter, **id, row));
        let ids: Vec<_> = matching.map(|(id, _)| *id).take(as_usize(limit)).collect();
        for id in &ids {
            let fence = rows.next_fence(0);
            if let Some(row) = rows.messages.get_mut(id) {
                change(row, fence);
            }
        }
        u64::try_from(ids.len()).unwrap_or(u64::MAX)
    }
}

fn as_usize(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn matches(filter: &MessageFilter, id: MessageId, row: &Row) -> bool {
    let message = &row.message;
    filter.id.is_none_or(|own| own == id)
        && filter.key.is_none_or(|key| key == message.key)
        && filter.endpoint.as_deref().is_none_or(|endpoint| *endpoint == *message.endpoint)
        && (filter.tenant.is_none() || filter.tenant == message.tenant)
        && (filter.event_type.is_none() || filter.event_type == message.event_type)
        && (filter.event_id.is_none() || filter.event_id == message.event_id)
        && filter.state.is_none_or(|state| state == row.state)
        && filter.received_from.is_none_or(|from| message.received >= from)
        && filter.received_before.is_none_or(|before| message.received < before)
}
