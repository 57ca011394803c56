//! How a sender signs.

use std::borrow::Cow;
use std::fmt;

use super::content::Content;
use super::{
    Algorithm, CompiledItems, CompiledLocation, CompiledSignature, CompiledTimestamp, EventTypes,
    Field, KeyForm, PublicUrl, SchemeBuilder, SignatureLocation, SignedPart,
};
use crate::body::BodyFormats;
use crate::crypto::encoding::{Encoding, decode_base64_secret, decode_hex_secret};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::{HeaderIndex, IndexedHeader};
use crate::json::pointer::Pointer;
use crate::keys::{Secret, is_blank};
use crate::time::Tolerance;

/// How a sender proves that a request is its own.
///
/// A scheme holds no secret. The same value drives verification, signing in tests and the command's
/// diagnosis. [`SchemeBuilder::build`] checks that its parts are safe together.
///
/// How to describe a sender is shown in
/// [the guide](https://github.com/countersign/countersign/blob/main/docs/adding-a-sender.md).
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
    /// The credential's headers; `None` for [`Algorithm::Unauthenticated`], and where the signature is
    /// in the body or the query.
    pub(crate) signature: Option<CompiledSignature>,
    pub(crate) signed: Vec<SignedPart>,
    pub(crate) timestamp: Option<CompiledTimestamp>,
    pub(crate) tolerance: Tolerance,
    pub(crate) id: Option<CompiledLocation>,
    /// Whether the signature covers the header that holds the event's id.
    pub(crate) signs_id_header: bool,
    /// Whether the signed id may hold the text that separates it from the time after it.
    pub(crate) allows_separator_in_id: bool,
    /// The length of every signed id in bytes, where nothing else ends the id.
    pub(crate) id_length: Option<usize>,
    pub(crate) event_type: Option<CompiledLocation>,
    /// Where the event's type is if it is not at `event_type`.
    pub(crate) other_event_types: Vec<Pointer>,
    /// The event types that are part of dedup keys; `None` where the type is not in a header.
    pub(crate) event_types: Option<EventTypes>,
    pub(crate) payload: Option<Pointer>,
    pub(crate) body_formats: BodyFormats,
    /// Where the events of a body are that holds several.
    pub(crate) items: Option<CompiledItems>,
    /// The path of the public URL, with its query, where one is configured.
    pub(crate) public_path: Option<Cow<'static, str>>,
    pub(crate) key_form: KeyForm,
    pub(crate) conflicting_headers: Vec<IndexedHeader>,
    /// The headers that must have a fixed value, such as the version of the sender's scheme.
    pub(crate) required_headers: Vec<(IndexedHeader, Cow<'static, str>)>,
    /// Whether the width of the signed time separates it from another part, so that it must have as
    /// many digits as the present time.
    pub(crate) has_fixed_width_time: bool,
    /// The public URL, where it is one of the signed parts.
    pub(crate) url: Option<PublicUrl>,
    /// The method by which the sender delivers.
    pub(crate) method: &'static str,
    /// The signed content derived from the body, for schemes that do not sign `signed` verbatim.
    pub(crate) content: Option<Content>,
    /// Whether the body may be sent as gzip, with the signature over its plain bytes.
    pub(crate) accepts_gzip: bool,
}

impl Scheme {
    /// Starts a scheme in which a header holds the secret itself, which protects neither the body nor
    /// the time.
    pub fn static_token(
        sender: impl Into<Cow<'static, str>>,
        token: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::StaticToken, Some(token))
    }

    /// Starts a scheme with HMAC-SHA256 over the body, or over the parts of [`SchemeBuilder::signs`].
    pub fn hmac_sha256(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha256, Some(signature))
    }

    /// Starts a scheme with HMAC-SHA1, which is still secure as a MAC; see
    /// [`hmac_sha256`](Self::hmac_sha256).
    pub fn hmac_sha1(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha1, Some(signature))
    }

    /// Starts a scheme with HMAC-SHA512; see [`hmac_sha256`](Self::hmac_sha256).
    pub fn hmac_sha512(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::HmacSha512, Some(signature))
    }

    /// Starts a scheme with Ed25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)), feature
    /// `ed25519`.
    ///
    /// The key is the sender's public key.
    pub fn ed25519(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::Ed25519, Some(signature))
    }

    /// Starts a scheme with ECDSA on P-256 with SHA-256 and signatures in DER, feature `p256`.
    ///
    /// The key is the sender's public key, as the DER encoding of its SubjectPublicKeyInfo.
    pub fn ecdsa_p256(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::EcdsaP256, Some(signature))
    }

    /// Starts a scheme with SHA-256 over the secret followed by the signed parts, which is not a MAC:
    /// **an attacker who has seen one request can forge others** that begin with its content, without
    /// the secret.
    ///
    /// Use it only for a sender that offers nothing else.
    pub fn danger_prefixed_sha256(
        sender: impl Into<Cow<'static, str>>,
        signature: SignatureLocation,
    ) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::PrefixedSha256, Some(signature))
    }

    /// Starts a scheme with HMAC-SHA256 over some fields of a JSON body, joined by colons. The
    /// signature is at the JSON pointer `signature` of the same body.
    ///
    /// A field that is absent or null counts as empty. In each event, only one field may hold a colon,
    /// so that the signed text has exactly one reading: that with
    /// [`allow_any_text_for`](Field::allow_any_text_for) the event, or else that with
    /// [`allow_any_text`](Field::allow_any_text). **All other fields of the body are not authenticated.**
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

    /// Starts a scheme that accepts every request: **anyone on the network can send events**.
    ///
    /// Use it only for a sender that offers no secret. Protect the route by other means: a path that
    /// cannot be guessed, and network rules.
    pub fn danger_unauthenticated(sender: impl Into<Cow<'static, str>>) -> SchemeBuilder {
        SchemeBuilder::new(sender.into(), Algorithm::Unauthenticated, None)
    }

    /// Returns the sender's name, which is part of every dedup key.
    #[must_use]
    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// Returns the largest accepted distance of the signed time from now; `None` where no time is signed.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.timestamp.is_some().then_some(self.tolerance)
    }

    /// Returns the method by which the sender delivers, which is the only one that a receiver accepts.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// Returns whether the signature covers the whole body, so that a tampered body is rejected.
    #[must_use]
    pub fn signs_body(&self) -> bool {
        let is_whole = !matches!(self.content, Some(Content::Fields { .. }));
        is_whole && !matches!(self.algorithm, Algorithm::StaticToken | Algorithm::Unauthenticated)
    }

    /// Returns whether the signature covers the event's id, which then identifies the event.
    #[must_use]
    pub fn signs_id(&self) -> bool {
        match &self.id {
            Some(CompiledLocation::Header(_)) => self.signs_id_header,
            // The fields of a signed form have no separators, so bytes can move from one into another.
            Some(CompiledLocation::Body(_)) => self.signs_body() && self.content.is_none(),
            None => false,
        }
    }

    /// Returns whether the event's type is part of its dedup key: it is in a header, and no id is signed.
    #[must_use]
    pub fn identifies_by_event_type(&self) -> bool {
        self.event_types.is_some() && !self.signs_id()
    }

    /// Returns the event's type in a header's value as it is part of the dedup key; `None` if the value is
    /// not a type that counts, or the sender's type is not in a header.
    ///
    /// ```
    /// let shopify = countersign::senders::SHOPIFY.config().scheme()?;
    /// assert_eq!(shopify.identifying_event_type(" Orders/Create").as_deref(), Some("orders/create"));
    /// assert_eq!(shopify.identifying_event_type("orders, create"), None);
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn identifying_event_type<'v>(&self, value: &'v str) -> Option<Cow<'v, str>> {
        self.event_types.as_ref()?.find(value.as_bytes())
    }

    /// Returns whether the MAC can run while the body arrives.
    pub(crate) fn is_streamed(&self) -> bool {
        self.algorithm == Algorithm::HmacSha256
            && self.content.is_none()
            && self.url.as_ref().is_none_or(PublicUrl::is_fixed)
            && self.signature.as_ref().is_some_and(|at| at.second.is_none())
    }

    /// Returns whether its keys are secret, rather than public keys.
    pub(crate) const fn has_secret_key(&self) -> bool {
        !matches!(self.algorithm, Algorithm::Ed25519 | Algorithm::EcdsaP256)
    }

    /// Returns the algorithm of the credential.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the key's bytes, decoded from the text of `secret`.
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
            let message = format!(
                "secret of `{}` {what}: copy all of it from the sender's settings",
                self.sender
            );
            ConfigError::new(kind, message)
        };
        let bytes = bytes
            .map(zeroize::Zeroizing::new)
            .ok_or_else(|| wrong(ConfigErrorKind::InvalidSecret, format_args!("is not {form}")))?;
        if is_blank(&bytes) {
            let what = format_args!("is empty or all white space in its {form}");
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
                SignedPart::Url => f.write_str("{url}")?,
                SignedPart::Timestamp => match &self.timestamp {
                    Some(CompiledTimestamp::Header(name, _)) => write!(f, "{{{}}}", name.as_str())?,
                    _ => f.write_str("{timestamp}")?,
                },
            }
        }
        write!(f, "`, in header `{header}`")
    }
}
