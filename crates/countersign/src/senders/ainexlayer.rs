//! AINexLayer: AI workspaces.
//!
//! What its public documentation settles: a `POST`, HMAC-SHA256 of the payload in a header that must
//! be there, nineteen event names, any 2xx as success, an answer within 30 s, retries. What it leaves
//! open has **no default** here, so that no guess passes for the vendor's word:
//!
//! - the signature header's name, its encoding and its prefix;
//! - where a body names its event's type, id and time.
//!
//! Capture one delivery, read them off, and set them. [`Builder::assumed_envelope`] sets a common
//! shape of the body in one call; it is **our assumption**. Without a signed time, a captured request
//! verifies again once its event is forgotten; without an id, an event is known by its body's digest
//! for 15 minutes. For how long it repeats an event is not documented; handled events are remembered
//! for three days.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use time::OffsetDateTime;

use super::Sender;
use crate::contract::Contract;
use crate::crypto::encoding::Encoding;
use crate::error::{ConfigError, ConfigErrorKind, Rejection};
use crate::json::RawJson;
use crate::json::open_enum::open_enum;
use crate::keys::Keyring;
use crate::scheme::{Part, Scheme, SignatureLocation};
use crate::time::{TimestampFormat, Tolerance};
use crate::verify::Verifier;
use crate::verify::{Delivery, FromDelivery};

/// The name in keys and logs.
const SENDER: &str = "ainexlayer";

/// The sender AINexLayer; see the [module](self) for what it documents and what it does not.
///
/// ```
/// use countersign::scheme::Encoding;
/// use countersign::{ainexlayer::AiNexLayer, Receiver, Secret};
///
/// let sender = AiNexLayer::builder(Secret::new("the secret set in AINexLayer")?)
///     .signature_header("x-ainexlayer-signature") // read off a captured delivery
///     .encoding(Encoding::Hex)
///     .prefix("sha256=")
///     .assumed_envelope()
///     .build()?;
/// let receiver = Receiver::new(sender);
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AiNexLayer {
    verifier: Arc<Verifier>,
    contract: Contract,
}

impl AiNexLayer {
    /// Begins the set-up with the keys; every other setting is to be given.
    pub fn builder(keys: impl Into<Keyring>) -> Builder {
        Builder {
            keys: keys.into(),
            header: None,
            encoding: None,
            prefix: None,
            event_type: None,
            event_id: None,
            time: None,
            payload: None,
            tolerance: Tolerance::FIVE_MINUTES,
        }
    }

    /// What this sender expects of its receiver, where it differs.
    #[must_use]
    pub const fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }
}

impl Sender for AiNexLayer {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }
}

/// Where a fact about an event stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum At {
    /// In the header of this name.
    Header(Cow<'static, str>),
    /// In the body, at this JSON pointer (RFC 6901), such as `/id`.
    Field(Cow<'static, str>),
    /// Nowhere: AINexLayer does not send it.
    Nowhere,
}

impl At {
    /// In the header `name`.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Header(name.into())
    }

    /// In the body, at `pointer`.
    #[must_use]
    pub fn field(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self::Field(pointer.into())
    }
}

impl At {
    fn is_named(&self) -> bool {
        !matches!(self, Self::Header(name) | Self::Field(name) if name.is_empty())
    }
}

/// Puts an [`AiNexLayer`] together; nothing is checked before [`build`](Self::build).
#[derive(Debug)]
#[must_use]
pub struct Builder {
    keys: Keyring,
    header: Option<Cow<'static, str>>,
    encoding: Option<Encoding>,
    prefix: Option<Cow<'static, str>>,
    event_type: Option<At>,
    event_id: Option<At>,
    time: Option<At>,
    payload: Option<Cow<'static, str>>,
    tolerance: Tolerance,
}

impl Builder {
    /// The header that holds the signature.
    pub fn signature_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = Some(name.into());
        self
    }

    /// How the signature is written.
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// The fixed text before the signature, such as `sha256=`; empty for none.
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Where the event's type stands.
    pub fn event_type(mut self, at: At) -> Self {
        self.event_type = Some(at);
        self
    }

    /// Where the event's id stands. In a header it is not signed, so it is for logs alone.
    pub fn event_id(mut self, at: At) -> Self {
        self.event_id = Some(at);
        self
    }

    /// Where the time stands: RFC 3339 or Unix seconds in the body, or Unix seconds in a header, in
    /// which case `{time}.{body}` is what is signed.
    ///
    /// Should retries keep their first time, widen the [tolerance](Self::tolerance) over them.
    pub fn time(mut self, at: At) -> Self {
        self.time = Some(at);
        self
    }

    /// How far the time may lie from now; five minutes both ways unless set.
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Where [`Event::payload`] stands in the body; the whole body unless set.
    pub fn payload(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.payload = Some(pointer.into());
        self
    }

    /// Type at `/event`, id at `/id`, time at `/timestamp`, payload at `/data`: **assumed**, not
    /// documented by the vendor. Check it against a captured delivery.
    pub fn assumed_envelope(self) -> Self {
        self.event_type(At::field("/event"))
            .event_id(At::field("/id"))
            .time(At::field("/timestamp"))
            .payload("/data")
    }

    /// Checks the set-up.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] for the first setting that was not given, with what to
    /// look for in a captured delivery; else as [`SchemeBuilder::build`](crate::scheme::SchemeBuilder::build)
    /// and [`Verifier::new`].
    pub fn build(self) -> Result<AiNexLayer, ConfigError> {
        let header = given(
            self.header.filter(|name| !name.is_empty()),
            "signature_header",
            "which header changes when the body does",
        )?;
        let encoding = given(
            self.encoding,
            "encoding",
            "whether the signature is 64 hex digits or 44 base64 characters",
        )?;
        let prefix =
            given(self.prefix, "prefix", "what stands before the signature, `sha256=` or nothing")?;
        let event_type = given(
            self.event_type.filter(At::is_named),
            "event_type",
            "where `document.uploaded` or the like stands",
        )?;
        let event_id = given(
            self.event_id.filter(At::is_named),
            "event_id",
            "what stays the same when a delivery is retried",
        )?;
        let time = given(self.time.filter(At::is_named), "time", "where the time stands")?;
        let signature = SignatureLocation::header(header, encoding).prefix(prefix);
        let mut scheme = Scheme::hmac_sha256(SENDER, signature).tolerance(self.tolerance);
        scheme = match event_type {
            At::Header(name) => scheme.event_type_header(name),
            At::Field(pointer) => scheme.event_type_field(pointer),
            At::Nowhere => scheme,
        };
        scheme = match event_id {
            At::Header(name) => scheme.id_header(name),
            At::Field(pointer) => scheme.id_field(pointer),
            At::Nowhere => scheme,
        };
        scheme =
            match time {
                At::Header(name) => scheme
                    .timestamp_header(name, TimestampFormat::Seconds)
                    .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body]),
                At::Field(pointer) => scheme.timestamp_field(pointer, TimestampFormat::Seconds),
                At::Nowhere => scheme,
            };
        if let Some(pointer) = self.payload {
            scheme = scheme.payload_field(pointer);
        }
        Ok(AiNexLayer {
            verifier: Verifier::new(scheme.build()?, self.keys)?,
            contract: contract()?,
        })
    }
}

fn given<T>(setting: Option<T>, name: &str, look_for: &str) -> Result<T, ConfigError> {
    setting.ok_or_else(|| {
        ConfigError::new(
            ConfigErrorKind::MissingSetting,
            format!("`{name}` is not set: AINexLayer does not document it; look in a captured delivery {look_for}"),
        )
    })
}

/// Any 2xx; an answer within 25 of the 30 s; remembered for three days.
fn contract() -> Result<Contract, ConfigError> {
    Contract::builder()
        .response_deadline(Duration::from_secs(25))
        .retry_window(Duration::from_secs(3 * 24 * 60 * 60))
        .build()
}

/// An event with a payload of your own type; the vendor documents no payload.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event<T = RawJson> {
    /// The event's type, if the body has one where the set-up says.
    pub event_type: Option<EventType>,
    /// The event's id, if there is one where the set-up says. In a header it is not signed.
    pub id: Option<String>,
    /// The time that the signature covers.
    pub time: Option<OffsetDateTime>,
    /// What stands at the set-up's payload pointer, or else the whole body.
    pub payload: T,
}

impl<T: DeserializeOwned> FromDelivery for Event<T> {
    fn from_delivery(delivery: &Delivery) -> Result<Self, Rejection> {
        let time = delivery.timestamp().and_then(|time| {
            OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.as_millis()) * 1_000_000).ok()
        });
        Ok(Self {
            event_type: delivery.event_type().map(|name| EventType::from(&*name)),
            id: delivery.unverified_id().map(Cow::into_owned),
            time,
            payload: delivery.payload()?,
        })
    }
}

open_enum! {
    /// What happened: the nineteen names that the vendor documents, and any other.
    pub enum EventType {
        /// A document was uploaded to a workspace.
        DocumentUploaded = "document.uploaded",
        /// A document's processing is done.
        DocumentProcessed = "document.processed",
        /// A document's processing failed.
        DocumentFailed = "document.failed",
        /// A document was removed from a workspace.
        DocumentDeleted = "document.deleted",
        /// A document's metadata changed.
        DocumentUpdated = "document.updated",
        /// A message was sent.
        ChatMessage = "chat.message",
        /// A conversation began.
        ChatConversationStarted = "chat.conversation.started",
        /// A conversation ended.
        ChatConversationEnded = "chat.conversation.ended",
        /// The AI made an answer.
        ChatResponseGenerated = "chat.response.generated",
        /// A workspace was made.
        WorkspaceCreated = "workspace.created",
        /// A workspace's settings changed.
        WorkspaceUpdated = "workspace.updated",
        /// A workspace was removed.
        WorkspaceDeleted = "workspace.deleted",
        /// A user joined a workspace.
        WorkspaceUserAdded = "workspace.user.added",
        /// A user left a workspace.
        WorkspaceUserRemoved = "workspace.user.removed",
        /// A user registered.
        UserCreated = "user.created",
        /// A user's profile changed.
        UserUpdated = "user.updated",
        /// A user's account was deleted.
        UserDeleted = "user.deleted",
        /// A user's session began.
        UserLogin = "user.login",
        /// A user's session ended.
        UserLogout = "user.logout",
    }
}
