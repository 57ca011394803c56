//! One key, prepared to verify.

use crate::crypto::asymmetric::PublicKey;
use crate::crypto::mac::{HmacKey, SignatureBytes, Tag, WholeMac};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::is_printable;
use crate::scheme::{Algorithm, Scheme};

/// One key, prepared for the algorithm of its scheme.
pub(crate) enum VerificationKey {
    /// The digest of a static token.
    Token(Tag),
    /// A MAC that runs while the body arrives, as nearly all senders allow.
    Hmac(HmacKey),
    /// A MAC over a message that is complete.
    Whole(WholeMac),
    /// A public key, over a message that is complete.
    Public(PublicKey),
}

impl VerificationKey {
    /// Prepares the key `bytes`; `name` is the key's name in messages.
    pub(crate) fn new(scheme: &Scheme, name: &str, bytes: &[u8]) -> Result<Self, ConfigError> {
        Ok(match scheme.algorithm {
            Algorithm::HmacSha256 if scheme.is_streamed() => Self::Hmac(HmacKey::new(bytes)),
            Algorithm::HmacSha256 => Self::Whole(WholeMac::HmacSha256(HmacKey::new(bytes))),
            Algorithm::HmacSha1 => Self::Whole(WholeMac::hmac_sha1(bytes)),
            Algorithm::HmacSha512 => Self::Whole(WholeMac::hmac_sha512(bytes)),
            Algorithm::PrefixedSha256 => {
                Self::Whole(WholeMac::PrefixedSha256(bytes.to_vec().into()))
            }
            Algorithm::Ed25519 => Self::Public(PublicKey::ed25519(bytes)?),
            Algorithm::EcdsaP256 => Self::Public(PublicKey::p256(bytes)?),
            Algorithm::StaticToken if !is_header_value(bytes) => {
                return Err(ConfigError::new(
                    ConfigErrorKind::InvalidSecret,
                    format!(
                        "key `{name}` could never arrive in a header: remove spaces at its start and end, and characters that are not printable ASCII"
                    ),
                ));
            }
            Algorithm::StaticToken => Self::Token(Tag::of_token(bytes)),
            Algorithm::Unauthenticated => {
                return Err(ConfigError::new(
                    ConfigErrorKind::InvalidScheme,
                    "an unauthenticated scheme takes no key: use `Verifier::danger_unauthenticated`",
                ));
            }
        })
    }

    /// Returns the MAC that runs while the body arrives, if this key has one.
    pub(crate) const fn as_hmac(&self) -> Option<&HmacKey> {
        match self {
            Self::Hmac(key) => Some(key),
            Self::Token(_) | Self::Whole(_) | Self::Public(_) => None,
        }
    }

    /// Returns whether both are one public key, however each is encoded.
    pub(crate) fn is_same_public_key(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Public(own), Self::Public(other)) if own == other)
    }

    /// Returns whether this key made one of `signatures` over the message's pieces.
    pub(crate) fn verify_any(&self, message: [&[u8]; 3], signatures: &[SignatureBytes]) -> bool {
        match self {
            Self::Whole(mac) => mac.verify_any(message, signatures),
            Self::Public(key) => key.verify_any(message, signatures),
            Self::Token(_) | Self::Hmac(_) => false,
        }
    }
}

/// Returns whether `token` can be the whole value of a header.
fn is_header_value(token: &[u8]) -> bool {
    token.trim_ascii().len() == token.len() && is_printable(token)
}
