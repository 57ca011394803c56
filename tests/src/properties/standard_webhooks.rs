use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use countersign::senders::Sender;
use countersign::{Secret, StandardWebhooks};

use super::wire::Wire;
use super::{infallible, naive, receive, wire};

const KEY: &[u8; 24] = b"twenty-four bytes of key";

static SENDER: LazyLock<StandardWebhooks> = LazyLock::new(|| {
    let secret = format!("whsec_{}", BASE64_STANDARD.encode(KEY));
    infallible(StandardWebhooks::new(infallible(Secret::new(secret))))
});

/// Checks a request in five lines, as in [`header_grammars`](super::header_grammars).
///
/// The result is that of a naive implementation of the specification.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn standard_webhooks(data: &[u8]) {
    let Some(mut wire) = Wire::parse(data, wire::SIGNED_AT) else { return };
    let tag = naive::tag(KEY, &[wire.id, b".", &wire.time, b".", wire.body]);
    let right = BASE64_STANDARD.encode(tag);
    wire.sign(&right);
    let headers = wire.headers(["webhook-id", "webhook-timestamp", "webhook-signature"]);
    let received = receive(SENDER.verifier(), &headers, wire.body, wire.now());
    assert_eq!(received.is_ok(), headers.len() == 3 && accepts(&wire, &right), "{received:?}");
    if let Ok(delivery) = received {
        assert_eq!(delivery.signed_id().as_deref().map(str::as_bytes), Some(wire.id));
        assert_eq!(delivery.body(), wire.body);
    }
}

/// The specification, implemented strictly and with this project's limits.
fn accepts(wire: &Wire<'_>, right: &str) -> bool {
    let values = [wire.id, &wire.time, &wire.signature];
    let sound = |value: &[u8]| {
        !value.is_empty()
            && value.len() <= 8 * 1024
            && value.iter().all(|byte| (b' '..=b'~').contains(byte))
    };
    let Some(secs) = naive::number(&wire.time) else { return false };
    let text = String::from_utf8_lossy(&wire.signature);
    let signatures: Vec<&str> = text
        .split(' ')
        .filter_map(|item| item.strip_prefix("v1,"))
        .filter(|item| BASE64_STANDARD.decode(item).is_ok_and(|tag| tag.len() == 32))
        .collect();
    values.into_iter().all(sound)
        && wire.id.len() <= 256
        && !wire.id.contains(&b'.')
        && wire.now().as_secs().abs_diff(secs) <= 300
        && signatures.len() <= 16
        && signatures.contains(&right)
}
