//! How a sender signs, as data: one value drives verifying, signing and explaining.

mod accessors;
mod builder;
pub(crate) mod content;
#[cfg(feature = "sign")]
mod sign;

use std::borrow::Cow;
use std::fmt;

pub use self::accessors::{
    Credential, KeyFormat, Location, PartRef, SignatureGrammar, SignedTimestamp, TimestampLocation,
};
pub use self::builder::SchemeBuilder;
pub(crate) use self::content::PublicUrl;
#[cfg(feature = "sign")]
pub use self::sign::{SignedRequest, SigningRequest};
pub use crate::crypto::encoding::Encoding;
use crate::crypto::encoding::{decode_base64_secret, decode_hex_secret};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{HeaderIndex, IndexedHeader};
use crate::json::pointer::Pointer;
use crate::keys::{Secret, is_blank};
use crate::scheme::content::{Content, FieldKind};
pub use crate::time::{TimestampFormat, Tolerance};

/// How a sender proves that a request is its own.
///
/// A scheme has no secret in it. It is checked as a whole by [`SchemeBuilder::build`].
///
/// ```
/// use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
///
/// let acme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme-signature", Encoding::Hex).prefix("sha256="))
///     .timestamp_header("x-acme-time", TimestampFormat::Seconds)
///     .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body])
///     .build()?;
/// assert_eq!(acme.to_string(), "HMAC-SHA256 over `{x-acme-time}.{body}`, in header `x-acme-signature`");
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheme {
    pub(crate) sender: Cow<'static, str>,
    pub(crate) names: HeaderIndex,
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
    pub(crate) conflicting_headers: Vec<IndexedHeader>,
    /// Headers that must have one value, such as the version of the sender's scheme.
    pub(crate) fixed: Vec<(IndexedHeader, Cow<'static, str>)>,
    /// Whether a signed time touches another part, so that it must be as wide as times are now.
    pub(crate) has_fixed_width_time: bool,
    /// What is signed, where that is not the parts as they stand.
    pub(crate) content: Option<Content>,
}

impl Scheme {
    /// The sender's secret itself stands in a header. It protects neither body nor time.
    pub fn static_token(
        sender: impl Into<Cow<'static, str>>,
        token: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::StaticToken, Some(token))
    }

    /// HMAC-SHA256; over the body alone unless [`SchemeBuilder::signs`] says more.
    pub fn hmac_sha256(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha256, Some(signature))
    }

    /// HMAC-SHA1, which is still sound as a MAC; see [`hmac_sha256`](Self::hmac_sha256).
    pub fn hmac_sha1(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha1, Some(signature))
    }

    /// HMAC-SHA512; see [`hmac_sha256`](Self::hmac_sha256).
    pub fn hmac_sha512(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha512, Some(signature))
    }

    /// Ed25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)), feature `ed25519`; the sender's
    /// public key stands where others have a secret.
    pub fn ed25519(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::Ed25519, Some(signature))
    }

    /// ECDSA on P-256 with SHA-256, signatures in DER, feature `p256`; the sender's public key (DER
    /// of its SubjectPublicKeyInfo) stands where others have a secret.
    pub fn ecdsa_p256(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::EcdsaP256, Some(signature))
    }

    /// SHA-256 over the secret and then the signed parts, which is no MAC: **whoever has seen one
    /// request can forge others** that begin like it, without the secret.
    ///
    /// For a sender that offers nothing else.
    pub fn danger_prefixed_sha256(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::PrefixedSha256, Some(signature))
    }

    /// HMAC-SHA256 over some fields of a JSON body, joined by colons; the signature is a field too.
    ///
    /// A field that is absent or null counts as empty. Only the one of `fields` that is
    /// [`free`](Field::free) may hold a colon, so that the text comes apart in one way. **All other fields
    /// of the body are the word of whoever sent it.**
    pub fn hmac_sha256_of_fields(
        sender: impl Into<Cow<'static, str>>,
        signature: impl Into<Cow<'static, str>>,
        encoding: Encoding,
        fields: impl IntoIterator<Item = Field>,
    ) -> SchemeBuilder {
        let fields = fields.into_iter().collect();
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha256, None).signs_fields(
            signature.into(),
            encoding,
            fields,
        )
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

    /// Whether a body that was tampered with is rejected.
    #[must_use]
    pub fn signs_body(&self) -> bool {
        let is_whole = !matches!(self.content, Some(Content::Fields { .. }));
        is_whole && !matches!(self.algorithm, Algorithm::StaticToken | Algorithm::Unauthenticated)
    }

    /// Whether the signature covers the event's id, so that an event is known by it.
    #[must_use]
    pub fn signs_id(&self) -> bool {
        match &self.id {
            Some(Place::Header(_)) => self.signs_id_header,
            Some(Place::Body(_)) => self.signs_body(),
            None => false,
        }
    }

    /// Whether the MAC can run while the body arrives.
    pub(crate) fn is_streamed(&self) -> bool {
        self.algorithm == Algorithm::HmacSha256
            && self.content.is_none()
            && self.signature.as_ref().is_some_and(|at| at.second.is_none())
    }

    /// Whether its keys are to be kept secret.
    pub(crate) const fn has_secret_key(&self) -> bool {
        !matches!(self.algorithm, Algorithm::Ed25519 | Algorithm::EcdsaP256)
    }

    /// What the credential is made with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's bytes, as the MAC takes them.
    pub(crate) fn key_bytes(
        &self,
        secret: &Secret,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, ConfigError> {
        let text = secret.expose();
        let (bytes, form) = match self.key_form {
            KeyForm::AsGiven => return Ok(text.to_vec().into()),
            KeyForm::Hex => (decode_hex_secret(text), Cow::Borrowed("hexadecimal")),
            KeyForm::Base64 { prefix } => {
                let text = text.strip_prefix(prefix.as_bytes()).unwrap_or(text);
                let form = match prefix {
                    "" => Cow::Borrowed("base64"),
                    prefix => format!("base64 after `{prefix}`").into(),
                };
                (decode_base64_secret(text), form)
            }
        };
        let wrong = |kind, what: fmt::Arguments<'_>| {
            let message =
                format!("secret of `{}` {what}: copy it whole from the sender", self.sender);
            ConfigError::new(kind, message)
        };
        let bytes = bytes
            .map(zeroize::Zeroizing::new)
            .ok_or_else(|| wrong(ConfigErrorKind::InvalidSecret, format_args!("is not {form}")))?;
        if is_blank(&bytes) {
            let what = format_args!("has nothing, or nothing but blanks, in its {form}");
            return Err(wrong(ConfigErrorKind::EmptySecret, what));
        }
        Ok(bytes)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.signature.as_ref().map_or("", |signature| signature.header.as_str());
        match self.algorithm {
            Algorithm::Unauthenticated => return f.write_str("no authentication"),
            Algorithm::StaticToken => return write!(f, "static token in header `{header}`"),
            algorithm => write!(f, "{algorithm} over `")?,
        }
        if let Some(content) = &self.content {
            content.fmt(f)?;
            if let Content::Fields { signature, .. } = content {
                return write!(f, "`, in the body at `{}`", signature.as_shared());
            }
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

/// What a credential is made with. It is fixed by the set-up and never read from a request.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Nothing proves who sent a request.
    Unauthenticated,
    /// The secret itself is sent.
    StaticToken,
    /// HMAC ([RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)) with SHA-256.
    HmacSha256,
    /// HMAC with SHA-1.
    HmacSha1,
    /// HMAC with SHA-512.
    HmacSha512,
    /// SHA-256 over the secret and what is signed.
    PrefixedSha256,
    /// Ed25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)).
    Ed25519,
    /// ECDSA on the curve P-256 with SHA-256.
    EcdsaP256,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthenticated => "none",
            Self::StaticToken => "static token",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha512 => "HMAC-SHA512",
            Self::PrefixedSha256 => "SHA-256 after the secret",
            Self::Ed25519 => "Ed25519",
            Self::EcdsaP256 => "ECDSA P-256",
        })
    }
}

/// How the configured secret becomes the MAC's key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyForm {
    AsGiven,
    Hex,
    Base64 { prefix: &'static str },
}

#[derive(Clone, Debug)]
pub(crate) struct SignatureAt {
    pub(crate) header: IndexedHeader,
    /// Where a second signature may stand, by another key.
    pub(crate) second: Option<IndexedHeader>,
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
    /// `t=<time>,v1=<signature>,v1=<signature>`: pairs parted by commas, or another character.
    Pairs { signature: Cow<'static, str>, time: Option<Cow<'static, str>>, separator: u8 },
}

#[derive(Clone, Debug)]
pub(crate) enum TimestampAt {
    Header(IndexedHeader, TimestampFormat),
    /// A pair in the signature header, named in [`Grammar::Pairs`].
    Pair(TimestampFormat),
    /// A field of the signed body: RFC 3339, or a whole number in the unit.
    Body(Pointer, TimestampFormat),
}

#[derive(Clone, Debug)]
pub(crate) enum SignedPart {
    Literal(Cow<'static, str>),
    /// Any header but the id's.
    Header(IndexedHeader),
    /// The header that holds the event's id.
    Id(IndexedHeader),
    Timestamp,
    Body,
}

/// Where a fact about an event stands.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Header(IndexedHeader),
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
    /// The public URL of the endpoint, and then the fields of a form body by name, as Twilio signs.
    ///
    /// A body that is no form stands in the query as `bodySHA256` instead. The URL is tried with its
    /// port and without. It stands for the body, and alone.
    UrlAndForm(Cow<'static, str>),
}

/// A [`Part::Literal`].
impl From<&'static str> for Part {
    fn from(text: &'static str) -> Self {
        Self::Literal(text.into())
    }
}

/// A field of the body that is signed; see [`Scheme::hmac_sha256_of_fields`].
#[derive(Clone, Debug)]
pub struct Field {
    pub(crate) pointer: Cow<'static, str>,
    pub(crate) kind: FieldKind,
}

impl Field {
    /// The field at this JSON pointer; it must not hold a colon.
    #[must_use]
    pub fn new(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), kind: FieldKind::Plain }
    }

    /// It may hold any text; one field may.
    #[must_use]
    pub const fn allow_any_text(mut self) -> Self {
        self.kind = FieldKind::Free;
        self
    }

    /// It is not signed and must not be there: a second event beside the one that is signed.
    #[must_use]
    pub const fn must_be_absent(mut self) -> Self {
        self.kind = FieldKind::Absent;
        self
    }
}

/// Where the credential stands and how it is written.
#[derive(Clone, Debug)]
pub struct SignatureLocation {
    header: Cow<'static, str>,
    second: Option<Cow<'static, str>>,
    encoding: Encoding,
    grammar: Grammar,
}

impl SignatureLocation {
    /// The header's whole value is the signature.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>, encoding: Encoding) -> Self {
        let grammar = Grammar::Whole { prefix: "".into() };
        Self { header: name.into(), second: None, encoding, grammar }
    }

    /// A second header that holds one more signature while keys are changed. One of the two is
    /// enough.
    #[must_use]
    pub fn or_header(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.second = Some(name.into());
        self
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
    pub fn pairs(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.pairs_with_separator(b',', name)
    }

    /// As [`pairs`](Self::pairs), parted by another ASCII character.
    #[must_use]
    pub fn pairs_with_separator(
        mut self,
        separator: u8,
        name: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.grammar = Grammar::Pairs { signature: name.into(), time: None, separator };
        self
    }
}
