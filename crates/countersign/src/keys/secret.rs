//! A shared secret.

use std::env::VarError;
use std::fmt;

use zeroize::Zeroizing;

use crate::error::{ConfigError, ConfigErrorKind};

/// A shared secret: wiped from memory when dropped, never printed, cloned or serialised.
///
/// ```
/// let secret = countersign::Secret::new("correct horse battery staple")?;
/// assert_eq!(format!("{secret:?}"), "Secret([redacted])");
/// # Ok::<(), countersign::ConfigError>(())
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the secret as the sender gives it: text or raw bytes.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::EmptySecret`] if it is empty, only white space or only zero bytes: the MAC
    /// under an empty key is public, and HMAC takes zero bytes for an empty key.
    pub fn new(secret: impl Into<Vec<u8>>) -> Result<Self, ConfigError> {
        let secret = Zeroizing::new(secret.into());
        if is_blank(&secret) {
            return Err(ConfigError::new(
                ConfigErrorKind::EmptySecret,
                "secret is empty: set it to the value the sender shows",
            ));
        }
        Ok(Self(secret))
    }

    /// Reads the secret from the environment variable `name`.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::UnreadableSecret`] if the variable is not set or not Unicode,
    /// [`ConfigErrorKind::EmptySecret`] if it is blank, and [`ConfigErrorKind::InvalidSecret`] if
    /// white space stands around it.
    pub fn from_env(name: &str) -> Result<Self, ConfigError> {
        let text = std::env::var(name).map_err(|error| {
            let why = match error {
                VarError::NotPresent => "is not set",
                VarError::NotUnicode(_) => "is not Unicode",
            };
            ConfigError::new(
                ConfigErrorKind::UnreadableSecret,
                format!("environment variable `{name}` {why}: put the sender's secret there"),
            )
        })?;
        Self::from_text(text, &format!("environment variable `{name}`"))
    }

    /// Reads the secret from a file, as secret mounts give it; one line end at its end is dropped.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_file(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let mut text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
            ConfigError::new(
                ConfigErrorKind::UnreadableSecret,
                format!("secret file `{}` cannot be read: {}", path.display(), error.kind()),
            )
        })?;
        let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        if let Some(length) = line.map(str::len) {
            text.truncate(length);
        }
        Self::from_text(std::mem::take(&mut *text), &format!("secret file `{}`", path.display()))
    }

    fn from_text(text: String, place: &str) -> Result<Self, ConfigError> {
        let secret = Self::new(text).map_err(|error| {
            ConfigError::new(
                error.kind(),
                format!("{place} is empty: put the sender's secret there"),
            )
        })?;
        let text = std::str::from_utf8(secret.expose()).unwrap_or_default();
        if text.trim_matches(is_space).len() != text.len() {
            return Err(ConfigError::new(
                ConfigErrorKind::InvalidSecret,
                format!("{place} has white space around the secret: remove it"),
            ));
        }
        Ok(secret)
    }

    /// One more of the same, for tests: what holds a real secret hands it over once.
    #[cfg(feature = "testing")]
    pub(crate) fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// The secret itself. Search for this name to see every place that touches one.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// What some editors write at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Whether `secret` is as good as none: white space, or the zero bytes that HMAC pads keys with.
pub(crate) fn is_blank(secret: &[u8]) -> bool {
    secret.iter().all(|byte| *byte == 0)
        || std::str::from_utf8(secret).is_ok_and(|text| text.chars().all(is_space))
}

const fn is_space(letter: char) -> bool {
    match letter {
        ' ' | '\t' | '\n' | '\r' | '\u{c}' | BYTE_ORDER_MARK => true,
        _ => !letter.is_ascii() && letter.is_whitespace(),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}
