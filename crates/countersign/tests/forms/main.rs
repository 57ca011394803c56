//! What a handler gets from a form: typed events, ids and types, and errors that name the field.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod documents;
mod fields;
mod identity;
mod json_in_forms;
mod malformed;
mod mismatches;
mod parts;

use countersign::scheme::{BodyFormat, Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::Sender;
use countersign::{Custom, Delivery, RejectionKind, Secret, Timestamp};
use serde::de::DeserializeOwned;

const SECRET: &str = "a secret of at least 24 bytes";
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_770_000_000);
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// A sender of these formats, which signs its body and has its id at `/id` and its type at `/type`.
pub(crate) fn sender(formats: impl IntoIterator<Item = BodyFormat>) -> Custom {
    let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme", Encoding::Hex))
        .id_field("/id")
        .event_type_field("/type")
        .body_formats(formats);
    Custom::new(scheme.build().unwrap(), secret()).unwrap()
}

/// Verifies a genuine request with this content type, none if it is empty.
#[track_caller]
pub(crate) fn receive(
    sender: &dyn Sender,
    content_type: &str,
    body: impl Into<Vec<u8>>,
) -> Delivery {
    let body = body.into();
    let signed = SigningRequest::new(&body)
        .timestamp(NOW)
        .request(sender.verifier().scheme(), &secret())
        .unwrap();
    let mut headers = signed.headers;
    if !content_type.is_empty() {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    sender.verifier().verify(&headers, body, NOW, 32 << 20).unwrap()
}

/// Decodes a body of these formats.
#[track_caller]
pub(crate) fn decode<T: DeserializeOwned>(
    formats: impl IntoIterator<Item = BodyFormat>,
    body: impl Into<Vec<u8>>,
) -> T {
    receive(&sender(formats), "", body).event().unwrap()
}

/// Returns the detail of the rejection of a body that does not fit `T`.
#[track_caller]
pub(crate) fn mismatch<T: DeserializeOwned>(delivery: &Delivery) -> String {
    let Err(rejection) = delivery.event::<T>() else { panic!("the body fits") };
    assert_eq!((rejection.kind(), rejection.status()), (RejectionKind::Undecodable, 422));
    let text = rejection.to_string();
    text.strip_prefix("body is authentic but does not fit the type: ").unwrap().to_owned()
}

/// Encodes the fields of a form.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
