//! The ways in which senders of the catalogue identify an event.

use std::borrow::Cow;

use serde_json::Value;

use crate::crypto::encoding::hex;
use crate::crypto::mac::sha256;
use crate::event::Identity;
use crate::verify::Delivery;

/// Identifies a delivery that holds a list of events by the fields at `ids` of each event, in order.
///
/// Returns `None` if there is no list at `list`, the list is empty, or an event lacks one of the fields.
pub(super) fn ids_of_list(delivery: &Delivery, list: &str, ids: &[&str]) -> Option<Identity> {
    let body: Value = delivery.event().ok()?;
    let events = body.pointer(list)?.as_array().filter(|events| !events.is_empty())?;
    let mut texts = Vec::with_capacity(events.len() * ids.len());
    for event in events {
        for id in ids {
            texts.push(text(event.pointer(id)?)?);
        }
    }
    Some(Identity::fields(texts.iter().map(|text| &**text)))
}

/// Identifies a delivery by fields of its body; `None` if the body lacks one of them.
pub(super) fn fields(delivery: &Delivery, pointers: &[&str]) -> Option<Identity> {
    let body: Value = delivery.event().ok()?;
    let texts: Option<Vec<_>> =
        pointers.iter().map(|pointer| text(body.pointer(pointer)?)).collect();
    Some(Identity::fields(texts?.iter().map(|text| &**text)))
}

/// Identifies a delivery by its body without one field, which changes in a retry.
pub(super) fn body_without(delivery: &Delivery, field: &str) -> Option<Identity> {
    let mut body: Value = delivery.event().ok()?;
    body.as_object_mut()?.remove(field)?;
    Some(Identity::fields([&*hex(&sha256(body.to_string().as_bytes()))]))
}

/// Identifies a delivery by its signed time and its body, for senders that send equal bodies twice.
pub(super) fn time_and_body(delivery: &Delivery) -> Option<Identity> {
    let time = delivery.timestamp()?.as_millis().to_string();
    Some(Identity::fields([&*time, &*hex(&sha256(delivery.body()))]))
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}
