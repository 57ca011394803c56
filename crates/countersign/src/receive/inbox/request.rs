//! A request without its body, as it is stored with a message.

use serde::{Deserialize, Serialize};

use crate::headers::Headers;
use crate::inbox::Inbox;
use crate::scheme::{Location, Scheme, TimestampLocation};
use crate::verify::{Delivery, StoredDelivery};

/// A request without its body, and what is known of its delivery.
#[derive(Deserialize, Serialize)]
pub(super) struct StoredRequest {
    pub(super) method: Box<str>,
    pub(super) uri: Box<str>,
    pub(super) headers: Vec<(Box<str>, HeaderValue)>,
    pub(super) delivery: StoredDelivery,
}

/// The value of a header: text, or bytes that are not UTF-8.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum HeaderValue {
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

impl From<&[u8]> for HeaderValue {
    fn from(value: &[u8]) -> Self {
        match std::str::from_utf8(value) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Bytes(value.into()),
        }
    }
}

impl HeaderValue {
    pub(super) const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl StoredRequest {
    pub(super) fn new<H: Headers + ?Sized>(
        inbox: &Inbox,
        delivery: &Delivery,
        method: &str,
        uri: &str,
        head: &H,
    ) -> Self {
        let scheme = delivery.verifier.scheme();
        let mut headers = Vec::new();
        head.each(|name, value| {
            let is_kept = inbox.keeps_header(name)
                || event_headers(scheme).any(|own| own.eq_ignore_ascii_case(name));
            if is_kept {
                headers.push((name.into(), HeaderValue::from(value)));
            }
        });
        Self { method: method.into(), uri: uri.into(), headers, delivery: delivery.into() }
    }
}

/// Returns the headers with the event's id, type and time.
fn event_headers(scheme: &Scheme) -> impl Iterator<Item = &str> {
    let in_header = |location| match location {
        Location::Header(name) => Some(name),
        Location::Body(_) => None,
    };
    let time = scheme.timestamp().and_then(|time| match time.location {
        TimestampLocation::Header(name) => Some(name),
        _ => None,
    });
    let named = [scheme.id(), scheme.event_type()].into_iter().flatten().filter_map(in_header);
    named.chain(time)
}
