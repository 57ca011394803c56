use countersign::scheme::Scheme;
use countersign::senders::Verifier;
use countersign::{ConfigErrorKind, Timestamp};

use super::{naive, receive, sure};

/// The longest pointer that is tried; serde_json goes 128 levels deep.
const MAX_TOKENS: usize = 100;

/// The input is a JSON pointer, a line end, and a body.
///
/// What stands there is read as a naive reader does, whether it is taken for the event's id or its
/// type; a pointer is rejected at set-up exactly if RFC 6901 knows it not, or it is the whole body.
///
/// # Panics
///
/// If that does not hold.
pub fn json_pointer(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (Some(pointer), Some(body)) = (lines.next(), lines.next()) else { return };
    let Ok(pointer) = std::str::from_utf8(pointer) else { return };
    let scheme = Scheme::danger_unauthenticated("fuzz")
        .id_field(pointer.to_owned())
        .event_type_field(pointer.to_owned())
        .payload_field(pointer.to_owned())
        .build();
    let (scheme, tokens) = match (scheme, naive::tokens(pointer)) {
        (Ok(scheme), Some(tokens)) => (scheme, tokens),
        (Err(error), None) => {
            assert_eq!(error.kind(), ConfigErrorKind::InvalidPointer);
            return;
        }
        (scheme, tokens) => panic!("`{pointer}` gave {scheme:?}, but is {tokens:?}"),
    };
    if tokens.len() > MAX_TOKENS {
        return;
    }
    let verifier = sure(Verifier::danger_unauthenticated(scheme));
    let headers: [(&str, &str); 0] = [];
    let delivery = sure(receive(&verifier, &headers, body, Timestamp::from_secs(0)));
    let scalar = naive::scalar(body, &tokens);
    assert_eq!(delivery.unverified_id().as_deref(), scalar.as_deref());
    assert_eq!(delivery.event_type().as_deref(), scalar.as_deref());
    assert_eq!(delivery.signed_id(), None, "nothing is signed");
    let payload = delivery.payload::<&serde_json::value::RawValue>().ok();
    assert_eq!(payload.map(|raw| raw.get().to_owned()), naive::find(body, &tokens));
}
