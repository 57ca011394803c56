//! Shared secrets.

use std::env::VarError;
use std::fmt;

use zeroize::Zeroizing;

use crate::error::{ConfigError, ConfigErrorKind};

/// A shared secret, wiped from memory when dropped and never printed, cloned or serialized.
///
/// ```
/// let secret = countersign::Secret::new("correct horse battery staple")?;
/// assert_eq!(format!("{secret:?}"), "Secret([redacted])");
/// # Ok::<(), countersign::ConfigError>(())
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Creates a secret from the text or bytes that the sender shows.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::EmptySecret`] if the secret is empty, only white space or only zero bytes.
    /// Anyone can compute the MAC under an empty key, and HMAC treats zero bytes as an empty key.
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, ConfigError> {
        let secret = Zeroizing::new(secret.into());
        if is_blank(&secret) {
            return Err(ConfigError::new(
                ConfigErrorKind::EmptySecret,
                "secret is empty: set it to the value that the sender shows",
            ));
        }
        Ok(Self(secret))
    }

    /// Reads the secret from the environment variable `name`.
    ///
    /// ```no_run
    /// let secret = countersign::Secret::from_env("GITHUB_WEBHOOK_SECRET")?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::UnreadableSecret`] if the variable is not set or not Unicode,
    /// [`ConfigErrorKind::EmptySecret`] if it is blank, and [`ConfigErrorKind::InvalidSecret`] if it
    /// begins or ends with white space.
    pub fn from_env(name: &str) -> Result<Self, ConfigError> {
        let text = std::env::var(name).map_err(|error| {
            let reason = match error {
                VarError::NotPresent => "is not set",
                VarError::NotUnicode(_) => "is not Unicode",
            };
            ConfigError::new(
                ConfigErrorKind::UnreadableSecret,
                format!("environment variable `{name}` {reason}: set it to the sender's secret"),
            )
        })?;
        Self::from_text(text, &format!("environment variable `{name}`"))
    }

    /// Reads the secret from a file, such as a mounted Kubernetes or Docker secret.
    ///
    /// One line ending at the end of the file is ignored.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::UnreadableSecret`] if the file cannot be read or is not UTF-8,
    /// [`ConfigErrorKind::EmptySecret`] if it is blank, and [`ConfigErrorKind::InvalidSecret`] if the
    /// secret begins or ends with white space.
    pub fn from_file(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let mut text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
            ConfigError::new(
                ConfigErrorKind::UnreadableSecret,
                format!(
                    "secret file `{}` cannot be read ({}): check its path, permissions and encoding",
                    path.display(),
                    error.kind()
                ),
            )
        })?;
        let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        if let Some(length) = line.map(str::len) {
            text.truncate(length);
        }
        Self::from_text(std::mem::take(&mut *text), &format!("secret file `{}`", path.display()))
    }

    fn from_text(text: String, source: &str) -> Result<Self, ConfigError> {
        let secret = Self::new(text).map_err(|error| {
            ConfigError::new(
                error.kind(),
                format!("{source} is empty: set it to the sender's secret"),
            )
        })?;
        let text = std::str::from_utf8(secret.expose()).unwrap_or_default();
        if text.trim_matches(is_space).len() != text.len() {
            return Err(ConfigError::new(
                ConfigErrorKind::InvalidSecret,
                format!("{source} has white space before or after the secret: remove it"),
            ));
        }
        Ok(secret)
    }

    /// Returns a copy, for the test kit only. `Secret` does not implement `Clone`.
    #[cfg(feature = "testing")]
    pub(crate) fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// Returns the secret's bytes, to store a secret that a sender's handshake has brought.
    ///
    /// Never log them. A search for `expose` finds all code that reads a secret.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// The byte order mark that some editors write at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns whether `secret` is only white space, or only the zero bytes that HMAC pads keys with.
pub(crate) fn is_blank(secret: &[u8]) -> bool {
    secret.iter().all(|byte| *byte == 0)
        || std::str::from_utf8(secret).is_ok_and(|text| text.chars().all(is_space))
}

const fn is_space(character: char) -> bool {
    match character {
        ' ' | '\t' | '\n' | '\r' | '\u{c}' | BYTE_ORDER_MARK => true,
        _ => !character.is_ascii() && character.is_whitespace(),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}
