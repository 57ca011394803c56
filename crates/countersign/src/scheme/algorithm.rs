//! The algorithm of a credential.

use std::fmt;

/// The algorithm with which a credential is made.
///
/// The algorithm is part of the scheme and never read from a request.
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
    /// SHA-256 over the secret followed by the signed content.
    PrefixedSha256,
    /// Ed25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)).
    Ed25519,
    /// ECDSA on the curve P-256 with SHA-256.
    EcdsaP256,
}

impl Algorithm {
    /// Returns a fixed name in snake case, for logs and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::StaticToken => "static_token",
            Self::HmacSha256 => "hmac_sha256",
            Self::HmacSha1 => "hmac_sha1",
            Self::HmacSha512 => "hmac_sha512",
            Self::PrefixedSha256 => "prefixed_sha256",
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa_p256",
        }
    }
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
