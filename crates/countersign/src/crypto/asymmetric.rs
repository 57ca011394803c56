//! Public keys: the only file that names an asymmetric algorithm's crate.
//!
//! Each algorithm is behind a feature of its name; without it, a key of it cannot be made, and the
//! set-up says so.

use crate::crypto::mac::SignatureBytes;
use crate::error::{ConfigError, ConfigErrorKind};

/// A key that checks signatures and cannot make them.
pub(crate) enum PublicKey {
    #[cfg(feature = "ed25519")]
    Ed25519(ed25519_dalek::VerifyingKey),
    #[cfg(feature = "p256")]
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// An Ed25519 key ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)), as its 32 bytes.
    #[cfg(feature = "ed25519")]
    pub(crate) fn ed25519(bytes: &[u8]) -> Result<Self, ConfigError> {
        let key = bytes.try_into().ok().and_then(|bytes| {
            // Under a weak key one signature fits many messages.
            ed25519_dalek::VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())
        });
        key.map(Self::Ed25519).ok_or_else(|| invalid("an Ed25519 public key of 32 bytes"))
    }

    #[cfg(not(feature = "ed25519"))]
    pub(crate) fn ed25519(_: &[u8]) -> Result<Self, ConfigError> {
        Err(missing_feature("ed25519"))
    }

    /// A key on the curve P-256 (FIPS 186-5), as the DER of its SubjectPublicKeyInfo.
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

    /// Whether one of `signatures` is this key's over `message`.
    pub(crate) fn verify_any(&self, message: [&[u8]; 3], signatures: &[SignatureBytes]) -> bool {
        let whole = message.concat();
        signatures.iter().any(|signature| self.verify(&whole, signature))
    }

    #[cfg_attr(
        not(any(feature = "ed25519", feature = "p256")),
        expect(unused_variables, reason = "there is no key to ask")
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

/// An Ed25519 signature, for tests and tools; `key` is the seed of 32 bytes, with or without the
/// public key behind it.
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

/// An ECDSA signature in DER, for tests and tools; `key` is a PKCS #8 private key in DER.
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

/// The public key of an Ed25519 seed, for tests.
#[cfg(all(feature = "testing", feature = "ed25519"))]
pub(crate) fn ed25519_public(seed: &[u8; 32]) -> Result<Vec<u8>, ConfigError> {
    Ok(ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes().to_vec())
}

#[cfg(all(feature = "testing", not(feature = "ed25519")))]
pub(crate) fn ed25519_public(_: &[u8; 32]) -> Result<Vec<u8>, ConfigError> {
    Err(missing_feature("ed25519"))
}

/// What stands before the point in the DER of a P-256 key's SubjectPublicKeyInfo
/// ([RFC 5480](https://www.rfc-editor.org/rfc/rfc5480#section-2)).
#[cfg(all(feature = "testing", feature = "p256"))]
const P256_PUBLIC: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";

/// What stands before the number in the DER of a P-256 private key: PKCS #8
/// ([RFC 5958](https://www.rfc-editor.org/rfc/rfc5958#section-2)) around the form of
/// [RFC 5915](https://www.rfc-editor.org/rfc/rfc5915#section-3).
#[cfg(all(feature = "testing", feature = "p256"))]
const P256_PRIVATE: &[u8] = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x27\x30\x25\x02\x01\x01\x04\x20";

/// The public and the private key of a number on P-256, in DER, for tests.
#[cfg(all(feature = "testing", feature = "p256"))]
pub(crate) fn p256_pair(number: &[u8; 32]) -> Result<(Vec<u8>, Vec<u8>), ConfigError> {
    let key = p256::ecdsa::SigningKey::from_slice(number).map_err(|_| invalid("of P-256"))?;
    let point = key.verifying_key().to_sec1_point(false);
    Ok(([P256_PUBLIC, point.as_bytes()].concat(), [P256_PRIVATE, number].concat()))
}

#[cfg(all(feature = "testing", not(feature = "p256")))]
pub(crate) fn p256_pair(_: &[u8; 32]) -> Result<(Vec<u8>, Vec<u8>), ConfigError> {
    Err(missing_feature("p256"))
}

#[cfg(any(feature = "ed25519", feature = "p256"))]
fn invalid(form: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::InvalidSecret,
        format!("the key is not {form}: copy it whole from the sender"),
    )
}

#[cfg(not(all(feature = "ed25519", feature = "p256")))]
fn missing_feature(feature: &str) -> ConfigError {
    ConfigError::new(
        ConfigErrorKind::MissingSetting,
        format!("this sender signs with public keys: turn on countersign's feature `{feature}`"),
    )
}
