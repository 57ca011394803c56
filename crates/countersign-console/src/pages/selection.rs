//! Which messages are replayed or discarded.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign::dedup::StoreError;
use countersign::inbox::{MessageFilter, MessageId, MessageRecord, MessageState};

use super::dead::error_group;
use crate::query::Query;
use crate::source::InboxSource;

/// Above this number, the count is typed to confirm.
pub(crate) const TYPED_ABOVE: usize = 100;

/// How many messages one act changes at most.
const MOST: usize = 10_000;

/// How many messages are read at a time.
const PAGE: u32 = 500;

/// What is done with messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verb {
    Replay,
    Discard,
}

impl Verb {
    pub(crate) fn of(form: &Query) -> Option<Self> {
        match form.get("act") {
            Some("replay") => Some(Self::Replay),
            Some("discard") => Some(Self::Discard),
            _ => None,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Discard => "discard",
        }
    }

    pub(crate) const fn past(self) -> &'static str {
        match self {
            Self::Replay => "replayed",
            Self::Discard => "discarded",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Replay => "Replay",
            Self::Discard => "Discard",
        }
    }

    const fn applies_to(self, state: MessageState) -> bool {
        match self {
            Self::Replay => {
                matches!(state, MessageState::Done | MessageState::Dead | MessageState::Discarded)
            }
            Self::Discard => matches!(state, MessageState::Ready | MessageState::Dead),
        }
    }
}

/// The messages that a form means: those with its ids, or the dead ones of a group.
pub(crate) struct Selection {
    pub(crate) messages: Vec<MessageRecord>,
}

impl Selection {
    /// Finds the messages that can be changed so at this moment.
    pub(crate) async fn find(
        inbox: &Arc<dyn InboxSource>,
        form: &Query,
        verb: Verb,
    ) -> Result<Self, StoreError> {
        let ids: BTreeSet<u64> = form.all("id").filter_map(|id| id.parse().ok()).collect();
        let mut messages = Vec::new();
        if ids.is_empty() {
            messages = dead_of_group(inbox, form).await?;
        }
        for id in ids.into_iter().take(MOST) {
            if let Some(message) = inbox.one(MessageId::new(id)).await?
                && verb.applies_to(message.state)
                && form.get("state").is_none_or(|state| state == message.state.as_str())
            {
                messages.push(message);
            }
        }
        Ok(Self { messages })
    }

    /// Returns the endpoint, if all have the same.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        let first = &self.messages.first()?.endpoint;
        self.messages.iter().all(|message| message.endpoint == *first).then_some(first)
    }
}

/// Reads the dead messages of an endpoint with one type and one error, the earliest last.
async fn dead_of_group(
    inbox: &Arc<dyn InboxSource>,
    form: &Query,
) -> Result<Vec<MessageRecord>, StoreError> {
    let Some(endpoint) = form.get("endpoint") else { return Ok(Vec::new()) };
    let mut filter = MessageFilter::default();
    filter.state = Some(MessageState::Dead);
    filter.endpoint = Some(endpoint.into());
    if let Some(event_type) = form.get("type") {
        filter = filter.with_event_type(event_type);
    }
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = inbox.list(&filter, before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        before = Some(last.id);
        let group = form.get("error");
        found.extend(page.into_iter().filter(|record| {
            (form.get("type").is_some() || record.event_type.is_none() || group.is_none())
                && group.is_none_or(|group| error_group(record) == group)
        }));
        if found.len() >= MOST {
            found.truncate(MOST);
            return Ok(found);
        }
    }
}
