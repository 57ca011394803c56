//! Responds to handshakes by `GET`, `HEAD` and `OPTIONS`, and to signed ones.

use serde_json::json;

use super::challenge::{BodyResponse, Challenge};
use super::handshake::Handshake;
use super::handshake_response::HandshakeResponse;
use super::request_values::{header, parameter, presentable};
use super::unsigned_challenge::{ChallengeSource, UnsignedChallenge};
use crate::crypto::encoding::base64;
use crate::crypto::mac::Tag;
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::json::pointer::Pointer;
use crate::time::Timestamp;
use crate::verify::{Delivery, Verifier, is_challenge, is_word};

const UNSIGNED: &str = "the sender's handshake has a challenge that is not signed: it is not 1 to 128 letters, digits, `-`, `_` and `=`";

type Response = Option<Result<HandshakeResponse, Rejection>>;

impl Handshake {
    /// Returns whether the response to a request depends on the keys of its receiver.
    pub(crate) fn needs_key(&self, method: &str, head: &(impl Headers + ?Sized)) -> bool {
        let is_keyed = |challenge: &Challenge| match challenge {
            Challenge::QueryHmac { parameter: name, .. } => parameter(head, name).is_some(),
            _ => false,
        };
        method == "GET" && self.challenges.iter().any(is_keyed)
    }

    /// Returns the response to a request whose method is not `POST`; `None` if it is not a handshake.
    ///
    /// An HMAC is made with the last key that is valid at `now`, or with the last key if the time is not
    /// known.
    pub(crate) fn response(
        &self,
        method: &str,
        head: &(impl Headers + ?Sized),
        verifier: &Verifier,
        now: Option<Timestamp>,
    ) -> Response {
        self.challenges.iter().find_map(|challenge| match (method, challenge) {
            ("HEAD", Challenge::Head) => Some(Ok(HandshakeResponse::empty(200))),
            ("OPTIONS", Challenge::WebHookOrigin) => self.allowed_origin(head),
            ("GET", Challenge::Query(name)) => echo(&parameter(head, name)?).map(Ok),
            ("GET", Challenge::Header { name, field }) => presentable(header(head, name)?)
                .map(|text| Ok(HandshakeResponse::field(field, text))),
            ("GET", Challenge::WebSubVerify | Challenge::WebSubVerifyJson) => {
                self.verified_token(challenge, head)
            }
            ("GET", Challenge::QueryHmac { parameter: name, field }) => {
                let token = parameter(head, name)?;
                if !is_challenge(&token) {
                    return Some(Err(
                        Rejection::new(RejectionKind::MethodNotAllowed).with_detail(UNSIGNED)
                    ));
                }
                let tag = verifier.hmac_of_challenge(&token, now)?;
                let text = format!("sha256={}", base64(&tag.to_bytes()));
                Some(Ok(HandshakeResponse::field(field, &text)))
            }
            ("GET", Challenge::Unsigned(challenge)) if challenge.method() == "GET" => {
                self.unsigned_get(challenge, head)
            }
            _ => None,
        })
    }

    /// Returns the response to a WebSub verification whose token is the configured one.
    fn verified_token(&self, challenge: &Challenge, head: &(impl Headers + ?Sized)) -> Response {
        let text = parameter(head, "hub.challenge")?;
        let text = presentable(&text)?;
        let token = parameter(head, "hub.verify_token")?;
        if parameter(head, "hub.mode")? != b"subscribe" {
            return None;
        }
        let Some(own) = &self.settings.token else {
            return Some(Err(Rejection::new(RejectionKind::MethodNotAllowed).with_detail(
                "the sender's handshake needs the token of its settings: configure it as `verify_token`",
            )));
        };
        if !own.matches(&Tag::of_token(&token)) {
            return Some(Err(Rejection::new(RejectionKind::SignatureMismatch)
                .with_detail("`hub.verify_token` is not the configured `verify_token`")));
        }
        Some(Ok(match challenge {
            Challenge::WebSubVerifyJson => HandshakeResponse::field("hub.challenge", text),
            _ => HandshakeResponse::text(text.to_owned()),
        }))
    }

    /// Returns the response to a `GET` with the challenge in its query or a header.
    fn unsigned_get(
        &self,
        challenge: &UnsignedChallenge,
        head: &(impl Headers + ?Sized),
    ) -> Response {
        let value = match challenge.source {
            ChallengeSource::Query(name) => parameter(head, name)?,
            ChallengeSource::Header(name) => header(head, name)?.to_vec(),
            ChallengeSource::Field(_) | ChallengeSource::FormNumber(_) => return None,
        };
        let text = presentable(&value)?;
        if let Some(own) = &self.settings.token
            && !own.matches(&Tag::of_token(&value))
        {
            return Some(Err(Rejection::new(RejectionKind::SignatureMismatch)
                .with_detail("the handshake's value is not the configured `verify_token`")));
        }
        Some(Ok(challenge.respond(text)))
    }

    /// Returns the response to a request for permission to deliver, by CloudEvents.
    fn allowed_origin(&self, head: &(impl Headers + ?Sized)) -> Response {
        let origin = presentable(header(head, "webhook-request-origin")?)?;
        let mut origins = self.settings.origins.iter();
        let allows = |allowed: &str| allowed == "*" || origin.eq_ignore_ascii_case(allowed);
        let Some(allowed) = origins.find(|allowed| allows(allowed)) else {
            return Some(Err(Rejection::new(RejectionKind::MethodNotAllowed).with_detail(
                "the sender's handshake asks to allow an origin that is not configured: add it with `allow_origin`",
            )));
        };
        let mut response = HandshakeResponse::empty(200)
            .with_header("allow", "POST")
            .with_header("webhook-allowed-origin", allowed.clone());
        if header(head, "webhook-request-rate").is_some() {
            let rate = self.settings.rate.map_or_else(|| "*".to_owned(), |rate| rate.to_string());
            response = response.with_header("webhook-allowed-rate", rate);
        }
        Some(Ok(response))
    }

    /// Returns the response to a verified delivery; `None` if it is not a handshake.
    pub(crate) fn signed_response(&self, delivery: &Delivery) -> Option<HandshakeResponse> {
        self.challenges.iter().find_map(|challenge| match challenge {
            Challenge::Body { kind, value, response } => {
                (text(delivery, kind)? == *value).then(|| signed_response(*response, delivery))?
            }
            Challenge::Unsigned(challenge) => known_secret(challenge, delivery),
            _ => None,
        })
    }
}

fn signed_response(response: BodyResponse, delivery: &Delivery) -> Option<HandshakeResponse> {
    match response {
        BodyResponse::Echo(pointer) => echo(text(delivery, pointer)?.as_bytes()),
        BodyResponse::EchoWithHmac(pointer) => {
            let token = text(delivery, pointer)?;
            // Only a token without separators is signed: otherwise a client could obtain a signature of
            // content that the sender itself signs.
            let token = presentable(token.as_bytes()).filter(|token| is_word(token.as_bytes()))?;
            let hmac = delivery.verifier.hmac_hex(delivery.key, token.as_bytes())?;
            let body = json!({ "plainToken": token, "encryptedToken": hmac });
            Some(HandshakeResponse::json(body.to_string()))
        }
        BodyResponse::Fixed(body) => Some(HandshakeResponse::json(body)),
        BodyResponse::NoContent => Some(HandshakeResponse::empty(204)),
    }
}

/// Returns the response to a delivery that brings the secret which has verified it.
///
/// A sender repeats its handshake so. The secret is configured already, and no callback receives it.
fn known_secret(challenge: &UnsignedChallenge, delivery: &Delivery) -> Option<HandshakeResponse> {
    let (true, ChallengeSource::Field(pointer)) = (challenge.is_signed_by_secret, challenge.source)
    else {
        return None;
    };
    let secret = text(delivery, pointer)?;
    let secret = presentable(secret.as_bytes())?;
    delivery.is_verified_by(secret).then(|| challenge.respond(secret))
}

/// Returns the string or number at a pointer of the delivery's body.
fn text<'d>(delivery: &'d Delivery, pointer: &str) -> Option<std::borrow::Cow<'d, str>> {
    Pointer::parse(pointer).ok()?.scalar(delivery.body())
}

fn echo(challenge: &[u8]) -> Option<HandshakeResponse> {
    presentable(challenge).map(|text| HandshakeResponse::text(text.to_owned()))
}
