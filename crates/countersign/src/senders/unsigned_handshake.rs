//! Responds to handshakes by `POST` that no key of the receiver has signed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::de::IgnoredAny;

use super::challenge::Challenge;
use super::handshake::Handshake;
use super::handshake_response::HandshakeResponse;
use super::request_values::{field, has_header_prefix, header, parameter, presentable};
use super::unsigned_challenge::{
    ChallengeCondition, ChallengeResponse, ChallengeSource, UnsignedChallenge,
};
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::json::pointer::Pointer;
use crate::keys::Secret;
use crate::scheme::Algorithm;
use crate::time::Timestamp;
use crate::verify::Verifier;

/// The largest body of an unsigned handshake, in bytes.
///
/// The body is read, and looked at, before anything proves the request's origin. The handshakes of known
/// senders have less than 1 KiB.
pub(crate) const MAX_HANDSHAKE_BYTES: usize = 16 * 1024;

const NOT_ANSWERED: &str = "the sender's handshake is not signed, and is not answered unless `answer_unsigned_handshakes` is configured";
const UNFIT: &str = "its challenge is not 1 to 1024 bytes of printable ASCII";
const NO_CALLBACK: &str = "the sender's handshake brings the secret of later deliveries, and is not answered unless a callback is configured with `on_secret`";

/// What the headers of a `POST` say of an unsigned handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum UnsignedPost {
    /// The request is not an unsigned handshake.
    No,
    /// The request may be one, and the settings do not allow a response. The text names the setting.
    Disabled(&'static str),
    /// The body decides.
    Possible,
}

/// A `POST` with its body, which is not verified.
pub(crate) struct UnverifiedRequest<'r, H: ?Sized> {
    pub(crate) head: &'r H,
    pub(crate) body: &'r [u8],
    pub(crate) verifier: &'r Arc<Verifier>,
    pub(crate) now: Timestamp,
}

impl Handshake {
    /// Returns whether a `POST` may be an unsigned handshake, by its headers alone.
    ///
    /// The body of a request is read for this only if the settings allow a response.
    pub(crate) fn unsigned_post(
        &self,
        head: &(impl Headers + ?Sized),
        verifier: &Verifier,
    ) -> UnsignedPost {
        let mut posts = self.unsigned_posts().peekable();
        if posts.peek().is_none() || announced_length(head) > MAX_HANDSHAKE_BYTES as u64 {
            return UnsignedPost::No;
        }
        let has_credential = verifier.has_credential(head);
        let algorithm = verifier.scheme().algorithm();
        let mut disabled = None;
        for challenge in posts.filter(|challenge| challenge.may_match(head)) {
            let is_own = challenge.is_signed_by_secret;
            match self.missing_setting(challenge) {
                // A request with a credential is an event, but for one that its own secret has signed, and
                // for one that a static token authenticates.
                _ if is_own != has_credential && algorithm != Algorithm::StaticToken => {}
                Some(setting) if !has_credential && algorithm != Algorithm::Unauthenticated => {
                    disabled = Some(setting);
                }
                _ => return UnsignedPost::Possible,
            }
        }
        disabled.map_or(UnsignedPost::No, UnsignedPost::Disabled)
    }

    /// Returns the response to an unsigned handshake; `None` if the request is something else.
    pub(crate) fn unsigned_response<H: Headers + ?Sized>(
        &self,
        request: &UnverifiedRequest<'_, H>,
    ) -> Option<Result<HandshakeResponse, Rejection>> {
        if request.body.len() > MAX_HANDSHAKE_BYTES {
            return None;
        }
        self.unsigned_posts().find_map(|challenge| {
            let text = challenge.challenge(request.head, request.body)?;
            let is_own = challenge.is_signed_by_secret;
            let has_proof = !is_own && request.has_valid_credential()?;
            let text = match presentable(&text) {
                Some(text) if is_own => request.is_signed_by(text).map(|()| text)?,
                Some(text) => text,
                None if is_own => return None,
                None => return Some(Err(rejected(UNFIT))),
            };
            let result = match challenge.brings_secret {
                true => self.hand_over(text, request.verifier),
                false if has_proof || self.settings.answers_unsigned => Ok(()),
                false => Err(rejected(NOT_ANSWERED)),
            };
            Some(result.map(|()| challenge.respond(text)))
        })
    }

    /// Passes the secret of a handshake to the callback.
    fn hand_over(&self, secret: &str, verifier: &Verifier) -> Result<(), Rejection> {
        if verifier.is_of_tenants() {
            return Err(rejected(
                "the sender's handshake brings a secret, and `Tenants` take none from a request: create the webhook at an endpoint with one receiver",
            ));
        }
        let callback = self.settings.on_secret.as_ref().ok_or_else(|| rejected(NO_CALLBACK))?;
        let secret =
            Secret::new(secret).map_err(|_| rejected("the handshake's secret is blank"))?;
        if callback.call(secret) {
            return Ok(());
        }
        Err(rejected(
            "a handshake has brought a secret before, and only the first is taken: to take another, start the process again",
        ))
    }

    /// Returns what the settings lack for a response to `challenge`.
    fn missing_setting(&self, challenge: &UnsignedChallenge) -> Option<&'static str> {
        match challenge.brings_secret {
            true => self.settings.on_secret.is_none().then_some(NO_CALLBACK),
            false => (!self.settings.answers_unsigned).then_some(NOT_ANSWERED),
        }
    }

    fn unsigned_posts(&self) -> impl Iterator<Item = &UnsignedChallenge> {
        self.challenges.iter().filter_map(Challenge::as_unsigned_post)
    }
}

impl<H: Headers + ?Sized> UnverifiedRequest<'_, H> {
    /// Returns `Some` if the request is signed with `secret`.
    fn is_signed_by(&self, secret: &str) -> Option<()> {
        let scheme = self.verifier.scheme().clone();
        let verifier = Verifier::new(scheme, Secret::new(secret).ok()?).ok()?;
        let body = self.body.to_vec();
        verifier.verify(self.head, body, self.now, MAX_HANDSHAKE_BYTES).ok().map(drop)
    }

    /// Returns whether the request has a valid credential, or `None` if it is an event.
    fn has_valid_credential(&self) -> Option<bool> {
        if !self.verifier.has_credential(self.head) {
            return Some(false);
        }
        if self.verifier.scheme().algorithm() != Algorithm::StaticToken {
            return None;
        }
        let body = self.body.to_vec();
        self.verifier.verify(self.head, body, self.now, MAX_HANDSHAKE_BYTES).ok().map(|_| true)
    }
}

impl UnsignedChallenge {
    /// Returns whether a request may be this handshake, by its headers.
    fn may_match(&self, head: &(impl Headers + ?Sized)) -> bool {
        let has_challenge = match self.source {
            ChallengeSource::Query(name) => parameter(head, name).is_some(),
            ChallengeSource::Header(name) => header(head, name).is_some(),
            ChallengeSource::Field(_) | ChallengeSource::FormNumber(_) => true,
        };
        has_challenge
            && self.conditions.iter().all(|condition| match condition {
                ChallengeCondition::EmptyBody => announced_length(head) == 0,
                ChallengeCondition::Header { name, value } => {
                    header(head, name) == Some(value.as_bytes())
                }
                ChallengeCondition::NoHeaderPrefix(prefix) => !has_header_prefix(head, prefix),
                _ => true,
            })
    }

    /// Returns the challenge of a request that fulfils every condition.
    fn challenge<'r>(
        &self,
        head: &'r (impl Headers + ?Sized),
        body: &'r [u8],
    ) -> Option<Cow<'r, [u8]>> {
        let holds = |condition: &ChallengeCondition| match condition {
            ChallengeCondition::EmptyBody => body.is_empty(),
            ChallengeCondition::Field { pointer, value } => {
                scalar(pointer, body).is_some_and(|text| text == *value)
            }
            ChallengeCondition::OnlyField(name) => {
                let fields: Option<HashMap<Cow<'_, str>, IgnoredAny>> =
                    serde_json::from_slice(body).ok();
                fields.is_some_and(|fields| fields.len() == 1 && fields.contains_key(*name))
            }
            ChallengeCondition::OnlyItem => {
                let items: Option<Vec<IgnoredAny>> = serde_json::from_slice(body).ok();
                items.is_some_and(|items| items.len() == 1)
            }
            ChallengeCondition::Header { .. } | ChallengeCondition::NoHeaderPrefix(_) => true,
        };
        if !self.may_match(head) || !self.conditions.iter().all(holds) {
            return None;
        }
        match self.source {
            ChallengeSource::Query(name) => parameter(head, name).map(Cow::Owned),
            ChallengeSource::Header(name) => header(head, name).map(Cow::Borrowed),
            ChallengeSource::Field(pointer) => scalar(pointer, body).map(|text| match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }),
            ChallengeSource::FormNumber(name) => {
                let number = field(body, name).filter(|_| !body.contains(&b'&'))?;
                let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
                is_number.then_some(Cow::Owned(number))
            }
        }
    }

    /// Returns the response to a challenge that is printable.
    pub(super) fn respond(&self, challenge: &str) -> HandshakeResponse {
        match self.response {
            ChallengeResponse::Text => HandshakeResponse::text(challenge.to_owned()),
            ChallengeResponse::Json(field) => HandshakeResponse::field(field, challenge),
            ChallengeResponse::Header(name) => {
                HandshakeResponse::empty(200).with_header(name, challenge.to_owned())
            }
            ChallengeResponse::Empty => HandshakeResponse::empty(200),
        }
    }
}

fn rejected(detail: &'static str) -> Rejection {
    Rejection::new(RejectionKind::HandshakeRejected).with_detail(detail)
}

fn scalar<'b>(pointer: &str, body: &'b [u8]) -> Option<Cow<'b, str>> {
    Pointer::parse(pointer).ok()?.scalar(body)
}

/// Returns the length that `content-length` announces: zero if there is none, and the largest number if it
/// cannot be read.
fn announced_length(head: &(impl Headers + ?Sized)) -> u64 {
    header(head, "content-length").map_or(0, |digits| {
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX)
    })
}
