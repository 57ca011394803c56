use std::sync::LazyLock;
use std::time::Duration;

use countersign::ainexlayer::{AiNexLayer, Event, EventType};
use countersign::scheme::{Encoding, Tolerance};
use countersign::senders::Sender;
use countersign::{FromDelivery, RawJson, Rejection, RejectionKind, Secret, Timestamp};

use super::{infallible, naive, receive};

const SECRET: &[u8] = b"a secret of the right length";
/// Noon on the day of the fixtures.
const NOW: Timestamp = Timestamp::from_secs(1_770_811_200);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

static SENDER: LazyLock<AiNexLayer> = LazyLock::new(|| {
    let builder = AiNexLayer::builder(infallible(Secret::new(SECRET)))
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("sha256=")
        .assumed_envelope()
        .tolerance(Tolerance::new(DAY, DAY));
    infallible(builder.build())
});

/// Checks a body, correctly signed.
///
/// The body is rejected only for its timestamp, which must have a strict format and be fresh. Type, id
/// and payload are those that a naive reader finds. A type survives serializing and decoding.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn ainexlayer_envelope(data: &[u8]) {
    let signature = format!("sha256={}", naive::hex(&naive::tag(SECRET, &[data])));
    let received = receive(SENDER.verifier(), &[("x-signature", signature)], data, NOW);
    let time = scalar(data, "/timestamp");
    let delivery = match received {
        Ok(delivery) => delivery,
        Err(rejection) => {
            let about_time = [
                RejectionKind::MissingTimestamp,
                RejectionKind::StaleTimestamp,
                RejectionKind::FutureTimestamp,
            ];
            assert!(about_time.contains(&rejection.kind()), "{rejection}");
            let digits = time.and_then(|text| naive::number(text.as_bytes()));
            let near = digits.is_some_and(|secs| NOW.as_secs().abs_diff(secs) <= DAY.as_secs());
            assert!(!near, "{rejection}");
            return;
        }
    };
    let time = time.unwrap_or_default();
    let digits = naive::number(time.as_bytes());
    assert!(digits.is_some() || is_rfc3339(&time), "`{time}` is taken for a time");
    let stamp = infallible(delivery.timestamp().ok_or("a time"));
    assert!(stamp.as_millis().abs_diff(NOW.as_millis()) <= 24 * 60 * 60 * 1000);
    assert!(digits.is_none_or(|secs| Timestamp::from_secs(secs) == stamp));

    let event: Result<Event<RawJson>, Rejection> = Event::from_delivery(&delivery);
    let payload = naive::find(data, &infallible(naive::tokens("/data").ok_or("a pointer")));
    let Ok(event) = event else {
        assert_eq!(payload, None, "a payload was passed over");
        return;
    };
    assert_eq!(Some(event.payload.get()), payload.as_deref());
    assert_eq!(event.id, scalar(data, "/id"));
    assert_eq!(event.id.as_deref(), delivery.signed_id().as_deref());
    assert_eq!(event.event_type, scalar(data, "/event").map(|name| EventType::from(&*name)));
    if let Some(kind) = event.event_type {
        let name = scalar(data, "/event").unwrap_or_default();
        assert!(kind.as_str().eq_ignore_ascii_case(&name), "{name} became {kind}");
        assert_eq!(EventType::from(kind.as_str()), kind);
        let text = infallible(serde_json::to_string(&kind));
        assert_eq!(infallible(serde_json::from_str::<EventType>(&text)), kind);
    }
}

fn scalar(body: &[u8], pointer: &str) -> Option<String> {
    naive::scalar(body, &naive::tokens(pointer)?)
}

/// Whether the text has the format `2026-02-11T12:00:00.5+01:00` of RFC 3339 section 5.6.
fn is_rfc3339(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter.to_ascii_uppercase() })
        .collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
        Some(_) => return false,
        None => rest,
    };
    matches!(zone, "Z" | "+00:00" | "-00:00")
}
