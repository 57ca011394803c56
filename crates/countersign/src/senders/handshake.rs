//! A sender's handshake with its settings.

use std::borrow::Cow;
use std::sync::Arc;

use super::challenge::Challenge;
use super::secret_callback::SecretCallback;
use crate::crypto::mac::Tag;
use crate::keys::Secret;

/// A sender's handshake with what its response needs.
///
/// A [`Custom`](super::Custom) sender and an implementation of [`Sender`](super::Sender) take one. A sender
/// of the catalogue has its handshake already, and [`SenderConfig`](super::SenderConfig) has these settings.
///
/// ```
/// use countersign::Secret;
/// use countersign::senders::{Challenge, Handshake};
///
/// let token = Secret::new("the verify token of the subscription")?;
/// let strava = Handshake::new(Challenge::WebSubVerifyJson).with_token(&token);
///
/// // Azure Event Grid validates an endpoint by `POST` or, with the schema of CloudEvents, by `OPTIONS`.
/// let event_grid = Handshake::new(Challenge::EVENT_GRID)
///     .or(Challenge::WebHookOrigin)
///     .answer_unsigned_handshakes()
///     .allow_origin("eventgrid.azure.net");
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Handshake {
    pub(super) challenges: Vec<Challenge>,
    pub(super) settings: HandshakeSettings,
}

/// The settings of a handshake.
#[derive(Clone, Debug, Default)]
pub(super) struct HandshakeSettings {
    /// The digest of the token that a [`Challenge::WebSubVerify`] must present.
    pub(super) token: Option<Arc<Tag>>,
    pub(super) answers_unsigned: bool,
    pub(super) on_secret: Option<SecretCallback>,
    /// The origins that a [`Challenge::WebHookOrigin`] allows.
    pub(super) origins: Vec<Cow<'static, str>>,
    /// The requests per minute that it allows; `None` is any number.
    pub(super) rate: Option<u32>,
}

impl Handshake {
    /// Creates a handshake. A [`Challenge::WebSubVerify`] also needs a
    /// [token](Self::with_token); without one, it is rejected.
    #[must_use]
    pub fn new(challenge: Challenge) -> Self {
        Self { challenges: vec![challenge], settings: HandshakeSettings::default() }
    }

    /// Adds another challenge, for a sender that uses several.
    #[must_use]
    pub fn or(mut self, challenge: Challenge) -> Self {
        self.challenges.push(challenge);
        self
    }

    /// Responds only to requests that present `token`.
    ///
    /// The token is `hub.verify_token` of a [`Challenge::WebSubVerify`], and the challenge itself of an
    /// unsigned `GET`.
    #[must_use]
    pub fn with_token(mut self, token: &Secret) -> Self {
        self.settings.token = Some(Arc::new(Tag::of_token(token.expose())));
        self
    }

    /// Responds to a `POST` that the sender does not sign.
    ///
    /// Anyone can send such a request, and learns from the response that the endpoint exists and for which
    /// sender. [The guide](https://github.com/countersign/countersign/blob/main/docs/handshakes.md) says
    /// what else an attacker can do with the response. Without this setting the request is rejected.
    #[must_use]
    pub const fn answer_unsigned_handshakes(mut self) -> Self {
        self.settings.answers_unsigned = true;
        self
    }

    /// Responds to a handshake that brings the secret of later deliveries, and passes the secret to
    /// `callback`.
    ///
    /// **Any client can send the first such request:** configure this only while you create the webhook,
    /// and compare the secret with what the sender shows. Every further secret is rejected, until the
    /// process starts again. Without a callback such a handshake is rejected.
    ///
    /// The response is sent after the callback returns: store the secret in the callback if that is quick,
    /// and otherwise pass it on. [`Secret::expose`] returns its bytes.
    #[must_use]
    pub fn on_secret(mut self, callback: impl FnOnce(Secret) + Send + 'static) -> Self {
        self.settings.on_secret = Some(SecretCallback::new(callback));
        self
    }

    /// Allows the origin that a [`Challenge::WebHookOrigin`] asks for, such as `eventgrid.azure.net`;
    /// `*` allows every origin. May be called several times.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<Cow<'static, str>>) -> Self {
        self.settings.origins.push(origin.into());
        self
    }

    /// Allows at most this number of requests per minute, at least one, to a
    /// [`Challenge::WebHookOrigin`] that asks for a rate; any number by default.
    #[must_use]
    pub fn allow_rate(mut self, per_minute: u32) -> Self {
        self.settings.rate = Some(per_minute.max(1));
        self
    }

    /// Returns the method of the handshake's requests, if it is not `POST`.
    #[cfg(feature = "tracing")]
    pub(crate) fn method(&self) -> Option<&'static str> {
        self.challenges.iter().map(Challenge::method).find(|method| *method != "POST")
    }

    /// Returns whether a challenge's response is an HMAC under the key that signs bodies.
    pub(super) fn signs_challenges(&self) -> bool {
        let is_hmac = |challenge: &Challenge| matches!(challenge, Challenge::QueryHmac { .. });
        self.challenges.iter().any(is_hmac)
    }

    /// Returns whether the handshake brings the secret of later deliveries to a configured callback.
    pub(super) fn brings_secret(&self) -> bool {
        let mut posts = self.challenges.iter().filter_map(Challenge::as_unsigned_post);
        self.settings.on_secret.is_some() && posts.any(|challenge| challenge.brings_secret)
    }
}

impl From<Challenge> for Handshake {
    fn from(challenge: Challenge) -> Self {
        Self::new(challenge)
    }
}
