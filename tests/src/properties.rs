//! Properties that hold for every input. Each is one function per fuzz target, which panics if the
//! property does not hold.

mod ainexlayer_envelope;
mod event_keys;
mod form_fields;
mod gaps;
mod header_grammars;
mod streaming_chunks;
mod json_pointer;
mod known_senders;
mod naive;
mod omniai_event;
mod omniai_identity;
mod secret_forms;
mod signed_parts;
mod standard_webhooks;
mod timestamp_text;
mod twilio_form;
mod wire;

use std::fmt;

use countersign::senders::Verifier;
use countersign::{Delivery, Headers, Rejection, Timestamp};
use std::sync::Arc;

pub use self::ainexlayer_envelope::ainexlayer_envelope;
pub use self::event_keys::event_keys;
pub use self::form_fields::form_fields;
pub use self::header_grammars::header_grammars;
pub use self::json_pointer::json_pointer;
pub use self::known_senders::known_senders;
pub use self::omniai_event::omniai_event;
pub use self::omniai_identity::omniai_identity;
pub use self::secret_forms::secret_forms;
pub use self::signed_parts::signed_parts;
pub use self::standard_webhooks::standard_webhooks;
pub use self::streaming_chunks::streaming_chunks;
pub use self::timestamp_text::timestamp_text;
pub use self::twilio_form::twilio_form;

/// Checks one input.
pub type Property = fn(&[u8]);

/// Every property, by the name of its fuzz target and corpus.
pub const ALL: [(&str, Property); 14] = [
    ("ainexlayer_envelope", ainexlayer_envelope),
    ("event_keys", event_keys),
    ("form_fields", form_fields),
    ("header_grammars", header_grammars),
    ("streaming_chunks", streaming_chunks),
    ("json_pointer", json_pointer),
    ("known_senders", known_senders),
    ("omniai_event", omniai_event),
    ("omniai_identity", omniai_identity),
    ("secret_forms", secret_forms),
    ("signed_parts", signed_parts),
    ("standard_webhooks", standard_webhooks),
    ("timestamp_text", timestamp_text),
    ("twilio_form", twilio_form),
];

/// A body limit that no input reaches.
const CAP: usize = 1 << 24;

/// Verifies a body in one piece.
fn receive<H: Headers + ?Sized>(
    verifier: &Arc<Verifier>,
    headers: &H,
    body: &[u8],
    now: Timestamp,
) -> Result<Delivery, Rejection> {
    let mut verifier = verifier.open(headers, now, CAP)?;
    verifier.update(body.to_vec())?;
    verifier.finalize()
}

/// Unwraps the result of a step that cannot fail for any input.
fn infallible<T, E: fmt::Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("a step that cannot fail has failed: {error:?}"),
    }
}
