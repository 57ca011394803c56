//! The settings of a sender, before its keys.

use std::borrow::Cow;
use std::sync::Arc;

use super::configured::ConfiguredSender;
use super::handshake::Handshake;
use super::spec::SenderSpec;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::keys::{Keyring, Secret};
use crate::scheme::{PublicUrl, Scheme, SchemeBuilder};
use crate::time::Tolerance;
use crate::verify::Verifier;

/// The settings of a sender, before its keys.
#[derive(Debug)]
#[must_use]
pub struct SenderConfig {
    pub(super) sender: SenderSpec,
    pub(super) name: Cow<'static, str>,
    pub(super) url: Option<String>,
    pub(super) header: Option<Cow<'static, str>>,
    pub(super) method: &'static str,
    pub(super) tolerance: Option<Tolerance>,
    pub(super) verify_token: Option<Secret>,
}

impl SenderConfig {
    /// The URL that the sender was given, to the letter. It is never taken from a request.
    pub fn with_public_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// The header that holds the secret, where the sender lets that be chosen.
    pub fn with_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.header = Some(name.into());
        self
    }

    /// Another name in dedup keys and logs: for two accounts of one sender that share a store.
    pub fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Another tolerance for the signed time than the sender's usual.
    pub const fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The token that the sender shows when it asks whether the endpoint is ready.
    pub fn with_verify_token(mut self, token: Secret) -> Self {
        self.verify_token = Some(token);
        self
    }

    /// The method that is signed, where that is not `POST`. A [`Receiver`](crate::Receiver) takes only
    /// that; this is for verifying what others received.
    pub const fn with_method(mut self, method: &'static str) -> Self {
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
        if self.sender.requires_public_url && self.url.as_ref().is_none_or(String::is_empty) {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                format!(
                    "`{}` signs the public URL: give it with `public_url`, as it stands in the sender's settings",
                    self.sender.name
                ),
            ));
        }
        if let (true, Some(url)) = (self.sender.requires_public_url, &self.url) {
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
    pub fn keys(self, keys: impl Into<Keyring>) -> Result<ConfiguredSender, ConfigError> {
        let handshake = self.sender.challenge.map(Handshake::new);
        let verifier = Verifier::new(self.scheme()?, keys)?;
        let other = self.sender.other_scheme.map(|scheme| self.build(scheme(&self))).transpose()?;
        Ok(ConfiguredSender {
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
    pub fn public_url(&self) -> Cow<'static, str> {
        self.url.clone().unwrap_or_default().into()
    }

    /// The header that was chosen, or else `usual`.
    #[must_use]
    pub fn header_or(&self, usual: &'static str) -> Cow<'static, str> {
        self.header.clone().unwrap_or(Cow::Borrowed(usual))
    }

    /// The method that is signed.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }
}
