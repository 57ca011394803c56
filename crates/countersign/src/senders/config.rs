//! The settings of a sender: setting them, and making the sender from them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::configured::ConfiguredSender;
use super::field_location::FieldLocation;
use super::handshake::{Handshake, HandshakeSettings};
use super::spec::{SenderConfig, SenderSpec};
use crate::crypto::encoding::Encoding;
use crate::error::{ConfigError, ConfigErrorKind, Validation};
use crate::keys::Keyring;
use crate::scheme::{
    BodyFormat, Ports, PublicUrl, Scheme, SchemeBuilder, SignatureLocation, redacted,
};
use crate::time::Tolerance;
use crate::verify::Verifier;

/// Configuration.
impl SenderSpec {
    /// Returns a configuration to complete, for a sender that needs more than keys.
    pub fn config(self) -> SenderConfig {
        SenderConfig::new(self)
    }

    /// Returns a configuration with a placeholder for every setting that the sender requires.
    ///
    /// For tests and tools that describe senders: the placeholders match no real delivery.
    pub fn example_config(self) -> SenderConfig {
        SenderConfig::example(self)
    }

    /// Returns the sender with its keys, ready for a [`Receiver`](crate::Receiver).
    ///
    /// # Errors
    ///
    /// Fails like [`SenderConfig::keys`].
    pub fn keys(self, keys: impl Into<Keyring>) -> Result<ConfiguredSender, ConfigError> {
        self.config().keys(keys)
    }
}

impl SenderConfig {
    pub(super) fn new(sender: SenderSpec) -> Self {
        Self {
            sender,
            name: sender.name.into(),
            public_url: None,
            header: None,
            encoding: None,
            prefix: None,
            event_type: None,
            event_types: None,
            event_id: None,
            time: None,
            payload: None,
            body_formats: None,
            method: "POST",
            tolerance: None,
            handshake: HandshakeSettings::default(),
            separator_in_id: false,
            #[cfg(feature = "gzip")]
            gzip: false,
        }
    }

    pub(super) fn example(sender: SenderSpec) -> Self {
        let config = Self::new(sender).with_public_url("https://example.com/hook");
        if sender.requires_header() {
            config
                .with_header("x-of-your-choice")
                .with_encoding(Encoding::Hex)
                .with_prefix("")
                .with_event_type(FieldLocation::Absent)
                .with_event_id(FieldLocation::Absent)
                .with_time(FieldLocation::Absent)
        } else {
            config
        }
    }

    /// Sets the URL that the sender was given, exactly as in the sender's settings: with its query, and
    /// with credentials such as `https://user:password@example.com/hook` if it has them.
    ///
    /// The URL is never read from a request: the `Host` header is set by the client. Forms that are
    /// equal in meaning are accepted, see [`Part::Url`](crate::scheme::Part::Url). Credentials appear in
    /// no message and no `Debug` text.
    pub fn with_public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Sets the header that holds the secret or the signature, for a sender that lets you choose it or
    /// does not document it.
    pub fn with_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = Some(name.into());
        self
    }

    /// Sets how the signature is encoded, for a sender that does not document it.
    pub const fn with_encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Sets the fixed text before the secret or the signature, for a sender that does not document it.
    pub fn with_prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Sets where the event's type is, for a sender that does not document it.
    pub fn with_event_type(mut self, location: FieldLocation) -> Self {
        self.event_type = Some(location);
        self
    }

    /// Declares the event types that are part of dedup keys, for a sender that names the event in a header
    /// that it does not sign, such as GitHub or Shopify.
    ///
    /// Declare every type that the sender is configured to deliver: of two events with undeclared types and
    /// one body, only the first is handled. A client that captured one request can send it again once for
    /// each declared type, and once without one; without a declaration, under any number of types. See
    /// [Deduplication].
    ///
    /// ```
    /// use countersign::{Secret, senders};
    ///
    /// let shopify = senders::SHOPIFY
    ///     .config()
    ///     .with_event_types(["orders/create", "orders/updated", "app/uninstalled"])
    ///     .keys(Secret::new("the app's client secret")?)?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// [Deduplication]: https://github.com/countersign/countersign/blob/main/docs/deduplication.md
    pub fn with_event_types(
        mut self,
        types: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
    ) -> Self {
        self.event_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// Sets where the event's id is, for a sender that does not document it.
    ///
    /// An id in a header is not signed, so it is for logs only.
    pub fn with_event_id(mut self, location: FieldLocation) -> Self {
        self.event_id = Some(location);
        self
    }

    /// Sets where the time of signing is, for a sender that does not document it.
    ///
    /// In the body it is RFC 3339 or Unix seconds; in a header it is Unix seconds, and the sender signs
    /// `{time}.{body}`.
    pub fn with_time(mut self, location: FieldLocation) -> Self {
        self.time = Some(location);
        self
    }

    /// Sets where the event's payload is in the body, as a JSON pointer, for a sender that does not
    /// document it. Without it, the payload is the whole body.
    pub fn with_payload(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.payload = Some(pointer.into());
        self
    }

    /// Sets the formats of the bodies, for an account or a relay that sends others than the sender's
    /// documentation says.
    ///
    /// ```
    /// use countersign::scheme::BodyFormat;
    /// use countersign::senders;
    ///
    /// let config = senders::AUTH0.config().with_body_formats([BodyFormat::Json, BodyFormat::Form]);
    /// assert_eq!(config.scheme()?.body_formats(), [BodyFormat::Json, BodyFormat::Form]);
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub fn with_body_formats(mut self, formats: impl IntoIterator<Item = BodyFormat>) -> Self {
        self.body_formats = Some(formats.into_iter().collect());
        self
    }

    /// Sets another name in deduplication keys and logs.
    ///
    /// The name separates the events of two accounts of one sender that share a store, as different
    /// [endpoint names](crate::ReceiverBuilder::endpoint) do.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets another tolerance for the signed time than the sender's default.
    pub const fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Accepts bodies that are sent with `Content-Encoding: gzip`, whose signature covers the plain body
    /// (feature `gzip`).
    ///
    /// See [`SchemeBuilder::gzip`] for the limits.
    #[cfg(feature = "gzip")]
    pub const fn with_gzip(mut self) -> Self {
        self.gzip = true;
        self
    }

    /// Allows the signed id to hold the text that separates it from the time, such as a dot; see
    /// [`SchemeBuilder::allow_separator_in_id`].
    ///
    /// Standard Webhooks advises against dots in ids, but some senders have them.
    pub const fn with_separator_in_id(mut self) -> Self {
        self.separator_in_id = true;
        self
    }

    /// Sets the method by which the sender delivers to this endpoint, if it is not `POST`: one of
    /// [`SenderSpec::methods`].
    ///
    /// A [`Receiver`](crate::Receiver) accepts this method alone, and the method is signed where the
    /// sender signs it. With `GET`, the query is the event: see
    /// [`Delivery::signed_query`](crate::Delivery::signed_query).
    ///
    /// ```
    /// use countersign::{Receiver, Secret, senders};
    ///
    /// let twilio = senders::TWILIO
    ///     .config()
    ///     .with_public_url("https://example.com/voice")
    ///     .with_method("GET")
    ///     .keys(Secret::new("the account's auth token")?)?;
    /// let receiver = Receiver::new(twilio);
    /// assert!(receiver.check_method("GET").is_ok());
    /// assert!(receiver.check_method("POST").is_err());
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub const fn with_method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// Returns the scheme with these settings.
    ///
    /// # Errors
    ///
    /// Returns [`MissingSetting`](ConfigErrorKind::MissingSetting) if the sender requires a setting that
    /// is not set, and fails like [`SchemeBuilder::build`].
    pub fn scheme(&self) -> Result<Scheme, ConfigError> {
        self.check_required()?;
        self.build(self.sender.scheme)
    }

    fn check_required(&self) -> Result<(), ConfigError> {
        let sender = &self.sender;
        let mut validation = Validation::default();
        if sender.requires_public_url() {
            match &self.public_url {
                Some(url) if !url.is_empty() => {
                    validation.check(PublicUrl::parse(url, Ports::Default));
                }
                _ => validation.reject(
                    ConfigErrorKind::MissingSetting,
                    format!(
                        "`{}` signs the public URL: set it with `with_public_url`, exactly as in the sender's settings",
                        sender.name
                    ),
                ),
            }
        }
        if !sender.methods().contains(&self.method) {
            validation.reject(
                ConfigErrorKind::InvalidScheme,
                format!(
                    "`{}` does not deliver by `{}`: set one of its methods with `with_method`, {}",
                    sender.name,
                    self.method.escape_debug(),
                    sender.methods().join(" or ")
                ),
            );
        }
        let mut require = |setting: &str, is_set: bool, look_for: &str| {
            if !is_set {
                validation.reject(
                    ConfigErrorKind::MissingSetting,
                    format!(
                        "`{setting}` is not called: {} does not document it; look in a captured delivery for {look_for}",
                        sender.display_name
                    ),
                );
            }
        };
        if let Some(look_for) = sender.required_header {
            let is_set = self.header.as_deref().is_some_and(|name| !name.is_empty());
            require("with_header", is_set, look_for);
        }
        if let Some(look_for) = sender.required_encoding {
            // A sender that does not document how it signs documents none of these either.
            require("with_encoding", self.encoding.is_some(), look_for);
            require("with_prefix", self.prefix.is_some(), "the text before the signature, or none");
            require("with_event_type", self.event_type.is_some(), "the event's type");
            require("with_event_id", self.event_id.is_some(), "what a retry does not change");
            require("with_time", self.time.is_some(), "the time of signing");
        }
        validation.finish(Some(()))
    }

    fn build(&self, scheme: fn(&Self) -> SchemeBuilder) -> Result<Scheme, ConfigError> {
        let mut builder = scheme(self).method(self.method);
        if let Some(of_sender) = self.sender.items {
            builder = builder.items((of_sender.items)());
        }
        if let Some(tolerance) = self.tolerance {
            builder = builder.tolerance(tolerance);
        }
        if let Some(types) = &self.event_types {
            builder = builder.event_types(types.iter().cloned());
        }
        if let Some(formats) = &self.body_formats {
            builder = builder.body_formats(formats.iter().cloned());
        }
        #[cfg(feature = "gzip")]
        if self.gzip {
            builder = builder.gzip();
        }
        if self.separator_in_id {
            builder = builder.allow_separator_in_id();
        }
        builder.build()
    }

    /// Returns the sender with its keys.
    ///
    /// # Errors
    ///
    /// Fails like [`scheme`](Self::scheme) and [`Verifier::new`].
    pub fn keys(self, keys: impl Into<Keyring>) -> Result<ConfiguredSender, ConfigError> {
        let verifier = Verifier::new(self.scheme()?, keys)?;
        let alternate = self.sender.alternate_headers().map(|other| self.build(other.scheme));
        let verifier = match alternate.transpose()? {
            Some(other) => Arc::new(verifier.with_alternate_headers(other)),
            None => verifier,
        };
        self.configured(verifier)
    }

    /// Returns the sender with its contract and its handshake.
    pub(super) fn configured(
        self,
        verifier: Arc<Verifier>,
    ) -> Result<ConfiguredSender, ConfigError> {
        let handshake = self.sender.handshake().map(Handshake::new);
        let settings = self.handshake;
        let handshake = handshake.map(|handshake| Handshake { settings, ..handshake });
        Ok(ConfiguredSender::new(&self.sender, verifier)?.with_handshake(handshake))
    }
}

/// Read access, for the function that makes a sender's scheme.
impl SenderConfig {
    /// Returns the sender's name in deduplication keys and logs.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        self.name.clone()
    }

    /// Returns the public URL, or an empty string if none is set.
    #[must_use]
    pub fn public_url(&self) -> Cow<'static, str> {
        self.public_url.clone().unwrap_or_default().into()
    }

    /// Returns the configured header, or `default` if none is set.
    #[must_use]
    pub fn header_or(&self, default: &'static str) -> Cow<'static, str> {
        self.header.clone().unwrap_or(Cow::Borrowed(default))
    }

    /// Returns the location of a secret that is sent in the configured header, after the configured
    /// prefix.
    pub fn token_location(&self) -> SignatureLocation {
        SignatureLocation::token(self.header_or("")).prefix(self.prefix.clone().unwrap_or_default())
    }

    /// Returns the location of a signature in the configured header, after the configured prefix and in
    /// the configured encoding.
    pub fn signature_location(&self) -> SignatureLocation {
        let encoding = self.encoding.unwrap_or(Encoding::Hex);
        SignatureLocation::header(self.header_or(""), encoding)
            .prefix(self.prefix.clone().unwrap_or_default())
    }

    /// Returns where the event's type is.
    #[must_use]
    pub fn event_type(&self) -> FieldLocation {
        self.event_type.clone().unwrap_or(FieldLocation::Absent)
    }

    /// Returns where the event's id is.
    #[must_use]
    pub fn event_id(&self) -> FieldLocation {
        self.event_id.clone().unwrap_or(FieldLocation::Absent)
    }

    /// Returns where the time of signing is.
    #[must_use]
    pub fn time(&self) -> FieldLocation {
        self.time.clone().unwrap_or(FieldLocation::Absent)
    }

    /// Returns the JSON pointer of the event's payload, if it is not the whole body.
    #[must_use]
    pub fn payload(&self) -> Option<Cow<'static, str>> {
        self.payload.clone()
    }

    /// Returns the method by which the sender delivers.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }
}

/// Shows the public URL without credentials.
impl fmt::Debug for SenderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SenderConfig")
            .field("sender", &self.sender.name)
            .field("name", &self.name)
            .field("public_url", &self.public_url.as_deref().map(redacted))
            .field("method", &self.method)
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
