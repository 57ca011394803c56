//! What one key checks a request with.

use crate::crypto::asymmetric::PublicKey;
use crate::crypto::mac::{HmacKey, SignatureBytes, Tag, WholeMac};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::headers::is_printable;
use crate::scheme::{Algorithm, Scheme};

pub(crate) enum VerificationKey {
    /// The token's digest.
    Token(Tag),
    /// A MAC that runs while the body arrives: of nearly all senders.
    Hmac(HmacKey),
    /// A MAC over a message at hand.
    Whole(WholeMac),
    Public(PublicKey),
}

impl VerificationKey {
    /// Readies a key's bytes; `name` is the key's.
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
            Algorithm::StaticToken if !fits_a_header(bytes) => {
                return Err(ConfigError::new(
                    ConfigErrorKind::InvalidSecret,
                    format!(
                        "key `{name}` could never arrive in a header: it has outer spaces or is not printable ASCII"
                    ),
                ));
            }
            Algorithm::StaticToken => Self::Token(Tag::of_token(bytes)),
            Algorithm::Unauthenticated => {
                return Err(ConfigError::new(
                    ConfigErrorKind::InvalidScheme,
                    "this scheme takes no key: use `Verifier::danger_unauthenticated`",
                ));
            }
        })
    }

    /// Whether this key made one of `signatures` over the message's pieces.
    pub(crate) fn verify_any(&self, message: [&[u8]; 3], signatures: &[SignatureBytes]) -> bool {
        match self {
            Self::Whole(mac) => mac.verify_any(message, signatures),
            Self::Public(key) => key.verify_any(message, signatures),
            Self::Token(_) | Self::Hmac(_) => false,
        }
    }
}

/// Whether a token can be a header's value as a whole.
fn fits_a_header(token: &[u8]) -> bool {
    token.trim_ascii().len() == token.len() && is_printable(token)
}
