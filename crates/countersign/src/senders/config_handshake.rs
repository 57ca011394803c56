//! The settings of a handshake, for a sender of the catalogue.

use std::borrow::Cow;

use super::configured::ConfiguredSender;
use super::handshake::Handshake;
use super::spec::SenderConfig;
use crate::error::{ConfigError, ConfigErrorKind};
use crate::keys::Secret;
use crate::verify::Verifier;

/// Handshakes.
impl SenderConfig {
    /// Sets the token that the sender presents in its handshake.
    #[expect(clippy::needless_pass_by_value, reason = "the configuration takes its secrets over")]
    pub fn with_verify_token(self, token: Secret) -> Self {
        self.with_handshake_settings(|handshake| handshake.with_token(&token))
    }

    /// Responds to a handshake that the sender does not sign; see
    /// [`Handshake::answer_unsigned_handshakes`].
    ///
    /// ```
    /// use countersign::{Receiver, Secret, senders};
    ///
    /// let woocommerce = senders::WOOCOMMERCE
    ///     .config()
    ///     .answer_unsigned_handshakes()
    ///     .keys(Secret::new("the secret of the webhook")?)?;
    /// let receiver = Receiver::new(woocommerce);
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    pub fn answer_unsigned_handshakes(self) -> Self {
        self.with_handshake_settings(Handshake::answer_unsigned_handshakes)
    }

    /// Responds to a handshake that brings the secret of later deliveries, and passes the first secret to
    /// `callback`; see [`Handshake::on_secret`].
    pub fn on_secret(self, callback: impl FnOnce(Secret) + Send + 'static) -> Self {
        self.with_handshake_settings(|handshake| handshake.on_secret(callback))
    }

    /// Allows an origin that asks for permission to deliver; see [`Handshake::allow_origin`].
    pub fn allow_origin(self, origin: impl Into<Cow<'static, str>>) -> Self {
        self.with_handshake_settings(|handshake| handshake.allow_origin(origin))
    }

    /// Allows at most this number of requests per minute; see [`Handshake::allow_rate`].
    pub fn allow_rate(self, per_minute: u32) -> Self {
        self.with_handshake_settings(|handshake| handshake.allow_rate(per_minute))
    }

    /// Returns the sender without keys, for the time before its handshake has brought the secret.
    ///
    /// The handshake gets its response. Every delivery is rejected with status 503, so that the sender
    /// retries it: once the secret is stored, start the service with [`keys`](Self::keys).
    ///
    /// ```
    /// use std::sync::mpsc;
    ///
    /// use countersign::{ConfigError, Receiver, Secret, senders};
    ///
    /// /// Takes the stored secret, or waits for Asana's handshake to bring it.
    /// fn asana(stored: Option<Secret>, save: mpsc::Sender<Secret>) -> Result<Receiver, ConfigError> {
    ///     let asana = senders::ASANA.config();
    ///     let asana = match stored {
    ///         Some(secret) => asana.keys(secret)?,
    ///         None => asana.on_secret(move |secret| drop(save.send(secret))).handshake_only()?,
    ///     };
    ///     Ok(Receiver::new(asana))
    /// }
    /// # let (save, _) = mpsc::channel();
    /// # asana(None, save)?;
    /// # Ok::<(), ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if [`on_secret`](Self::on_secret) is not called, or if the
    /// sender's handshake brings no secret. Fails like [`scheme`](Self::scheme).
    pub fn handshake_only(self) -> Result<ConfiguredSender, ConfigError> {
        let verifier = Verifier::without_keys(self.scheme()?);
        let sender = self.configured(verifier)?;
        if sender.brings_secret() {
            return Ok(sender);
        }
        Err(ConfigError::new(
            ConfigErrorKind::MissingSetting,
            "without keys, the sender's handshake must bring the secret: call `on_secret`, for a sender whose handshake does so",
        ))
    }

    fn with_handshake_settings(mut self, change: impl FnOnce(Handshake) -> Handshake) -> Self {
        let handshake = Handshake { challenges: Vec::new(), settings: self.handshake };
        self.handshake = change(handshake).settings;
        self
    }
}
