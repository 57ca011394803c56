//! Requests as a server passes them on: parsed headers, and the body in one piece.

use bytes::Bytes;
use countersign::scheme::SigningRequest;
use countersign::senders::Sender;
use countersign::time::{Clock, SystemClock};
use countersign::{Secret, StandardWebhooks};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::Result;

/// Returns the text of the secret with this number.
#[must_use]
pub fn secret(number: u8) -> String {
    format!("whsec_{}fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", char::from(b'A' + number))
}

/// An authentic Standard Webhooks request.
#[derive(Debug)]
pub struct Request {
    /// The headers: those that are signed and those that any request has.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The signed bytes: `{id}.{timestamp}.{body}`.
    pub signed: Vec<u8>,
}

impl Request {
    /// Creates a request with event id `id` and `body`, signed now with the secret of number `key`.
    ///
    /// The signature header lists `signatures` values; all but the last are forged.
    ///
    /// # Errors
    ///
    /// An error if a header is malformed, which does not happen for a valid `id`.
    pub fn new(id: &str, body: &Bytes, key: u8, signatures: usize) -> Result<Self> {
        let sender = StandardWebhooks::new(Secret::new(secret(key))?)?;
        let now = SystemClock.now();
        let mut headers = ordinary_headers(body.len());
        let credentials = SigningRequest::new(body)
            .id(id)
            .timestamp(now)
            .sign(sender.verifier().scheme(), &Secret::new(secret(key))?)?;
        for (name, value) in credentials {
            let value = if name == "webhook-signature" {
                let forged = (1..signatures).map(forgery).collect::<String>();
                format!("{forged}{value}")
            } else {
                value
            };
            headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        let mut signed = format!("{id}.{}.", now.as_secs()).into_bytes();
        signed.extend_from_slice(body);
        Ok(Self { headers, body: body.clone(), signed })
    }
}

/// Returns a well-formed signature that is wrong.
fn forgery(number: usize) -> String {
    format!("v1,{number:04}9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= ")
}

fn ordinary_headers(length: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static("hooks.example.com"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("Sender/1.0"));
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers
}
