//! Public keys: the only file that names the crates of asymmetric algorithms.
//!
//! Each algorithm needs the Cargo feature of its name. Without it the constructors return a
//! [`ConfigError`] that names the feature.

use crate::crypto::mac::SignatureBytes;
use crate::error::{ConfigError, ConfigErrorKind};

/// A key that verifies signatures and cannot make them.
#[derive(PartialEq)]
pub(crate) enum PublicKey {
    #[cfg(feature = "ed25519")]
    Ed25519(ed25519_dalek::VerifyingKey),
    #[cfg(feature = "p256")]
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Creates an Ed25519 key ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)) from its 32 bytes.
    #[cfg(feature = "ed25519")]
    pub(crate) fn ed25519(bytes: &[u8]) -> Result<Self, ConfigError> {
        let key = bytes.try_into().ok().and_then(|bytes| {
            // Weak keys are rejected: under one of them a signature is valid for many messages.
            ed25519_dalek::VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())
        });
        key.map(Self::Ed25519).ok_or_else(|| invalid("an Ed25519 public key of 32 bytes"))
    }

    #[cfg(not(feature = "ed25519"))]
    pub(crate) fn ed25519(_: &[u8]) -> Result<Self, ConfigError> {
        Err(missing_feature("ed25519"))
    }

    /// Creates a key on the curve P-256 (FIPS 186-5) from the DER of its SubjectPublicKeyInfo.
    #[cfg(feature = "p256")]
    pub(crate) fn p256(der: &[u8]) -> Result<Self, ConfigError> {
        use p256::pkcs8::DecodePublicKey as _;

        p256::ecdsa::VerifyingKey::from_public_key_der(der)
            .map(Self::P256)
            .map_err(|_| invalid("the DER of a P-256 public key (SubjectPublicKeyInfo)"))
    }

    #[cfg(not(feature = "p256"))]
    pub(crate) fn p256(_: &[u8]) -> Result<Self, ConfigError> {
        Err(missing_feature("p256"))
    }

    /// Returns whether one of `signatures` is valid for the concatenated `message`.
    pub(crate) fn verify_any(&self, message: [&[u8]; 3], signatures: &[SignatureBytes]) -> bool {
        let message = message.concat();
        signatures.iter().any(|signature| self.verify(&message, signature))
    }

    #[cfg_attr(
        not(any(feature = "ed25519", feature = "p256")),
        expect(unused_variables, reason = "without a feature the enum has no variants")
    )]
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match *self {
            #[cfg(feature = "ed25519")]
            Self::Ed25519(ref key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            #[cfg(feature = "p256")]
            Self::P256(ref key) => {
                use p256::ecdsa::signature::Verifier as _;

                p256::ecdsa::Signature::from_der(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
        }
    }
}

/// Signs with Ed25519, for tests and tools.
///
/// `key` is the seed of 32 bytes, optionally followed by the public key.
#[cfg(all(feature = "sign", feature = "ed25519"))]
pub(crate) fn sign_ed25519(key: &[u8], message: [&[u8]; 3]) -> Result<SignatureBytes, ConfigError> {
    use ed25519_dalek::Signer as _;

    let seed = match key.len() {
        32 | 64 => key.first_chunk::<32>(),
        _ => None,
    };
    let seed = seed.ok_or_else(|| invalid("an Ed25519 private key: a seed of 32 bytes"))?;
    let signature = ed25519_dalek::SigningKey::from_bytes(seed).sign(&message.concat());
    Ok(signature.to_bytes().into_iter().collect())
}

#[cfg(all(feature = "sign", not(feature = "ed25519")))]
pub(crate) fn sign_ed25519(_: &[u8], _: [&[u8]; 3]) -> Result<SignatureBytes, ConfigError> {
    Err(missing_feature("ed25519"))
}

/// Signs with ECDSA and returns the signature in DER, for tests and tools.
///
/// `key` is a PKCS #8 private key in DER.
#[cfg(all(feature = "sign", feature = "p256"))]
pub(crate) fn sign_p256(key: &[u8], message: [&[u8]; 3]) -> Result<SignatureBytes, ConfigError> {
    use p256::ecdsa::signature::Signer as _;
    use p256::pkcs8::DecodePrivateKey as _;

    let key = p256::ecdsa::SigningKey::from_pkcs8_der(key)
        .map_err(|_| invalid("the DER of a P-256 private key (PKCS #8)"))?;
    let signature: p256::ecdsa::Signature = key.sign(&message.concat());
    Ok(signature.to_der().as_bytes().iter().copied().collect())
}

#[cfg(all(feature = "sign", not(feature = "p256")))]
pub(crate) fn sign_p256(_: &[u8], _: [&[u8]; 3]) -> Result<SignatureBytes, ConfigError> {
    Err(missing_feature("p256"))
}

/// Returns the public key of an Ed25519 seed, for tests.
#[cfg(all(feature = "testing", feature = "ed25519"))]
pub(crate) fn ed25519_public(seed: &[u8; 32]) -> Result<Vec<u8>, ConfigError> {
    Ok(ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes().to_vec())
}

#[cfg(all(feature = "testing", not(feature = "ed25519")))]
pub(crate) fn ed25519_public(_: &[u8; 32]) -> Result<Vec<u8>, ConfigError> {
    Err(missing_feature("ed25519"))
}

/// The bytes before the point in the DER of a P-256 key's SubjectPublicKeyInfo
/// ([RFC 5480](https://www.rfc-editor.org/rfc/rfc5480#section-2)).
#[cfg(all(feature = "testing", feature = "p256"))]
const P256_PUBLIC_PREFIX: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// The bytes before the scalar in the DER of a P-256 private key: PKCS #8
/// ([RFC 5958](https://www.rfc-editor.org/rfc/rfc5958#section-2)) around the structure of
/// [RFC 5915](https://www.rfc-editor.org/rfc/rfc5915#section-3).
#[cfg(all(feature = "testing", feature = "p256"))]
const P256_PRIVATE_PREFIX: &[u8] = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";

/// Returns the public and the private key of a P-256 scalar, in DER, for tests.
#[cfg(all(feature = "testing", feature = "p256"))]
pub(crate) fn p256_pair(scalar: &[u8; 32]) -> Result<(Vec<u8>, Vec<u8>), ConfigError> {
    let key =
        p256::ecdsa::SigningKey::from_slice(scalar).map_err(|_| invalid("a P-256 private key"))?;
    let point = key.verifying_key().to_sec1_point(false);
    Ok(([P256_PUBLIC_PREFIX, point.as_bytes()].concat(), [P256_PRIVATE_PREFIX, scalar].concat()))
}

#[cfg(all(feature = "testing", not(feature = "p256")))]
pub(crate) fn p256_pair(_: &[u8; 32]) -> Result<(Vec<u8>, Vec<u8>), ConfigError> {
    Err(missing_feature("p256"))
}

#[cfg(any(feature = "ed25519", feature = "p256"))]
fn invalid(expected: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::InvalidSecret,
        format!("the key is not {expected}: copy the whole key from the sender"),
    )
}

#[cfg(not(all(feature = "ed25519", feature = "p256")))]
fn missing_feature(feature: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::MissingSetting,
        format!(
            "this sender signs with public keys: enable the feature `{feature}` of the crate `countersign`"
        ),
    )
}
