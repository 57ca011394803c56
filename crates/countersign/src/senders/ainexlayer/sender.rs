//! AINexLayer with its keys.

use std::borrow::Cow;
use std::sync::Arc;

use super::AINEXLAYER;
use crate::contract::Contract;
use crate::crypto::encoding::Encoding;
use crate::error::{ConfigError, ConfigErrorKind, Validation};
use crate::event::Identity;
use crate::keys::Keyring;
use crate::senders::{ConfiguredSender, FieldLocation, Handshake, Sender, SenderConfig};
use crate::time::Tolerance;
use crate::verify::{Delivery, Verifier};

/// The sender AINexLayer with its keys; see the [module](super) for what the vendor documents.
///
/// The settings that the vendor does not document are also in the
/// [table of senders](https://github.com/countersign/countersign/blob/main/docs/senders.md).
///
/// ```
/// use countersign::scheme::Encoding;
/// use countersign::{Receiver, Secret, ainexlayer::AiNexLayer};
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
pub struct AiNexLayer(ConfiguredSender);

impl AiNexLayer {
    /// Returns a builder with the keys. Every setting but the payload and the tolerance is required.
    pub fn builder(keys: impl Into<Keyring>) -> Builder {
        Builder {
            keys: keys.into(),
            config: AINEXLAYER.config(),
            header: None,
            encoding: None,
            prefix: None,
            event_type: None,
            event_id: None,
            time: None,
        }
    }

    /// Replaces the contract, for an account whose settings differ from the sender's defaults.
    #[must_use]
    pub fn with_contract(self, contract: Contract) -> Self {
        Self(self.0.with_contract(contract))
    }
}

impl Sender for AiNexLayer {
    fn verifier(&self) -> &Arc<Verifier> {
        self.0.verifier()
    }

    fn contract(&self) -> &Contract {
        self.0.contract()
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        self.0.identity(delivery)
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.0.handshake()
    }
}

/// Builds an [`AiNexLayer`]. Settings may come in any order; [`build`](Self::build) validates them.
///
/// ```
/// use countersign::scheme::Encoding;
/// use countersign::{ConfigErrorKind, Secret, ainexlayer::AiNexLayer};
///
/// let builder = AiNexLayer::builder(Secret::new("the secret set in AINexLayer")?);
/// let error = builder.encoding(Encoding::Hex).build().unwrap_err();
/// assert_eq!(error.kind(), ConfigErrorKind::MissingSetting);
/// assert!(error.to_string().contains("`signature_header` is not set"));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    keys: Keyring,
    config: SenderConfig,
    header: Option<Cow<'static, str>>,
    encoding: Option<Encoding>,
    prefix: Option<Cow<'static, str>>,
    event_type: Option<FieldLocation>,
    event_id: Option<FieldLocation>,
    time: Option<FieldLocation>,
}

impl Builder {
    /// Sets the header that holds the signature.
    pub fn signature_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = Some(name.into());
        self
    }

    /// Sets how the signature is encoded.
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Sets the fixed text before the signature, such as `sha256=`; empty for none.
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Sets where the event's type is.
    pub fn event_type(mut self, location: FieldLocation) -> Self {
        self.event_type = Some(location);
        self
    }

    /// Sets where the event's id is. An id in a header is not signed, so it is for logs only.
    pub fn event_id(mut self, location: FieldLocation) -> Self {
        self.event_id = Some(location);
        self
    }

    /// Sets where the time is: RFC 3339 or Unix seconds in the body, or Unix seconds in a header, in
    /// which case the sender signs `{time}.{body}`.
    ///
    /// If retries keep the time of the first delivery, widen the [tolerance](Self::tolerance) to cover
    /// them.
    pub fn time(mut self, location: FieldLocation) -> Self {
        self.time = Some(location);
        self
    }

    /// Sets how far the signed time may be from now. The default is five minutes in both directions.
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.config = self.config.with_tolerance(tolerance);
        self
    }

    /// Sets where [`Event::payload`](super::Event::payload) is in the body. The default is the whole body.
    pub fn payload(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.config = self.config.with_payload(pointer);
        self
    }

    /// Sets the type at `/event`, the id at `/id`, the time at `/timestamp` and the payload at `/data`:
    /// **assumed**, not documented by the vendor. Check them against a captured delivery.
    pub fn assumed_envelope(self) -> Self {
        self.event_type(FieldLocation::field("/event"))
            .event_id(FieldLocation::field("/id"))
            .time(FieldLocation::field("/timestamp"))
            .payload("/data")
    }

    /// Validates the settings and returns the sender.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::MissingSetting`] for every setting that is not set, with what to look
    /// for in a captured delivery; otherwise fails like [`SenderConfig::keys`].
    pub fn build(self) -> Result<AiNexLayer, ConfigError> {
        let mut validation = Validation::default();
        let header = validation.check(given(
            self.header.filter(|name| !name.is_empty()),
            "signature_header",
            "for the header that changes when the body does",
        ));
        let encoding = validation.check(given(
            self.encoding,
            "encoding",
            "whether the signature is 64 hexadecimal digits or 44 base64 characters",
        ));
        let prefix = validation.check(given(
            self.prefix,
            "prefix",
            "for the text before the signature: `sha256=` or nothing",
        ));
        let event_type = validation.check(given(
            self.event_type.filter(FieldLocation::is_named),
            "event_type",
            "for the field that holds `document.uploaded` or the like",
        ));
        let event_id = validation.check(given(
            self.event_id.filter(FieldLocation::is_named),
            "event_id",
            "for the field that stays the same when a delivery is retried",
        ));
        let time = validation.check(given(
            self.time.filter(FieldLocation::is_named),
            "time",
            "for the field with the time",
        ));
        let given = header.zip(encoding).zip(prefix).zip(event_type).zip(event_id).zip(time);
        let (((((header, encoding), prefix), event_type), event_id), time) =
            validation.finish(given)?;
        self.config
            .with_header(header)
            .with_encoding(encoding)
            .with_prefix(prefix)
            .with_event_type(event_type)
            .with_event_id(event_id)
            .with_time(time)
            .keys(self.keys)
            .map(AiNexLayer)
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
