//! A sender as data, and the settings from which its scheme is made: each type names the other.

mod accessors;

use std::borrow::Cow;
use std::time::Duration;

use super::challenge::Challenge;
use super::field_location::FieldLocation;
use super::handshake::HandshakeSettings;
use crate::contract::Success;
use crate::crypto::encoding::Encoding;
use crate::event::Identity;
use crate::scheme::{BodyFormat, Items, SchemeBuilder};
use crate::time::Tolerance;
use crate::verify::Delivery;

/// A sender as data: how it signs, what it expects of its receiver, and how it retries.
///
/// Every sender of this crate is such a constant, listed in [`senders::ALL`](super::ALL) and in the
/// [table of senders](https://github.com/countersign/countersign/blob/main/docs/senders.md). A sender
/// of your own needs no change to this crate; the guide
/// [Adding a sender](https://github.com/countersign/countersign/blob/main/docs/adding-a-sender.md)
/// shows where each fact goes.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
/// use countersign::senders::SenderSpec;
/// use countersign::{Receiver, Secret};
///
/// pub const ACME: SenderSpec = SenderSpec::new("acme", "Acme", "https://example.com/webhooks", |config| {
///     Scheme::hmac_sha256(config.name(), SignatureLocation::header("acme-signature", Encoding::Hex).pairs("v1"))
///         .timestamp_pair("t", TimestampFormat::Seconds)
///         .signs([Part::Timestamp, ".".into(), Part::Body])
///         .id_field("/id")
/// })
/// .with_response_deadline(Duration::from_secs(10))
/// .with_retry_window(Duration::from_secs(3 * 24 * 60 * 60));
///
/// let receiver = Receiver::new(ACME.keys(Secret::new("a secret shared with Acme")?)?);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct SenderSpec {
    pub(super) name: &'static str,
    pub(super) display_name: &'static str,
    /// Empty if no public page documents the signature.
    docs_url: &'static str,
    pub(super) scheme: fn(&SenderConfig) -> SchemeBuilder,
    alternate_headers: Option<&'static Self>,
    requires_public_url: bool,
    methods: &'static [&'static str],
    /// What to look for in a captured delivery, if the header must be configured.
    pub(super) required_header: Option<&'static str>,
    /// What to look for in a captured delivery, if the encoding must be configured.
    pub(super) required_encoding: Option<&'static str>,
    success: Success,
    response_deadline: Duration,
    response_margin: Option<Duration>,
    retry_window: Duration,
    automatic_retry_horizon: Option<Duration>,
    digest_dedup_window: Option<Duration>,
    max_body_size: usize,
    challenge: Option<Challenge>,
    pub(super) dedup_key: Option<DedupKey>,
    pub(super) items: Option<ItemsOfSender>,
    retry_schedule: &'static [Duration],
    has_documented_retry_schedule: bool,
    respects_retry_after: bool,
    gone_disables: bool,
    user_agent: Option<&'static str>,
}

/// What makes two deliveries the same event, in words and in code.
#[derive(Clone, Copy, Debug)]
pub(super) struct DedupKey {
    description: &'static str,
    pub(super) identity: fn(&Delivery) -> Option<Identity>,
}

/// Where the items of a body are, in words what identifies each, and in code both.
#[derive(Clone, Copy, Debug)]
pub(super) struct ItemsOfSender {
    description: &'static str,
    pub(super) items: fn() -> Items,
}

/// The settings of a sender other than its keys.
///
/// Create one with [`SenderSpec::config`], for a sender that needs more than keys. Settings may come in
/// any order; [`keys`](Self::keys) validates them. The
/// [table of senders](https://github.com/countersign/countersign/blob/main/docs/senders.md) shows which
/// sender needs what.
///
/// ```
/// use countersign::{Receiver, Secret, senders};
///
/// let twilio = senders::TWILIO
///     .config()
///     .with_public_url("https://example.com/sms")
///     .keys(Secret::new("the account's auth token")?)?;
/// let receiver = Receiver::new(twilio);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[must_use]
pub struct SenderConfig {
    pub(super) sender: SenderSpec,
    pub(super) name: Cow<'static, str>,
    pub(super) public_url: Option<String>,
    pub(super) header: Option<Cow<'static, str>>,
    pub(super) encoding: Option<Encoding>,
    pub(super) prefix: Option<Cow<'static, str>>,
    pub(super) event_type: Option<FieldLocation>,
    pub(super) event_types: Option<Vec<Cow<'static, str>>>,
    pub(super) event_id: Option<FieldLocation>,
    pub(super) time: Option<FieldLocation>,
    pub(super) payload: Option<Cow<'static, str>>,
    pub(super) body_formats: Option<Vec<BodyFormat>>,
    pub(super) method: &'static str,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) handshake: HandshakeSettings,
    pub(super) separator_in_id: bool,
    #[cfg(feature = "gzip")]
    pub(super) gzip: bool,
}

impl SenderSpec {
    /// The retry schedule of senders that document none: five retries over about an hour.
    pub const ASSUMED_RETRY_SCHEDULE: &'static [Duration] =
        &[secs(5), secs(60), secs(300), secs(900), secs(1800)];

    /// Creates a sender from its name in deduplication keys and logs, its display name, the URL of
    /// the page that documents its signature, and its scheme.
    ///
    /// Unless set otherwise, the sender counts any 2xx as success, waits 10 s for the response,
    /// retries for up to 7 days on an undocumented schedule, and sends bodies of up to 1 MiB. Leave
    /// `docs_url` empty if there is no such page.
    pub const fn new(
        name: &'static str,
        display_name: &'static str,
        docs_url: &'static str,
        scheme: fn(&SenderConfig) -> SchemeBuilder,
    ) -> Self {
        Self {
            name,
            display_name,
            docs_url,
            scheme,
            alternate_headers: None,
            requires_public_url: false,
            methods: &["POST"],
            required_header: None,
            required_encoding: None,
            success: Success::Any2xx,
            response_deadline: secs(10),
            response_margin: None,
            retry_window: days(7),
            automatic_retry_horizon: None,
            digest_dedup_window: None,
            max_body_size: 1024 * 1024,
            challenge: None,
            dedup_key: None,
            items: None,
            retry_schedule: Self::ASSUMED_RETRY_SCHEDULE,
            has_documented_retry_schedule: false,
            respects_retry_after: false,
            gone_disables: false,
            user_agent: None,
        }
    }

    /// Accepts requests with the header names of `other` as well.
    ///
    /// Both schemes must differ in header names only. A request uses one set of names; a request
    /// that mixes both is rejected.
    pub const fn with_alternate_headers(mut self, other: &'static Self) -> Self {
        self.alternate_headers = Some(other);
        self
    }

    /// Requires [`SenderConfig::with_public_url`], for a sender that signs its URL.
    pub const fn with_required_public_url(mut self) -> Self {
        self.requires_public_url = true;
        self
    }

    /// Sets the methods by which the sender can deliver, the usual one first; `POST` alone by default.
    ///
    /// A receiver accepts only the one of [`SenderConfig::with_method`]. `GET` needs a scheme that signs
    /// the URL with its query, see [`SchemeBuilder::method`].
    pub const fn with_methods(mut self, methods: &'static [&'static str]) -> Self {
        self.methods = methods;
        self
    }

    /// Requires [`SenderConfig::with_header`], for a sender that does not document its header.
    ///
    /// `look_for` completes the error's sentence "look in a captured delivery for …".
    pub const fn with_required_header(mut self, look_for: &'static str) -> Self {
        self.required_header = Some(look_for);
        self
    }

    /// Requires [`SenderConfig::with_encoding`], for a sender that does not document its encoding.
    ///
    /// `look_for` completes the error's sentence "look in a captured delivery for …".
    pub const fn with_required_encoding(mut self, look_for: &'static str) -> Self {
        self.required_encoding = Some(look_for);
        self
    }

    /// Sets which statuses the sender counts as success.
    pub const fn with_success(mut self, success: Success) -> Self {
        self.success = success;
        self
    }

    /// Sets how long the sender waits for a response.
    pub const fn with_response_deadline(mut self, deadline: Duration) -> Self {
        self.response_deadline = deadline;
        self
    }

    /// Sets how long before the sender's deadline the receiver responds at the latest. The default is a
    /// fifth of the deadline, but at most 2 s.
    pub const fn with_response_margin(mut self, margin: Duration) -> Self {
        self.response_margin = Some(margin);
        self
    }

    /// Sets how long after its first delivery the sender may retry or redeliver an event, whether
    /// automatically or by hand.
    pub const fn with_retry_window(mut self, window: Duration) -> Self {
        self.retry_window = window;
        self
    }

    /// Sets how long after its first delivery the sender may retry an event by itself; zero for a sender
    /// that never does. The default, for a sender that does not document it, is 3 days, or the retry window
    /// if it is shorter.
    pub const fn with_automatic_retry_horizon(mut self, horizon: Duration) -> Self {
        self.automatic_retry_horizon = Some(horizon);
        self
    }

    /// Sets how long an event without an id is deduplicated by the digest of its body, if two genuine
    /// events may have the same body. The default is the whole retry window.
    pub const fn with_digest_dedup_window(mut self, window: Duration) -> Self {
        self.digest_dedup_window = Some(window);
        self
    }

    /// Sets the size of the sender's largest bodies, in bytes.
    pub const fn with_max_body_size(mut self, bytes: usize) -> Self {
        self.max_body_size = bytes;
        self
    }

    /// Sets how the sender checks that an endpoint is ready.
    pub const fn with_handshake(mut self, challenge: Challenge) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// Sets what makes two deliveries the same event, in words and in code, for a sender whose events
    /// are not identified by the signed id or the digest of the signed content.
    ///
    /// If `identity` returns `None`, that default applies to the delivery.
    pub const fn with_identity(
        mut self,
        description: &'static str,
        identity: fn(&Delivery) -> Option<Identity>,
    ) -> Self {
        self.dedup_key = Some(DedupKey { description, identity });
        self
    }

    /// Sets where the items of a body are, for a sender that sends several events in one body, and in
    /// words what identifies each.
    ///
    /// Without a signed id, a delivery is identified by its items. See [`SchemeBuilder::items`].
    pub const fn with_items(mut self, description: &'static str, items: fn() -> Items) -> Self {
        self.items = Some(ItemsOfSender { description, items });
        self
    }

    /// Sets the documented delays before each retry, each counted from the failure before it.
    pub const fn with_retry_schedule(mut self, delays: &'static [Duration]) -> Self {
        self.retry_schedule = delays;
        self.has_documented_retry_schedule = true;
        self
    }

    /// Sets delays before each retry that are assumed, since the sender documents only a part of them.
    pub const fn with_assumed_retry_schedule(mut self, delays: &'static [Duration]) -> Self {
        self.retry_schedule = delays;
        self.has_documented_retry_schedule = false;
        self
    }

    /// Declares that the sender waits at least as long as a response's `Retry-After` says.
    pub const fn with_retry_after(mut self) -> Self {
        self.respects_retry_after = true;
        self
    }

    /// Declares that the sender stops delivering to an endpoint that responds with status 410 (Gone).
    pub const fn with_gone_disables(mut self) -> Self {
        self.gone_disables = true;
        self
    }

    /// Sets the beginning of the sender's `User-Agent`, in lower case, if it is not the sender's name.
    pub const fn with_user_agent(mut self, prefix: &'static str) -> Self {
        self.user_agent = Some(prefix);
        self
    }
}

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

pub(super) const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 60 * 60)
}

pub(super) const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}
