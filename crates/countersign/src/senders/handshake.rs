//! Responds to handshakes.

use std::sync::Arc;

use serde_json::json;

use super::challenge::{BodyResponse, Challenge};
use super::handshake_response::HandshakeResponse;
use crate::crypto::mac::Tag;
use crate::error::{Rejection, RejectionKind};
use crate::headers::{Headers, is_printable};
use crate::json::pointer::Pointer;
use crate::keys::Secret;
use crate::scheme::form::decode_form_text;
use crate::verify::Delivery;

/// The longest challenge that gets a response, in bytes. The challenges of the catalogue's senders are far
/// shorter.
const MAX_CHALLENGE_BYTES: usize = 1024;

/// A sender's handshake with what its response needs.
///
/// Only an implementation of [`Sender`](super::Sender) needs to create one; a
/// [`SenderSpec`](super::SenderSpec) takes a [`Challenge`].
///
/// ```
/// use countersign::Secret;
/// use countersign::senders::{Challenge, Handshake};
///
/// let token = Secret::new("the verify token of the subscription")?;
/// let handshake = Handshake::new(Challenge::WebSubVerify).with_token(&token);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Handshake {
    challenge: Challenge,
    /// The digest of the token that a [`Challenge::WebSubVerify`] must present.
    token: Option<Arc<Tag>>,
}

impl Handshake {
    /// Creates a handshake. A [`Challenge::WebSubVerify`] also needs a
    /// [token](Self::with_token); without one, it is rejected.
    #[must_use]
    pub const fn new(challenge: Challenge) -> Self {
        Self { challenge, token: None }
    }

    /// Responds only to requests that present `token`.
    #[must_use]
    pub fn with_token(mut self, token: &Secret) -> Self {
        self.token = Some(Arc::new(Tag::of_token(token.expose())));
        self
    }

    /// Returns the method of the handshake's requests, if it is not `POST`.
    pub(crate) const fn method(&self) -> Option<&'static str> {
        match self.challenge {
            Challenge::Head => Some("HEAD"),
            Challenge::Query(_) | Challenge::WebSubVerify | Challenge::Header { .. } => Some("GET"),
            Challenge::Body { .. } => None,
        }
    }

    /// Returns the response to a request whose method is not `POST`; `None` if it is not a handshake.
    pub(crate) fn response(
        &self,
        method: &str,
        head: &(impl Headers + ?Sized),
    ) -> Option<Result<HandshakeResponse, Rejection>> {
        if self.method() != Some(method) {
            return None;
        }
        match self.challenge {
            Challenge::Head => Some(Ok(HandshakeResponse::empty(200))),
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
                        "the sender's handshake needs the token of its settings: configure it as `verify_token`",
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

    /// Returns the response to a verified delivery; `None` if it is not a handshake.
    pub(crate) fn signed_response(&self, delivery: &Delivery) -> Option<HandshakeResponse> {
        let Challenge::Body { kind, value, response } = self.challenge else { return None };
        let text = |pointer| Pointer::parse(pointer).ok()?.scalar(delivery.body());
        if text(kind)? != value {
            return None;
        }
        match response {
            BodyResponse::Echo(pointer) => echo(text(pointer)?.as_bytes()),
            BodyResponse::EchoWithHmac(pointer) => {
                let token = text(pointer)?;
                // Only a token without separators is signed: otherwise a client could obtain a signature of
                // content that the sender itself signs.
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte);
                let token = presentable(token.as_bytes())?;
                if !token.bytes().all(is_word) {
                    return None;
                }
                let hmac = delivery.verifier.hmac_hex(delivery.key, token.as_bytes())?;
                let body = json!({ "plainToken": token, "encryptedToken": hmac });
                Some(HandshakeResponse::json(body.to_string()))
            }
            BodyResponse::Fixed(body) => Some(HandshakeResponse::json(body)),
            BodyResponse::NoContent => Some(HandshakeResponse::empty(204)),
        }
    }
}

fn echo(challenge: &[u8]) -> Option<HandshakeResponse> {
    presentable(challenge).map(|text| HandshakeResponse::text(text.to_owned()))
}

/// Returns a challenge that is printable and short enough for a response.
fn presentable(challenge: &[u8]) -> Option<&str> {
    let is_fit = (1..=MAX_CHALLENGE_BYTES).contains(&challenge.len()) && is_printable(challenge);
    if is_fit { std::str::from_utf8(challenge).ok() } else { None }
}

/// Returns a parameter of the query that occurs exactly once.
fn parameter(head: &(impl Headers + ?Sized), name: &str) -> Option<Vec<u8>> {
    let mut found = head.query()?.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (decode_form_text(key.as_bytes())? == name.as_bytes()).then_some(value)
    });
    let value = found.next()?;
    if found.next().is_some() { None } else { decode_form_text(value.as_bytes()) }
}

/// Returns a header that occurs exactly once.
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
