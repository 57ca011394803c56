//! Suggests the fields of a body that hold the event's type, id and time.

use countersign::Timestamp;
use countersign::scheme::TimestampFormat;
use serde_json::Value;

const TYPES: [&str; 8] = [
    "/event",
    "/type",
    "/event_type",
    "/eventType",
    "/event_name",
    "/eventName",
    "/topic",
    "/action",
];
const IDS: [&str; 10] = [
    "/id",
    "/event_id",
    "/eventId",
    "/uuid",
    "/delivery_id",
    "/deliveryId",
    "/webhook_id",
    "/message_id",
    "/event/id",
    "/meta/id",
];
const TIMES: [&str; 12] = [
    "/timestamp",
    "/created_at",
    "/createdAt",
    "/time",
    "/occurred_at",
    "/occurredAt",
    "/sent_at",
    "/sentAt",
    "/created",
    "/event_time",
    "/meta/timestamp",
    "/data/timestamp",
];

/// Returns the suggested settings as Rust code. A time in a header takes precedence over one in the body.
pub(crate) fn settings(body: &[u8], time_header: Option<&str>) -> String {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let at = |pointers: &[&'static str], fits: fn(&Value) -> bool| {
        let found = pointers.iter().find(|pointer| document.pointer(pointer).is_some_and(fits));
        found.map_or("FieldLocation::Absent".to_owned(), |pointer| {
            format!("FieldLocation::field(\"{pointer}\")")
        })
    };
    let kind = at(&TYPES, Value::is_string);
    let id = at(&IDS, |value| value.is_string() || value.is_u64());
    let time = match time_header {
        Some(name) => format!("FieldLocation::header(\"{name}\")"),
        None => at(&TIMES, is_time),
    };
    format!(".event_type({kind}).event_id({id}).time({time})")
}

fn is_time(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            Timestamp::parse(text.as_bytes(), TimestampFormat::Rfc3339).is_some()
        }
        // Seconds since 2001, which the receiver accepts.
        Value::Number(number) => {
            number.as_u64().is_some_and(|secs| (978_307_200..4_102_444_800).contains(&secs))
        }
        _ => false,
    }
}
