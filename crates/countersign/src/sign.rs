//! The scheme run backwards: what a sender would send. For tests and tools.

use std::fmt::{self, Write as _};

use crate::error::{ConfigError, ConfigErrorKind};
use crate::mac::{HmacKey, Tag};
use crate::scheme::{Algorithm, Grammar, Place, Scheme, SignedPart, TimestampAt};
use crate::secret::Secret;
use crate::time::{TimeUnit, Timestamp};

/// A request to be signed.
///
/// ```
/// use countersign::{Secret, StandardWebhooks, Timestamp, Unsigned, Provider};
///
/// let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// let sender = StandardWebhooks::new(Secret::new(text)?)?;
/// let headers = Unsigned::new(br#"{"test": 2432232314}"#)
///     .id("msg_p5jXN8AQM9LWM0D4loKWxJek")
///     .timestamp(Timestamp::from_secs(1614265330))
///     .sign(sender.verifier().scheme(), &Secret::new(text)?)?;
/// assert_eq!(headers[2], ("webhook-signature".into(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".into()));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Unsigned<'r> {
    id: Option<&'r str>,
    timestamp: Option<Timestamp>,
    headers: &'r [(&'r str, &'r str)],
    body: &'r [u8],
}

impl<'r> Unsigned<'r> {
    /// A request with this body.
    pub const fn new(body: &'r [u8]) -> Self {
        Self { id: None, timestamp: None, headers: &[], body }
    }

    /// The event's id, where the scheme has it in a header.
    pub const fn id(mut self, id: &'r str) -> Self {
        self.id = Some(id);
        self
    }

    /// The time to sign. Where the scheme has it in the body, write it there instead.
    pub const fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Other headers that the scheme signs, names in lower case.
    pub const fn headers(mut self, headers: &'r [(&'r str, &'r str)]) -> Self {
        self.headers = headers;
        self
    }

    /// The headers that make the request authentic: id, time, signature, as the scheme has them.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the scheme signs something that was not given, and
    /// [`ConfigErrorKind::InvalidSecret`] if the secret is not of the scheme's form.
    pub fn sign(
        &self,
        scheme: &Scheme,
        secret: &Secret,
    ) -> Result<Vec<(String, String)>, ConfigError> {
        let mut headers = Vec::new();
        if let (Some(Place::Header(name)), Some(id)) = (&scheme.id, self.id) {
            headers.push((name.as_str().to_owned(), id.to_owned()));
        }
        if let Some(TimestampAt::Header(name, _)) = &scheme.timestamp {
            headers.push((name.as_str().to_owned(), self.digits(scheme)?));
        }
        if let Some(at) = &scheme.signature {
            let credential = match scheme.algorithm {
                Algorithm::HmacSha256 => at.encoding.encode(&self.mac(scheme, secret)?),
                Algorithm::StaticToken | Algorithm::Unauthenticated => {
                    String::from_utf8_lossy(secret.expose()).into_owned()
                }
            };
            let mut value = String::new();
            let written = match &at.grammar {
                Grammar::Whole { prefix } => write!(value, "{prefix}{credential}"),
                Grammar::Versioned { version } => write!(value, "{version},{credential}"),
                Grammar::Pairs { signature, time: None } => {
                    write!(value, "{signature}={credential}")
                }
                Grammar::Pairs { signature, time: Some(time) } => {
                    write!(value, "{time}={},{signature}={credential}", self.digits(scheme)?)
                }
            };
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
            headers.push((at.header.as_str().to_owned(), value));
        }
        Ok(headers)
    }

    fn mac(&self, scheme: &Scheme, secret: &Secret) -> Result<[u8; 32], ConfigError> {
        let mut mac = HmacKey::new(&scheme.key_bytes(secret)?).begin();
        for part in &scheme.signed {
            match part {
                SignedPart::Literal(text) => mac.update(text.as_bytes()),
                SignedPart::Timestamp => mac.update(self.digits(scheme)?.as_bytes()),
                SignedPart::Body => mac.update(self.body),
                SignedPart::Header(name) | SignedPart::Id(name) => {
                    let is_id = matches!(part, SignedPart::Id(_));
                    let value = match self.id {
                        Some(id) if is_id => id,
                        _ => self
                            .headers
                            .iter()
                            .find(|(key, _)| *key == name.as_str())
                            .map(|(_, value)| *value)
                            .ok_or_else(|| missing(name.as_str()))?,
                    };
                    mac.update(value.as_bytes());
                }
            }
        }
        Ok(mac.finish().map(Tag::into_bytes).unwrap_or_default())
    }

    fn digits(&self, scheme: &Scheme) -> Result<String, ConfigError> {
        let time = self.timestamp.ok_or_else(|| missing("timestamp"))?;
        Ok(match &scheme.timestamp {
            Some(
                TimestampAt::Header(_, TimeUnit::Millis) | TimestampAt::Pair(TimeUnit::Millis),
            ) => time.as_millis().to_string(),
            _ => time.as_secs().to_string(),
        })
    }
}

impl fmt::Debug for Unsigned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsigned").field("body_bytes", &self.body.len()).finish_non_exhaustive()
    }
}

fn missing(what: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::MissingSetting,
        format!("the scheme signs `{what}`: give it to the request to be signed"),
    )
}
