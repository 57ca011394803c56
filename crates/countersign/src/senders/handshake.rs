//! Handshakes: how a sender asks whether an endpoint is ready for it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use crate::crypto::mac::Tag;
use crate::error::{Rejection, RejectionKind};
use crate::headers::{Headers, is_printable};
use crate::json::pointer::Pointer;
use crate::keys::Secret;
use crate::scheme::form::decode_form_text;
use crate::verify::Delivery;

/// The longest challenge that is answered, in bytes; those of the catalogue's senders are far shorter.
const MAX_CHALLENGE_BYTES: usize = 1024;

/// A sender's handshake, as data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Challenge {
    /// `GET` with the challenge as a query parameter of this name; it is echoed as text.
    Query(&'static str),
    /// `GET` with `hub.mode`, `hub.verify_token` and `hub.challenge`; the last is echoed as text if
    /// the token is the one set up.
    WebSubVerify,
    /// `GET` with the challenge in a header; it is answered in a JSON field.
    Header {
        /// The header's name.
        name: &'static str,
        /// The field's.
        field: &'static str,
    },
    /// `HEAD`, which wants any success.
    Head,
    /// A signed `POST` that has `value` at the pointer `kind`; what stands at `challenge` is answered.
    Body {
        /// Where the body says what it is.
        kind: &'static str,
        /// What it says.
        value: &'static str,
        /// How it is answered.
        answer: BodyResponse,
    },
}

/// How a challenge in a signed body is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BodyResponse {
    /// With what stands at this pointer, as text.
    Echo(&'static str),
    /// With the token at this pointer and its HMAC under the same key, as `plainToken` and
    /// `encryptedToken`.
    EchoWithHmac(&'static str),
    /// With this JSON.
    Fixed(&'static str),
    /// With 204.
    NoContent,
}

/// The answer to a handshake.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandshakeResponse {
    status: u16,
    content_type: Option<&'static str>,
    body: Bytes,
}

impl HandshakeResponse {
    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The value of `Content-Type`, where there is a body. Send `X-Content-Type-Options: nosniff`
    /// with it, so that no browser takes an echo for a page.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'static str> {
        self.content_type
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    const NONE: Self = Self { status: 204, content_type: None, body: Bytes::new() };

    fn text(text: impl Into<Bytes>) -> Self {
        Self { status: 200, content_type: Some("text/plain; charset=utf-8"), body: text.into() }
    }

    fn json(body: impl Into<Bytes>) -> Self {
        Self { status: 200, content_type: Some("application/json"), body: body.into() }
    }
}

/// A handshake with what is needed to answer it.
#[derive(Clone, Debug)]
pub struct Handshake {
    challenge: Challenge,
    /// The digest of the token that a [`Challenge::WebSubVerify`] must show.
    token: Option<Arc<Tag>>,
}

impl Handshake {
    /// The handshake of a sender; a [`Challenge::WebSubVerify`] is answered only
    /// [`with_token`](Self::with_token).
    #[must_use]
    pub const fn new(challenge: Challenge) -> Self {
        Self { challenge, token: None }
    }

    /// Answers only who shows `token`.
    #[must_use]
    pub fn with_token(mut self, token: &Secret) -> Self {
        self.token = Some(Arc::new(Tag::of_token(token.expose())));
        self
    }

    /// Answers a request of another method than `POST`; `None` if it is no handshake.
    pub(crate) fn response(
        &self,
        method: &str,
        head: &(impl Headers + ?Sized),
    ) -> Option<Result<HandshakeResponse, Rejection>> {
        let expected = if self.challenge == Challenge::Head { "HEAD" } else { "GET" };
        if method != expected {
            return None;
        }
        match self.challenge {
            Challenge::Head => {
                Some(Ok(HandshakeResponse { status: 200, ..HandshakeResponse::NONE }))
            }
            Challenge::Query(name) => echo(&parameter(head, name)?).map(Ok),
            Challenge::Header { name, field } => {
                let value = header(head, name)?;
                presentable(value)
                    .map(|text| Ok(HandshakeResponse::json(json!({ field: text }).to_string())))
            }
            Challenge::WebSubVerify => {
                let challenge = echo(&parameter(head, "hub.challenge")?)?;
                let token = parameter(head, "hub.verify_token")?;
                if parameter(head, "hub.mode")? != b"subscribe" {
                    return None;
                }
                let Some(own) = &self.token else {
                    return Some(Err(Rejection::new(RejectionKind::MethodNotAllowed).with_detail(
                        "the sender asks whether the endpoint is ready: give the token it was told as `verify_token`",
                    )));
                };
                let is_known = own.matches(&Tag::of_token(&token));
                Some(is_known.then_some(challenge).ok_or_else(|| {
                    Rejection::new(RejectionKind::SignatureMismatch)
                        .with_detail("`hub.verify_token` is not the configured `verify_token`")
                }))
            }
            Challenge::Body { .. } => None,
        }
    }

    /// Answers a verified delivery; `None` if it is no handshake.
    pub(crate) fn signed_response(&self, delivery: &Delivery) -> Option<HandshakeResponse> {
        let Challenge::Body { kind, value, answer } = self.challenge else { return None };
        let text = |pointer| Pointer::parse(pointer).ok()?.scalar(delivery.body());
        if text(kind)? != value {
            return None;
        }
        match answer {
            BodyResponse::Echo(pointer) => echo(text(pointer)?.as_bytes()),
            BodyResponse::EchoWithHmac(pointer) => {
                let token = text(pointer)?;
                // What is signed for the asker must not pass for what the sender signs.
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
                let token = presentable(token.as_bytes())?;
                if !token.bytes().all(is_word) {
                    return None;
                }
                let sealed = delivery.verifier.hmac_hex(delivery.key, token.as_bytes())?;
                let body = json!({ "plainToken": token, "encryptedToken": sealed });
                Some(HandshakeResponse::json(body.to_string()))
            }
            BodyResponse::Fixed(body) => Some(HandshakeResponse::json(body)),
            BodyResponse::NoContent => Some(HandshakeResponse::NONE),
        }
    }
}

fn echo(challenge: &[u8]) -> Option<HandshakeResponse> {
    presentable(challenge).map(|text| HandshakeResponse::text(text.to_owned()))
}

/// A challenge that is worth an answer: printable and short.
fn presentable(challenge: &[u8]) -> Option<&str> {
    let is_fit = (1..=MAX_CHALLENGE_BYTES).contains(&challenge.len()) && is_printable(challenge);
    if is_fit { std::str::from_utf8(challenge).ok() } else { None }
}

/// A query's parameter that stands there once.
fn parameter(head: &(impl Headers + ?Sized), name: &str) -> Option<Vec<u8>> {
    let mut found = head.query()?.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (decode_form_text(key.as_bytes())? == name.as_bytes()).then_some(value)
    });
    let value = found.next()?;
    if found.next().is_some() { None } else { decode_form_text(value.as_bytes()) }
}

/// A header that stands there once.
fn header<'h>(head: &'h (impl Headers + ?Sized), name: &str) -> Option<&'h [u8]> {
    let (mut found, mut count) = (None, 0);
    head.each(|header, value| {
        if header.eq_ignore_ascii_case(name) {
            found = Some(value);
            count += 1;
        }
    });
    found.filter(|_| count == 1)
}
