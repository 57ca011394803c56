use countersign::scheme::Scheme;
use countersign::senders::Verifier;
use countersign::{ConfigErrorKind, Timestamp};

use super::{infallible, naive, receive};

/// The longest pointer that is tested; serde_json reads 128 levels.
const MAX_TOKENS: usize = 100;

/// Checks a JSON pointer, a line end, and a body.
///
/// The value at the pointer is the one that a naive reader finds, both as the event's id and as its
/// type. A pointer is rejected at startup exactly if it is invalid in RFC 6901 or is the whole body.
///
/// # Panics
///
/// Panics if the property does not hold.
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
    let verifier = infallible(Verifier::danger_unauthenticated(scheme));
    let headers: [(&str, &str); 0] = [];
    let delivery = infallible(receive(&verifier, &headers, body, Timestamp::from_secs(0)));
    let scalar = naive::scalar(body, &tokens);
    assert_eq!(delivery.unverified_id().as_deref(), scalar.as_deref());
    assert_eq!(delivery.event_type().as_deref(), scalar.as_deref());
    assert_eq!(delivery.signed_id(), None, "nothing is signed");
    let payload = delivery.payload::<&serde_json::value::RawValue>().ok();
    assert_eq!(payload.map(|raw| raw.get().to_owned()), naive::find(body, &tokens));
}
