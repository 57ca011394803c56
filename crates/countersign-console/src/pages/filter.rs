//! The filters of lists.

use countersign::Timestamp;
use countersign::dedup::EventKey;
use countersign::inbox::{MessageFilter, MessageState};
use countersign::log::LogFilter;

use crate::query::{Query, key, since, span};

/// Returns the filter of a list of requests. `outcome` is the one that is looked at.
pub(crate) fn log_filter(query: &Query, now: Timestamp, outcome: Option<&str>) -> LogFilter {
    let mut filter = LogFilter::default();
    filter.endpoint = query.get("endpoint").map(Into::into);
    filter.rejection = query.get("kind").map(Into::into);
    filter.outcome = outcome.map(Into::into);
    filter.from = Some(since(now, span(query, "24h").2));
    if let Some(event_type) = query.get("type") {
        filter = filter.with_event_type(event_type);
    }
    match query.get("find").map(|text| (text, key(text))) {
        Some((_, Some(key))) => filter.key = Some(EventKey::from_bytes(key)),
        Some((id, None)) => filter = filter.with_event_id(id),
        None => {}
    }
    filter
}

/// Returns the filter of a list of messages.
pub(crate) fn message_filter(
    query: &Query,
    now: Timestamp,
    state: Option<MessageState>,
) -> MessageFilter {
    let mut filter = MessageFilter::default();
    filter.endpoint = query.get("endpoint").map(Into::into);
    filter.state = state;
    // What waits or is dead is shown however old it is.
    let is_ended = matches!(state, Some(MessageState::Done | MessageState::Discarded) | None);
    filter.received_from = is_ended.then(|| since(now, span(query, "24h").2));
    if let Some(event_type) = query.get("type") {
        filter = filter.with_event_type(event_type);
    }
    match query.get("find").map(|text| (text, key(text))) {
        Some((_, Some(key))) => filter.key = Some(EventKey::from_bytes(key)),
        Some((id, None)) => filter = filter.with_event_id(id),
        None => {}
    }
    filter
}
