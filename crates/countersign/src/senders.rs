//! The catalogue: senders as data, one short file each.
//!
//! ```
//! use countersign::{Receiver, Secret, senders};
//!
//! let stripe = Receiver::new(senders::STRIPE.keys(Secret::new("whsec_of_your_endpoint")?)?);
//!
//! // A sender that signs the URL is told the public one: the `Host` header is the caller's word.
//! let twilio = senders::TWILIO.setup().public_url("https://example.com/sms");
//! let twilio = Receiver::new(twilio.keys(Secret::new("the account's auth token")?)?);
//! # Ok::<(), countersign::ConfigError>(())
//! ```
//!
//! Each says where its documentation is, and the table of all is in the repository's
//! `docs/senders.md`. What a sender does not document is said so; nothing is guessed to be narrower
//! than it may be.

mod adyen;
mod auth0;
mod box_com;
mod discord;
mod dropbox;
mod github;
mod gitlab;
mod gocardless;
mod hubspot;
mod intercom;
mod line;
mod linear;
mod meta;
mod mux;
mod okta;
mod paddle;
mod pagerduty;
mod razorpay;
mod sanity;
mod sendgrid;
mod shopify;
mod slack;
mod square;
mod standard_webhooks;
mod stripe;
mod telegram;
mod twilio;
mod typeform;
mod zendesk;
mod zoom;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use self::adyen::{ADYEN, ADYEN_PLATFORM};
pub use self::auth0::AUTH0;
pub use self::box_com::BOX;
pub use self::discord::{DISCORD, DISCORD_EVENTS};
pub use self::dropbox::DROPBOX;
pub use self::github::GITHUB;
pub use self::gitlab::{GITLAB, GITLAB_SIGNED};
pub use self::gocardless::GOCARDLESS;
pub use self::hubspot::{DANGER_HUBSPOT_V1, DANGER_HUBSPOT_V2, HUBSPOT};
pub use self::intercom::INTERCOM;
pub use self::line::LINE;
pub use self::linear::LINEAR;
pub use self::meta::META;
pub use self::mux::MUX;
pub use self::okta::OKTA;
pub use self::paddle::PADDLE;
pub use self::pagerduty::PAGERDUTY;
pub use self::razorpay::RAZORPAY;
pub use self::sanity::SANITY;
pub use self::sendgrid::SENDGRID;
pub use self::shopify::{SHOPIFY, SHOPIFY_EVENTS};
pub use self::slack::SLACK;
pub use self::square::SQUARE;
pub use self::standard_webhooks::{
    CLERK, OPENAI, RESEND, STANDARD_WEBHOOKS, STANDARD_WEBHOOKS_V1A, SVIX,
};
pub use self::stripe::STRIPE;
pub use self::telegram::TELEGRAM;
pub use self::twilio::TWILIO;
pub use self::typeform::TYPEFORM;
pub use self::zendesk::ZENDESK;
pub use self::zoom::ZOOM;
use crate::challenge::{Challenge, Handshake};
use crate::content::PublicUrl;
use crate::contract::{Contract, Success};
use crate::dedup::Identity;
use crate::delivery::Delivery;
use crate::encoding::hex;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::mac::sha256;
use crate::provider::Provider;
use crate::scheme::{Scheme, SchemeBuilder};
use crate::secret::{Keyring, Secret};
use crate::time::Tolerance;
use crate::verify::Verifier;

/// Every sender of the catalogue, by name.
pub static ALL: &[Sender] = &[
    ADYEN,
    ADYEN_PLATFORM,
    AUTH0,
    BOX,
    CLERK,
    DISCORD,
    DISCORD_EVENTS,
    DROPBOX,
    GITHUB,
    GITLAB,
    GITLAB_SIGNED,
    GOCARDLESS,
    HUBSPOT,
    DANGER_HUBSPOT_V1,
    DANGER_HUBSPOT_V2,
    INTERCOM,
    LINE,
    LINEAR,
    META,
    MUX,
    OKTA,
    OPENAI,
    PADDLE,
    PAGERDUTY,
    RAZORPAY,
    RESEND,
    SANITY,
    SENDGRID,
    SHOPIFY,
    SHOPIFY_EVENTS,
    SLACK,
    SQUARE,
    STANDARD_WEBHOOKS,
    STANDARD_WEBHOOKS_V1A,
    STRIPE,
    SVIX,
    TELEGRAM,
    TWILIO,
    TYPEFORM,
    ZENDESK,
    ZOOM,
];

/// The sender of this name.
#[must_use]
pub fn find(name: &str) -> Option<Sender> {
    ALL.iter().find(|sender| sender.name == name).copied()
}

/// A sender as data: how it signs, and what it expects of its receiver.
///
/// ```
/// use countersign::senders::Sender;
/// use countersign::{Encoding, Part, Scheme, Signature, TimeUnit};
///
/// pub const ACME: Sender = Sender::new("acme", "Acme", "https://example.com/webhooks", |setup| {
///     Scheme::hmac_sha256(setup.name(), Signature::header("acme-signature", Encoding::Hex).pairs("v1"))
///         .timestamp_pair("t", TimeUnit::Seconds)
///         .signs([Part::Timestamp, ".".into(), Part::Body])
///         .id_field("/id")
/// })
/// .deadline(10)
/// .repeats_for_days(3);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Sender {
    name: &'static str,
    title: &'static str,
    spec: &'static str,
    scheme: fn(&Setup) -> SchemeBuilder,
    other_scheme: Option<fn(&Setup) -> SchemeBuilder>,
    needs_url: bool,
    success: Success,
    deadline: Duration,
    repeats: Duration,
    digest: Option<Duration>,
    body_cap: usize,
    challenge: Option<Challenge>,
    identity: Option<(&'static str, Identify)>,
}

/// Takes an event's identity out of signed material; `None` if a delivery lacks it.
pub type Identify = fn(&Delivery) -> Option<Identity>;

impl Sender {
    /// A sender with a name for dedup keys and logs, a title, the page that documents its signature,
    /// and its scheme. It waits 10 s for any 2xx, repeats for 7 days and sends bodies to 1 MiB, unless
    /// more is said.
    pub const fn new(
        name: &'static str,
        title: &'static str,
        spec: &'static str,
        scheme: fn(&Setup) -> SchemeBuilder,
    ) -> Self {
        Self {
            name,
            title,
            spec,
            scheme,
            other_scheme: None,
            needs_url: false,
            success: Success::Any2xx,
            deadline: Duration::from_secs(10),
            repeats: days(7),
            digest: None,
            body_cap: 1024 * 1024,
            challenge: None,
            identity: None,
        }
    }

    /// It signs as well under other names of headers, and in nothing else differently. A request is
    /// taken by one family of names, never by both.
    pub(crate) const fn or_named_by(mut self, scheme: fn(&Setup) -> SchemeBuilder) -> Self {
        self.other_scheme = Some(scheme);
        self
    }

    /// It signs the public URL, so that must be set up.
    pub const fn needs_url(mut self) -> Self {
        self.needs_url = true;
        self
    }

    /// Which statuses it counts as success.
    pub const fn success(mut self, success: Success) -> Self {
        self.success = success;
        self
    }

    /// How many seconds it waits for the answer; it is answered in four fifths of that, or two seconds
    /// earlier.
    pub const fn deadline(mut self, secs: u64) -> Self {
        self.deadline = Duration::from_secs(secs);
        self
    }

    /// For how many days it may repeat an event, by itself or by hand.
    pub const fn repeats_for_days(mut self, span: u64) -> Self {
        self.repeats = days(span);
        self
    }

    /// For how many seconds an event without an id is known, where two events may have the same body.
    /// Otherwise it is known for as long as it may be repeated.
    pub const fn known_by_digest_for_secs(mut self, secs: u64) -> Self {
        self.digest = Some(Duration::from_secs(secs));
        self
    }

    /// The size of its largest bodies, in bytes.
    pub const fn body_cap(mut self, bytes: usize) -> Self {
        self.body_cap = bytes;
        self
    }

    /// How it asks whether an endpoint is ready.
    pub const fn challenge(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// What makes two deliveries the same event, in words and in code, where that is not the signed id
    /// or the digest of what is signed. `None` for a delivery falls back to that.
    pub const fn identity(mut self, words: &'static str, identity: Identify) -> Self {
        self.identity = Some((words, identity));
        self
    }

    /// Its name, which is part of every dedup key.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What people call it.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// Where it documents its signature.
    #[must_use]
    pub const fn spec(&self) -> &'static str {
        self.spec
    }

    /// Whether [`Setup::public_url`] must be given.
    #[must_use]
    pub const fn wants_url(&self) -> bool {
        self.needs_url
    }

    /// What an event is known by, where that is not its signed id or the digest of what is signed.
    #[must_use]
    pub const fn known_by(&self) -> Option<&'static str> {
        match self.identity {
            Some((words, _)) => Some(words),
            None => None,
        }
    }

    /// How long it waits for the answer.
    #[must_use]
    pub const fn waits(&self) -> Duration {
        self.deadline
    }

    /// Its handshake, if it has one.
    #[must_use]
    pub const fn asks(&self) -> Option<Challenge> {
        self.challenge
    }

    /// Begins a set-up, for a sender that needs more than keys.
    pub fn setup(self) -> Setup {
        Setup {
            sender: self,
            name: self.name.into(),
            url: None,
            header: None,
            method: "POST",
            tolerance: None,
            verify_token: None,
        }
    }

    /// The sender with its keys, ready for a [`Receiver`](crate::Receiver).
    ///
    /// # Errors
    ///
    /// As [`Setup::keys`].
    pub fn keys(self, keys: impl Into<Keyring>) -> Result<Known, ConfigError> {
        self.setup().keys(keys)
    }

    /// What it expects of its receiver.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if a span or size is zero.
    pub fn contract(&self) -> Result<Contract, ConfigError> {
        let margin = (self.deadline / 5).min(Duration::from_secs(2));
        Contract::default()
            .success(self.success)
            .answer_within(self.deadline.saturating_sub(margin))?
            .replay_window(self.repeats)?
            .digest_retention(self.digest.unwrap_or(self.repeats))?
            .body_cap(self.body_cap)
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

/// The settings of a sender, before its keys.
#[derive(Debug)]
#[must_use]
pub struct Setup {
    sender: Sender,
    name: Cow<'static, str>,
    url: Option<String>,
    header: Option<Cow<'static, str>>,
    method: &'static str,
    tolerance: Option<Tolerance>,
    verify_token: Option<Secret>,
}

impl Setup {
    /// The URL that the sender was given, to the letter. It is never taken from a request.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The header that holds the secret, where the sender lets that be chosen.
    pub fn header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = Some(name.into());
        self
    }

    /// Another name in dedup keys and logs: for two accounts of one sender that share a store.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Another tolerance for the signed time than the sender's usual.
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The token that the sender shows when it asks whether the endpoint is ready.
    pub fn verify_token(mut self, token: Secret) -> Self {
        self.verify_token = Some(token);
        self
    }

    /// The method that is signed, where that is not `POST`. A [`Receiver`](crate::Receiver) takes only
    /// that; this is for verifying what others received.
    pub const fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// The scheme by these settings.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the sender signs its URL and none is given, and as
    /// [`SchemeBuilder::build`].
    pub fn scheme(&self) -> Result<Scheme, ConfigError> {
        if self.sender.needs_url && self.url.as_ref().is_none_or(String::is_empty) {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                format!(
                    "`{}` signs the public URL: give it with `public_url`, as it stands in the sender's settings",
                    self.sender.name
                ),
            ));
        }
        if let (true, Some(url)) = (self.sender.needs_url, &self.url) {
            PublicUrl::parse(url)?;
        }
        self.build((self.sender.scheme)(self))
    }

    fn build(&self, scheme: SchemeBuilder) -> Result<Scheme, ConfigError> {
        match self.tolerance {
            Some(tolerance) => scheme.tolerance(tolerance).build(),
            None => scheme.build(),
        }
    }

    /// The sender with its keys.
    ///
    /// # Errors
    ///
    /// As [`scheme`](Self::scheme) and [`Verifier::new`].
    pub fn keys(self, keys: impl Into<Keyring>) -> Result<Known, ConfigError> {
        let handshake = self.sender.challenge.map(Handshake::new);
        let verifier = Verifier::new(self.scheme()?, keys)?;
        let other = self.sender.other_scheme.map(|scheme| self.build(scheme(&self))).transpose()?;
        Ok(Known {
            verifier: other.map_or(Arc::clone(&verifier), |other| {
                Arc::new(verifier.with_alternate_headers(other))
            }),
            contract: self.sender.contract()?,
            identity: self.sender.identity.map(|(_, identity)| identity),
            handshake: match &self.verify_token {
                Some(token) => handshake.map(|handshake| handshake.with_token(token)),
                None => handshake,
            },
        })
    }

    /// The sender's name, for its scheme.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    /// The public URL, for a scheme that signs it; empty where the sender does not need it.
    #[must_use]
    pub fn url(&self) -> Cow<'static, str> {
        self.url.clone().unwrap_or_default().into()
    }

    /// The header that was chosen, or else `usual`.
    #[must_use]
    pub fn header_or(&self, usual: &'static str) -> Cow<'static, str> {
        self.header.clone().unwrap_or(Cow::Borrowed(usual))
    }

    /// The method that is signed.
    #[must_use]
    pub const fn method_name(&self) -> &'static str {
        self.method
    }
}

/// A sender of the catalogue with its keys.
#[derive(Clone)]
pub struct Known {
    verifier: Arc<Verifier>,
    contract: Contract,
    identity: Option<Identify>,
    handshake: Option<Handshake>,
}

impl Known {
    /// What this sender expects of its receiver, where it differs.
    #[must_use]
    pub const fn contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }
}

impl Provider for Known {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        let own = self.identity.and_then(|identity| identity(delivery));
        own.unwrap_or_else(|| Identity::from(delivery))
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.handshake.as_ref()
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("verifier", &self.verifier)
            .field("contract", &self.contract)
            .finish_non_exhaustive()
    }
}

/// The identity of a delivery that brings a list of events: the fields at `ids` of each, in order.
///
/// `None` if there is no list at `list`, it is empty, or an event lacks one of them.
fn ids_of_list(delivery: &Delivery, list: &str, ids: &[&str]) -> Option<Identity> {
    let body: Value = delivery.event().ok()?;
    let events = body.pointer(list)?.as_array().filter(|events| !events.is_empty())?;
    let mut texts = Vec::with_capacity(events.len() * ids.len());
    for event in events {
        for id in ids {
            texts.push(text(event.pointer(id)?)?);
        }
    }
    Some(Identity::fields(texts.iter().map(|text| &**text)))
}

/// The identity by some fields of a body; `None` if it lacks one of them.
fn fields(delivery: &Delivery, pointers: &[&str]) -> Option<Identity> {
    let body: Value = delivery.event().ok()?;
    let texts: Option<Vec<_>> =
        pointers.iter().map(|pointer| text(body.pointer(pointer)?)).collect();
    Some(Identity::fields(texts?.iter().map(|text| &**text)))
}

/// The identity by the body without one field of it, which is another in a retry.
fn body_without(delivery: &Delivery, field: &str) -> Option<Identity> {
    let mut body: Value = delivery.event().ok()?;
    body.as_object_mut()?.remove(field)?;
    Some(Identity::fields([&*hex(&sha256(body.to_string().as_bytes()))]))
}

/// The identity by the signed time and the body, where two events may have the same body.
fn time_and_body(delivery: &Delivery) -> Option<Identity> {
    let time = delivery.timestamp()?.as_millis().to_string();
    Some(Identity::fields([&*time, &*hex(&sha256(delivery.body()))]))
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}
