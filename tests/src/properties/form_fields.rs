use std::sync::Arc;

use countersign::scheme::{BodyFormat, Scheme};
use countersign::senders::Verifier;
use countersign::{Delivery, Timestamp};

use super::{infallible, receive};

/// The largest number of fields that is accepted.
const MAX_FIELDS: usize = 10_000;

/// The largest number of parts that is accepted.
const MAX_PARTS: usize = 1000;

type Pairs = Vec<(String, String)>;

/// Checks a body that a sender of every format sends.
///
/// A form has the fields that another parser reads, or is rejected if it has a malformed escape or bytes that
/// are not UTF-8. The same fields in parts are the same event. Under every content type, the event and its
/// id are the same.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn form_fields(body: &[u8]) {
    let flat = verifier([BodyFormat::Form]);
    let expected = pairs(body);
    let delivery = delivery(&flat, "", body);
    assert_eq!(delivery.event::<Pairs>().ok(), expected, "the fields of a form");
    assert_eq!(delivery.unverified_id().as_deref(), expected.as_deref().and_then(id));

    if let Some((parts, pairs)) = expected.and_then(|pairs| Some((in_parts(&pairs)?, pairs))) {
        let delivery = self::delivery(&verifier([BodyFormat::Multipart]), "", parts.as_bytes());
        assert_eq!(delivery.event::<Pairs>().ok().as_ref(), Some(&pairs), "in parts");
        assert_eq!(delivery.unverified_id().as_deref(), id(&pairs));
    }

    let all = verifier([
        BodyFormat::Json,
        BodyFormat::form_json("payload"),
        BodyFormat::Form,
        BodyFormat::multipart_json("json"),
        BodyFormat::Multipart,
    ]);
    let read = |content_type| {
        let delivery = self::delivery(&all, content_type, body);
        let event = delivery.event::<serde_json::Value>().ok();
        let files = delivery.files().map(|files| files.len()).ok();
        (event, files, delivery.unverified_id().map(std::borrow::Cow::into_owned))
    };
    let expected = read("");
    for content_type in ["application/json", FORM, "multipart/form-data; boundary=b", "x"] {
        assert_eq!(read(content_type), expected, "{content_type}");
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn verifier(formats: impl IntoIterator<Item = BodyFormat>) -> Arc<Verifier> {
    let scheme = Scheme::danger_unauthenticated("fuzz").id_field("/id").body_formats(formats);
    infallible(Verifier::danger_unauthenticated(infallible(scheme.build())))
}

fn delivery(verifier: &Arc<Verifier>, content_type: &str, body: &[u8]) -> Delivery {
    let headers = [("content-type", content_type)];
    infallible(receive(verifier, &headers, body, Timestamp::from_secs(0)))
}

/// The fields that another parser reads; `None` for a form that parsers read differently.
fn pairs(body: &[u8]) -> Option<Pairs> {
    let is_escaped = body.split(|byte| *byte == b'%').skip(1).all(|rest| {
        rest.first_chunk::<2>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let pairs: Pairs = form_urlencoded::parse(body).into_owned().collect();
    // The other parser replaces bytes that are not UTF-8. An input may have the replacement itself.
    let text = String::from_utf8(decoded(body)?).ok()?;
    let is_replaced = |text: &str| text.matches('\u{fffd}').count();
    let found: usize =
        pairs.iter().map(|(name, value)| is_replaced(name) + is_replaced(value)).sum();
    (is_escaped && found == is_replaced(&text) && pairs.len() <= MAX_FIELDS).then_some(pairs)
}

/// The body with its escapes decoded.
fn decoded(body: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = body.split(|byte| *byte == b'%');
    let mut decoded = pieces.next()?.to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_first_chunk::<2>()?;
        decoded.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        decoded.extend_from_slice(rest);
    }
    Some(decoded)
}

/// The only field `id`, if it is not empty.
fn id(pairs: &[(String, String)]) -> Option<&str> {
    let mut ids = pairs.iter().filter(|(name, _)| name == "id");
    let (_, value) = ids.next()?;
    (ids.next().is_none() && !value.is_empty()).then_some(value)
}

/// Whether a name needs no escape in the headers of a part.
fn is_plain(name: &str) -> bool {
    !name.contains(['"', '\\', '\r', '\n'])
}

/// The fields in parts, at a boundary that none of them holds; `None` if there is no such form.
fn in_parts(pairs: &[(String, String)]) -> Option<String> {
    let is_plain = pairs.iter().all(|(name, _)| is_plain(name));
    if !is_plain || !(1..=MAX_PARTS).contains(&pairs.len()) {
        return None;
    }
    let is_free = |boundary: &String| pairs.iter().all(|(_, value)| !value.contains(boundary));
    let boundary = (1..=70).map(|length| "b".repeat(length)).find(is_free)?;
    let part = |(name, value): &(String, String)| {
        format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    Some(format!("{}--{boundary}--", pairs.iter().map(part).collect::<String>()))
}
