//! How a sender signs, as data: one value drives verifying, signing and explaining.

mod builder;

use std::borrow::Cow;
use std::fmt;

pub use self::builder::SchemeBuilder;
use crate::encoding::{Encoding, decode_base64_secret};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{Name, Names};
use crate::pointer::Pointer;
use crate::secret::{Secret, is_blank};
use crate::time::{TimeUnit, Tolerance};

/// How a sender proves that a request is its own.
///
/// A scheme has no secret in it. It is checked as a whole by [`SchemeBuilder::build`].
///
/// ```
/// use countersign::{Encoding, Part, Scheme, Signature, TimeUnit};
///
/// let acme = Scheme::hmac_sha256("acme", Signature::header("x-acme-signature", Encoding::Hex).prefix("sha256="))
///     .timestamp_header("x-acme-time", TimeUnit::Seconds)
///     .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body])
///     .build()?;
/// assert_eq!(acme.to_string(), "HMAC-SHA256 over `{x-acme-time}.{body}`, in header `x-acme-signature`");
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheme {
    pub(crate) sender: Cow<'static, str>,
    pub(crate) names: Names,
    pub(crate) algorithm: Algorithm,
    /// Where the credential stands; `None` only for [`Algorithm::Unauthenticated`].
    pub(crate) signature: Option<SignatureAt>,
    pub(crate) signed: Vec<SignedPart>,
    pub(crate) timestamp: Option<TimestampAt>,
    pub(crate) tolerance: Tolerance,
    pub(crate) id: Option<Place>,
    /// Whether the signature covers the header that holds the event's id.
    pub(crate) signs_id_header: bool,
    pub(crate) event_type: Option<Place>,
    pub(crate) payload: Option<Pointer>,
    pub(crate) key_form: KeyForm,
    pub(crate) rivals: Vec<Name>,
}

impl Scheme {
    /// The sender's secret itself stands in a header. It protects neither body nor time.
    pub fn static_token(sender: impl Into<Cow<'static, str>>, token: Signature) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::StaticToken, Some(token))
    }

    /// HMAC-SHA256; over the body alone unless [`SchemeBuilder::signs`] says more.
    pub fn hmac_sha256(
        sender: impl Into<Cow<'static, str>>,
        signature: Signature,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha256, Some(signature))
    }

    /// Takes every request as it comes: **anyone on the network can send events**.
    ///
    /// For a sender that has no secret to give. Guard the route by other means: a path that cannot
    /// be guessed, and network rules.
    pub fn danger_unauthenticated(sender: impl Into<Cow<'static, str>>) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::Unauthenticated, None)
    }

    /// The sender's name, which is part of every dedup key.
    #[must_use]
    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// How far the signed time may lie from now; `None` where no time is signed.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.timestamp.is_some().then_some(self.tolerance)
    }

    /// Whether a body that was tampered with is refused.
    #[must_use]
    pub fn signs_body(&self) -> bool {
        self.algorithm == Algorithm::HmacSha256
    }

    /// The key's bytes, as the MAC takes them.
    pub(crate) fn key_bytes(
        &self,
        secret: &Secret,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, ConfigError> {
        let text = secret.expose();
        match self.key_form {
            KeyForm::AsGiven => Ok(text.to_vec().into()),
            KeyForm::Base64 { prefix } => {
                let text = text.strip_prefix(prefix.as_bytes()).unwrap_or(text);
                let bytes = decode_base64_secret(text).ok_or_else(|| {
                    ConfigError::new(
                        ConfigErrorKind::InvalidSecret,
                        format!("secret of `{}` is not base64 after `{prefix}`: copy it whole from the sender", self.sender),
                    )
                })?;
                if is_blank(&bytes) {
                    return Err(ConfigError::new(
                        ConfigErrorKind::EmptySecret,
                        format!(
                            "secret of `{}` has nothing, or nothing but blanks, after `{prefix}`: copy it whole from the sender",
                            self.sender
                        ),
                    ));
                }
                Ok(bytes.into())
            }
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.signature.as_ref().map_or("", |signature| signature.header.as_str());
        match self.algorithm {
            Algorithm::Unauthenticated => return f.write_str("no authentication"),
            Algorithm::StaticToken => return write!(f, "static token in header `{header}`"),
            Algorithm::HmacSha256 => f.write_str("HMAC-SHA256 over `")?,
        }
        for part in &self.signed {
            match part {
                SignedPart::Literal(text) => f.write_str(text)?,
                SignedPart::Header(name) | SignedPart::Id(name) => {
                    write!(f, "{{{}}}", name.as_str())?;
                }
                SignedPart::Body => f.write_str("{body}")?,
                SignedPart::Timestamp => match &self.timestamp {
                    Some(TimestampAt::Header(name, _)) => write!(f, "{{{}}}", name.as_str())?,
                    _ => f.write_str("{timestamp}")?,
                },
            }
        }
        write!(f, "`, in header `{header}`")
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Algorithm {
    Unauthenticated,
    StaticToken,
    HmacSha256,
}

/// How the configured secret becomes the MAC's key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyForm {
    AsGiven,
    Base64 { prefix: &'static str },
}

#[derive(Clone, Debug)]
pub(crate) struct SignatureAt {
    pub(crate) header: Name,
    pub(crate) encoding: Encoding,
    pub(crate) grammar: Grammar,
}

/// How a header's value holds one signature or several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Grammar {
    /// The whole value after a fixed prefix.
    Whole { prefix: Cow<'static, str> },
    /// `v1,<signature> v1,<signature>`: items parted by spaces.
    Versioned { version: Cow<'static, str> },
    /// `t=<time>,v1=<signature>,v1=<signature>`: pairs parted by commas.
    Pairs { signature: Cow<'static, str>, time: Option<Cow<'static, str>> },
}

#[derive(Clone, Debug)]
pub(crate) enum TimestampAt {
    Header(Name, TimeUnit),
    /// A pair in the signature header, named in [`Grammar::Pairs`].
    Pair(TimeUnit),
    /// A field of the signed body: RFC 3339, or a whole number in the unit.
    Body(Pointer, TimeUnit),
}

#[derive(Clone, Debug)]
pub(crate) enum SignedPart {
    Literal(Cow<'static, str>),
    /// Any header but the id's.
    Header(Name),
    /// The header that holds the event's id.
    Id(Name),
    Timestamp,
    Body,
}

/// Where a fact about an event stands.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Header(Name),
    Body(Pointer),
}

/// One piece of what a sender signs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// Fixed text, such as the `.` between two others.
    Literal(Cow<'static, str>),
    /// A header's value as received.
    Header(Cow<'static, str>),
    /// The timestamp's digits as received.
    Timestamp,
    /// The event's id as received; it stands in a header.
    Id,
    /// The body's bytes as received.
    Body,
}

/// Where the credential stands and how it is written.
#[derive(Clone, Debug)]
pub struct Signature {
    header: Cow<'static, str>,
    encoding: Encoding,
    grammar: Grammar,
}

impl Signature {
    /// The header's whole value is the signature.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>, encoding: Encoding) -> Self {
        Self { header: name.into(), encoding, grammar: Grammar::Whole { prefix: "".into() } }
    }

    /// The header's whole value is the secret.
    #[must_use]
    pub fn token(name: impl Into<Cow<'static, str>>) -> Self {
        Self::header(name, Encoding::Hex)
    }

    /// A fixed text in front, such as `sha256=` or `Bearer `, which must be there.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Whole { prefix: prefix.into() };
        self
    }

    /// The value is a list of `version,signature` parted by spaces; other versions are ignored.
    #[must_use]
    pub fn versioned(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Versioned { version: version.into() };
        self
    }

    /// The value is a list of `name=value` parted by commas; signatures are called `name`.
    #[must_use]
    pub fn pairs(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.grammar = Grammar::Pairs { signature: name.into(), time: None };
        self
    }
}
