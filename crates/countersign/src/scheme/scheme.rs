//! How a sender signs, as one value.

use std::borrow::Cow;
use std::fmt;

use super::{
    Algorithm, CompiledLocation, CompiledSignature, CompiledTimestamp, KeyForm, SchemeBuilder,
    SignatureLocation, SignedPart,
};
use crate::crypto::encoding::{Encoding, decode_base64_secret, decode_hex_secret};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{HeaderIndex, IndexedHeader};
use crate::json::pointer::Pointer;
use crate::keys::{Secret, is_blank};
use crate::scheme::Field;
use crate::scheme::content::Content;
use crate::time::Tolerance;

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
    pub(crate) signature: Option<CompiledSignature>,
    pub(crate) signed: Vec<SignedPart>,
    pub(crate) timestamp: Option<CompiledTimestamp>,
    pub(crate) tolerance: Tolerance,
    pub(crate) id: Option<CompiledLocation>,
    /// Whether the signature covers the header that holds the event's id.
    pub(crate) signs_id_header: bool,
    pub(crate) event_type: Option<CompiledLocation>,
    pub(crate) payload: Option<Pointer>,
    pub(crate) key_form: KeyForm,
    pub(crate) conflicting_headers: Vec<IndexedHeader>,
    /// Headers that must have one value, such as the version of the sender's scheme.
    pub(crate) required_headers: Vec<(IndexedHeader, Cow<'static, str>)>,
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
            Some(CompiledLocation::Header(_)) => self.signs_id_header,
            Some(CompiledLocation::Body(_)) => self.signs_body(),
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
                    Some(CompiledTimestamp::Header(name, _)) => write!(f, "{{{}}}", name.as_str())?,
                    _ => f.write_str("{timestamp}")?,
                },
            }
        }
        write!(f, "`, in header `{header}`")
    }
}
