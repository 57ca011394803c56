//! The ways in which senders of the catalogue identify an event.

use crate::crypto::encoding::hex;
use crate::crypto::mac::sha256;
use crate::event::Identity;
use crate::json::members::Members;
use crate::json::pointer::Pointer;
use crate::verify::Delivery;

// An id is its text: the characters of a string, or the digits of a number exactly as sent. So numbers
// beyond the range of `u64` and `f64` stay distinct, `1` and `1.0` are two ids, and `1` and `"1"` are one.

/// Identifies a delivery by a field of its body; `None` if the body lacks it.
pub(super) fn field(delivery: &Delivery, pointer: &str) -> Option<Identity> {
    let pointer = Pointer::parse(pointer).ok()?;
    let text = match delivery.scalars([&pointer]) {
        Some([text]) => text?,
        // The event is the fields of a form.
        None => delivery.scalar(&pointer)?,
    };
    Some(Identity::fields([&*text]))
}

/// Identifies a delivery by its body without one field, which changes in a retry.
///
/// Returns `None` if the body is not an object that has the field once.
pub(super) fn body_without(delivery: &Delivery, field: &str) -> Option<Identity> {
    let Members(mut members) = Members::parse(delivery.json()?)?;
    let all = members.len();
    members.retain(|(name, _)| name != field);
    if members.len() + 1 != all {
        return None;
    }
    // The order of the fields does not matter.
    members.sort_by(|(name, _), (other, _)| name.cmp(other));
    let texts = members.iter().flat_map(|(name, value)| [&**name, value.get()]);
    Some(Identity::fields(texts))
}

/// Identifies a delivery by its signed time and its body, for senders that send equal bodies twice, and by
/// its event type where the sender names it in a header.
pub(super) fn time_and_body(delivery: &Delivery) -> Option<Identity> {
    let time = delivery.timestamp()?.as_millis().to_string();
    let identity = Identity::fields([&*time, &*hex(&sha256(delivery.body()))]);
    Some(match delivery.identifying_event_type() {
        Some(event_type) => identity.with_event_type(&event_type),
        None => identity,
    })
}
