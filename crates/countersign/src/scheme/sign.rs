//! The scheme run backwards: what a sender would send. For tests and tools.

use std::fmt;

use crate::crypto::asymmetric::{sign_ed25519, sign_p256};
use crate::crypto::encoding::hex;
use crate::crypto::mac::{HmacKey, SignatureBytes, WholeMac, sha256};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::keys::Secret;
use crate::scheme::content::{BODY_DIGEST, Content};
use crate::scheme::{Algorithm, Grammar, Place, Scheme, SignedPart, TimestampAt};
use crate::time::{Timestamp, TimestampFormat};

/// A request to be signed.
///
/// ```
/// use countersign::scheme::SigningRequest;
/// use countersign::senders::Sender;
/// use countersign::{Secret, StandardWebhooks, Timestamp};
///
/// let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// let sender = StandardWebhooks::new(Secret::new(text)?)?;
/// let headers = SigningRequest::new(br#"{"test": 2432232314}"#)
///     .id("msg_p5jXN8AQM9LWM0D4loKWxJek")
///     .timestamp(Timestamp::from_secs(1614265330))
///     .sign(sender.verifier().scheme(), &Secret::new(text)?)?;
/// assert_eq!(headers[2], ("webhook-signature".into(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".into()));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct SigningRequest<'r> {
    id: Option<&'r str>,
    timestamp: Option<Timestamp>,
    headers: &'r [(&'r str, &'r str)],
    query: Option<&'r str>,
    body: &'r [u8],
}

impl<'r> SigningRequest<'r> {
    /// A request with this body.
    pub const fn new(body: &'r [u8]) -> Self {
        Self { id: None, timestamp: None, headers: &[], query: None, body }
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

    /// Other headers that the scheme signs, names in lower case; also the time's, to write it in a
    /// form of your own.
    pub const fn headers(mut self, headers: &'r [(&'r str, &'r str)]) -> Self {
        self.headers = headers;
        self
    }

    /// The query that the request is sent with, where the scheme signs the URL; that of the public
    /// URL unless set.
    pub const fn query(mut self, query: &'r str) -> Self {
        self.query = Some(query);
        self
    }

    /// The headers that make the request authentic: id, time, signature, as the scheme has them.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::MissingSetting`] if the scheme signs something that was not given, or puts
    /// its signature elsewhere than into headers, and [`ConfigErrorKind::InvalidSecret`] if the
    /// secret is not of the scheme's form.
    pub fn sign(
        &self,
        scheme: &Scheme,
        secret: &Secret,
    ) -> Result<Vec<(String, String)>, ConfigError> {
        let signed = self.request(scheme, secret)?;
        if signed.body != self.body || signed.query.as_deref() != self.query {
            return Err(ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "this sender signs in the body or the query: use `SigningRequest::request`",
            ));
        }
        Ok(signed.headers)
    }

    /// The whole request as the sender would send it.
    ///
    /// `secret` is the private key where the receiver has a public one: an Ed25519 seed in the form
    /// of the public key, or a PKCS #8 key in DER.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn request(&self, scheme: &Scheme, secret: &Secret) -> Result<SignedParts, ConfigError> {
        let mut signed = SignedParts {
            headers: Vec::new(),
            query: self.query.map(str::to_owned),
            body: self.body.to_vec(),
        };
        let mut push = |name: &str, value: String| signed.headers.push((name.to_owned(), value));
        if let Some(Place::Header(name)) = &scheme.id
            && let Some(id) = self.id.or_else(|| self.header(name.as_str()))
        {
            push(name.as_str(), id.to_owned());
        }
        if let Some(TimestampAt::Header(name, _)) = &scheme.timestamp {
            push(name.as_str(), self.written_time(scheme)?);
        }
        for (name, value) in &scheme.fixed {
            push(name.as_str(), value.as_ref().to_owned());
        }
        if let Some(content) = &scheme.content {
            signed.add_digest(content);
            self.sign_content(scheme, content, secret, &mut signed)?;
        } else if let Some(at) = &scheme.signature {
            let credential = match scheme.algorithm {
                Algorithm::StaticToken | Algorithm::Unauthenticated => {
                    String::from_utf8_lossy(secret.expose()).into_owned()
                }
                _ => {
                    let (before, after) = self.around_body(scheme)?;
                    at.encoding.encode(&signature(scheme, secret, [&before, self.body, &after])?)
                }
            };
            let value = self.header_value(scheme, &at.grammar, &credential)?;
            push(at.header.as_str(), value);
        }
        Ok(signed)
    }

    fn sign_content(
        &self,
        scheme: &Scheme,
        content: &Content,
        secret: &Secret,
        signed: &mut SignedParts,
    ) -> Result<(), ConfigError> {
        let unfit = || {
            ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "the body lacks the form that this sender signs: give one of its own bodies",
            )
        };
        let text = content.text(signed.query.as_deref(), self.body).ok_or_else(unfit)?;
        let [beginning, _] = content.beginnings();
        let tag = signature(scheme, secret, [beginning, &text, &[]])?;
        match (content, &scheme.signature) {
            (Content::Fields { signature, encoding, .. }, _) => {
                let mut body: serde_json::Value =
                    serde_json::from_slice(self.body).map_err(|_| unfit())?;
                *signature.slot(&mut body).ok_or_else(unfit)? = encoding.encode(&tag).into();
                signed.body = body.to_string().into_bytes();
            }
            (Content::UrlAndForm(_), Some(at)) => {
                let value = self.header_value(scheme, &at.grammar, &at.encoding.encode(&tag))?;
                signed.headers.push((at.header.as_str().to_owned(), value));
            }
            (Content::UrlAndForm(_), None) => {}
        }
        Ok(())
    }

    fn header_value(
        &self,
        scheme: &Scheme,
        grammar: &Grammar,
        credential: &str,
    ) -> Result<String, ConfigError> {
        Ok(match grammar {
            Grammar::Whole { prefix } => format!("{prefix}{credential}"),
            Grammar::Versioned { version } => format!("{version},{credential}"),
            Grammar::Pairs { signature, time: None, .. } => format!("{signature}={credential}"),
            Grammar::Pairs { signature, time: Some(time), separator } => {
                let (digits, separator) = (self.written_time(scheme)?, char::from(*separator));
                format!("{time}={digits}{separator}{signature}={credential}")
            }
        })
    }

    /// What is signed before the body and after it.
    fn around_body(&self, scheme: &Scheme) -> Result<(Vec<u8>, Vec<u8>), ConfigError> {
        let (mut text, mut before) = (Vec::new(), None);
        for part in &scheme.signed {
            match part {
                SignedPart::Literal(literal) => text.extend_from_slice(literal.as_bytes()),
                SignedPart::Timestamp => {
                    text.extend_from_slice(self.written_time(scheme)?.as_bytes());
                }
                SignedPart::Body => before = Some(std::mem::take(&mut text)),
                SignedPart::Id(name) => {
                    let id = self.id.or_else(|| self.header(name.as_str()));
                    let id = id.ok_or_else(|| missing(name.as_str()))?;
                    text.extend_from_slice(id.as_bytes());
                }
                SignedPart::Header(name) => {
                    let value = self.header(name.as_str()).ok_or_else(|| missing(name.as_str()))?;
                    text.extend_from_slice(value.as_bytes());
                }
            }
        }
        Ok((before.unwrap_or_default(), text))
    }

    fn header(&self, name: &str) -> Option<&'r str> {
        self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// The time as the sender writes it: as it stands among the headers, or else the one given.
    fn written_time(&self, scheme: &Scheme) -> Result<String, ConfigError> {
        let unit = match &scheme.timestamp {
            Some(TimestampAt::Header(name, unit)) => {
                if let Some(text) = self.header(name.as_str()) {
                    return Ok(text.to_owned());
                }
                *unit
            }
            Some(TimestampAt::Pair(unit)) => *unit,
            _ => TimestampFormat::Seconds,
        };
        let time = self.timestamp.ok_or_else(|| missing("timestamp"))?;
        Ok(time.written(unit))
    }
}

/// The parts of a request that signing determines, as the sender sends them.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignedParts {
    /// The headers that make the request authentic, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The query of its target, where the sender signs one.
    pub query: Option<String>,
    /// The body, with the signature where the sender puts it there.
    pub body: Vec<u8>,
}

impl SignedParts {
    /// Puts the digest of a body that is no form into the query, where that stands for it.
    fn add_digest(&mut self, content: &Content) {
        let Content::UrlAndForm(url) = content else { return };
        let is_form = !matches!(self.body.trim_ascii_start(), [b'{' | b'[', ..]);
        let given = self.query.as_deref().or(url.query()).unwrap_or_default();
        if is_form || given.contains(BODY_DIGEST) {
            return;
        }
        let joint = if given.is_empty() { "" } else { "&" };
        self.query = Some(format!("{given}{joint}{BODY_DIGEST}={}", hex(&sha256(&self.body))));
    }
}

/// What the private prefix of [Standard Webhooks] is, where the public one is `whpk_`.
///
/// [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const PRIVATE_PREFIX: &[u8] = b"whsk_";

fn signature(
    scheme: &Scheme,
    secret: &Secret,
    message: [&[u8]; 3],
) -> Result<SignatureBytes, ConfigError> {
    let key = match secret.expose().strip_prefix(PRIVATE_PREFIX) {
        Some(rest) if !scheme.has_secret_key() => scheme.key_bytes(&Secret::new(rest)?)?,
        _ => scheme.key_bytes(secret)?,
    };
    let mac = match scheme.algorithm {
        Algorithm::HmacSha256 => WholeMac::HmacSha256(HmacKey::new(&key)),
        Algorithm::HmacSha1 => WholeMac::hmac_sha1(&key),
        Algorithm::HmacSha512 => WholeMac::hmac_sha512(&key),
        Algorithm::PrefixedSha256 => WholeMac::PrefixedSha256(key),
        Algorithm::Ed25519 => return sign_ed25519(&key, message),
        Algorithm::EcdsaP256 => return sign_p256(&key, message),
        Algorithm::StaticToken | Algorithm::Unauthenticated => return Ok(SignatureBytes::new()),
    };
    Ok(mac.tag(message))
}

impl fmt::Debug for SigningRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningRequest")
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn missing(what: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::MissingSetting,
        format!("the scheme signs `{what}`: give it to the request to be signed"),
    )
}
