//! Signing by a scheme, for tests and tools.

use std::fmt;

use crate::crypto::asymmetric::{sign_ed25519, sign_p256};
use crate::crypto::mac::{HmacKey, SignatureBytes, WholeMac};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::keys::Secret;
use crate::scheme::content::Content;
use crate::scheme::{
    Algorithm, CompiledLocation, CompiledTimestamp, Grammar, Scheme, SignedPart, SignedParts,
};
use crate::time::{Timestamp, TimestampFormat};

/// A request to be signed by a scheme, as its sender would sign it.
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
    /// Creates a request with this body.
    pub const fn new(body: &'r [u8]) -> Self {
        Self { id: None, timestamp: None, headers: &[], query: None, body }
    }

    /// Sets the event's id, where the scheme has it in a header.
    pub const fn id(mut self, id: &'r str) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the time to sign. Where the scheme has the time in the body, it is part of the body instead.
    pub const fn timestamp(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// Sets other headers that the scheme signs, with names in lower case. The header of the time may
    /// be among them, to write the time in another way.
    pub const fn headers(mut self, headers: &'r [(&'r str, &'r str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Sets the query of the request's target, where the scheme signs the URL; the query of the public
    /// URL by default.
    ///
    /// For a sender that delivers by `GET`, this is the event: the query of the public URL is put before
    /// it, if it is not a part of it.
    pub const fn query(mut self, query: &'r str) -> Self {
        self.query = Some(query);
        self
    }

    /// Returns the headers that make the request authentic: the id, the time and the signature.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::MissingSetting`] if the scheme signs a value that this request lacks, or has
    ///   its signature elsewhere than in headers.
    /// - [`ConfigErrorKind::InvalidSecret`] if the secret does not have the form that the scheme needs.
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

    /// Returns the whole request as the sender would send it.
    ///
    /// Where the receiver has a public key, `secret` is the private one: an Ed25519 seed in the form of
    /// the public key, or a PKCS #8 key in DER.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::MissingSetting`] if the scheme signs a value that this request lacks.
    /// - [`ConfigErrorKind::InvalidSecret`] if the secret does not have the form that the scheme needs.
    pub fn request(&self, scheme: &Scheme, secret: &Secret) -> Result<SignedParts, ConfigError> {
        let mut signed = SignedParts {
            headers: Vec::new(),
            query: self.sent_query(scheme),
            body: self.body.to_vec(),
        };
        let mut push = |name: &str, value: String| signed.headers.push((name.to_owned(), value));
        if let Some(CompiledLocation::Header(name)) = &scheme.id
            && let Some(id) = self.id.or_else(|| self.header(name.as_str()))
        {
            push(name.as_str(), id.to_owned());
        }
        if let Some(CompiledTimestamp::Header(name, _)) = &scheme.timestamp {
            push(name.as_str(), self.written_time(scheme)?);
        }
        for (name, value) in &scheme.required_headers {
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
        let malformed = || {
            ConfigError::new(
                ConfigErrorKind::MissingSetting,
                "the body does not have the form that this sender signs: use a body that the sender would send",
            )
        };
        let texts = content.texts(signed.query.as_deref(), self.body);
        let text = texts.into_iter().next().ok_or_else(malformed)?;
        let beginnings = content.beginnings();
        let beginning = beginnings.first().copied().unwrap_or_default();
        let tag = signature(scheme, secret, [beginning, &text, &[]])?;
        match (content, &scheme.signature) {
            (Content::Fields { signature, encoding, .. }, _) => {
                let mut body: serde_json::Value =
                    serde_json::from_slice(self.body).map_err(|_| malformed())?;
                *signature.slot(&mut body).ok_or_else(malformed)? = encoding.encode(&tag).into();
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

    /// Returns the query with which the sender calls the public URL: where the query is the event, that
    /// of the URL comes first.
    fn sent_query(&self, scheme: &Scheme) -> Option<String> {
        let url = match &scheme.content {
            Some(Content::UrlAndForm(url)) => Some(url),
            _ => scheme.url.as_ref(),
        };
        match url.filter(|url| url.is_query_event) {
            Some(url) => Some(url.called_with(self.query.unwrap_or_default())),
            None => self.query.map(str::to_owned),
        }
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
            Grammar::Pairs { signature, time: Some(time), separator, allows_white_space } => {
                let (digits, separator) = (self.written_time(scheme)?, char::from(*separator));
                // A sender that may write white space is signed for as it usually does: with it.
                let space = if *allows_white_space { " " } else { "" };
                format!("{time}={digits}{separator}{space}{signature}={credential}")
            }
        })
    }

    /// Returns the signed content before the body and after it.
    fn around_body(&self, scheme: &Scheme) -> Result<(Vec<u8>, Vec<u8>), ConfigError> {
        let (mut text, mut before) = (Vec::new(), None);
        for part in &scheme.signed {
            match part {
                SignedPart::Literal(literal) => text.extend_from_slice(literal.as_bytes()),
                SignedPart::Timestamp => {
                    text.extend_from_slice(self.written_time(scheme)?.as_bytes());
                }
                SignedPart::Body => before = Some(std::mem::take(&mut text)),
                SignedPart::Url => {
                    let query = self.sent_query(scheme);
                    let url = scheme.url.as_ref();
                    let urls = url.and_then(|url| url.signed_urls(query.as_deref()));
                    let url = urls.as_ref().and_then(|urls| urls.first());
                    let url = url.ok_or_else(|| missing("the parameters of the configured URL"))?;
                    text.extend_from_slice(url.text.as_bytes());
                }
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

    /// Returns the time as the sender writes it: the value among the headers, or else the time to sign.
    fn written_time(&self, scheme: &Scheme) -> Result<String, ConfigError> {
        let unit = match &scheme.timestamp {
            Some(CompiledTimestamp::Header(name, unit)) => {
                if let Some(text) = self.header(name.as_str()) {
                    return Ok(text.to_owned());
                }
                *unit
            }
            Some(CompiledTimestamp::Pair(unit)) => *unit,
            _ => TimestampFormat::Seconds,
        };
        let time = self.timestamp.ok_or_else(|| missing("timestamp"))?;
        Ok(time.written(unit))
    }
}

/// The prefix of a private key in [Standard Webhooks]; that of a public key is `whpk_`.
///
/// [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
const PRIVATE_PREFIX: &[u8] = b"whsk_";

/// Returns the signature of `message` by the key of `secret`.
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
        format!("the scheme signs `{what}`: set it on the `SigningRequest`"),
    )
}
