//! Storing a verified delivery in an inbox.

use std::pin::pin;

use super::request::StoredRequest;
use crate::crypto::mac::FieldHash;
use crate::dedup::{StoreError, StoreErrorKind};
use crate::event::searchable;
use crate::headers::Headers;
use crate::inbox::{EnqueueOutcome, Inbox, NewMessage};
use crate::receive::adapter_state::AdapterState;
use crate::receive::log::Recording;
use crate::receive::outcome::Outcome;
use crate::receive::receiver::Receiver;
use crate::receive::report::report_outcome;
use crate::receive::response::Response;
use crate::receive::store_call::call_store;
use crate::receive::timer::Timer;
use crate::receive::{recorder, trace};
use crate::verify::Delivery;

/// Stores a verified delivery in the [inbox](AdapterState::inbox) of `state`, and returns the response to its sender.
///
/// `method`, `uri` and `head` are those of the request, as they are to reach the application again: `uri` is
/// the path and the query before any router has removed a prefix.
///
/// A sender that hangs up meanwhile does no harm: if the event has been stored, its next delivery is a
/// duplicate.
pub async fn enqueue<H: Headers + ?Sized>(
    state: &AdapterState,
    receiver: &Receiver,
    timer: &impl Timer,
    delivery: &Delivery,
    mut recording: Recording,
    (method, uri): (&str, &str),
    head: &H,
) -> Response {
    recorder::verified(receiver, delivery);
    let span = trace::span(receiver, delivery);
    let store = async {
        let stored = async {
            let inbox = inbox_of(state, receiver)?;
            let request = StoredRequest::new(inbox, delivery, method, uri, head);
            let message = message(receiver, inbox, delivery, &request)?;
            trace::event(&message.key);
            inbox.enqueue(&message, state.now()).await
        };
        let outcome = match call_store(receiver, timer, "enqueue", pin!(stored)).await {
            Ok(EnqueueOutcome::Stored(id)) => {
                recording.stored(id);
                Outcome::Stored
            }
            Ok(EnqueueOutcome::Duplicate { same_body }) => Outcome::Duplicate { same_body },
            Ok(EnqueueOutcome::InProgress { retry_after }) => Outcome::InProgress { retry_after },
            Err(error) => Outcome::from(&error),
        };
        report_outcome(receiver, outcome);
        let response = Response::from(outcome).with_contract(receiver.contract());
        recording.end(outcome, Some(response.status()));
        response
    };
    trace::instrument(span, store).await
}

/// Returns the inbox, unless the receiver remembers its events elsewhere: they would not be recognised here.
fn inbox_of<'s>(state: &'s AdapterState, receiver: &Receiver) -> Result<&'s Inbox, StoreError> {
    let failed = |text: &str| StoreError::new(StoreErrorKind::Unavailable, text);
    let inbox = state.inbox().ok_or_else(|| failed("the adapter has no inbox"))?;
    let own = receiver.set_store_id();
    if own.is_none() || own == inbox.store_id() {
        return Ok(inbox);
    }
    Err(failed(
        "the receiver's dedup store is not the inbox's: give `ReceiverBuilder::dedup` and `Inbox::new` clones of one store",
    ))
}

fn message(
    receiver: &Receiver,
    inbox: &Inbox,
    delivery: &Delivery,
    request: &StoredRequest,
) -> Result<NewMessage, StoreError> {
    let event = receiver.event(delivery)?;
    let request = serde_json::to_string(request).map_err(|error| {
        let text = format!("the request cannot be stored: {error}");
        StoreError::new(StoreErrorKind::Unavailable, text)
    })?;
    Ok(NewMessage {
        key: receiver.key_in_shared_store(delivery),
        fingerprint: delivery.fingerprint(),
        dedup_retention: event.retention.keep_for(),
        endpoint: receiver.shared_endpoint().clone(),
        tenant: delivery.tenant().map(Into::into),
        sender: delivery.sender().into(),
        event_id: delivery.unverified_id().map(|id| searchable(&id)),
        event_type: delivery.event_type().map(|name| searchable(&name)),
        lane: lane(receiver, inbox, delivery),
        received: delivery.received(),
        request: request.into(),
        body: delivery.body().clone(),
    })
}

/// Returns the digest of the event's ordering key, which no other endpoint or tenant shares.
fn lane(receiver: &Receiver, inbox: &Inbox, delivery: &Delivery) -> Option<[u8; 16]> {
    let value = delivery.scalar(inbox.settings().ordering_key.as_ref()?)?;
    let hash = FieldHash::new()
        .field(b"countersign lane v1")
        .field(receiver.endpoint().as_bytes())
        .field(delivery.tenant().unwrap_or_default().as_bytes())
        .field(value.as_bytes());
    hash.finish().first_chunk().copied()
}
