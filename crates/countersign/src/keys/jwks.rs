//! Keyrings from a JSON Web Key Set, for senders that sign with Standard Webhooks v1a.

use serde::Deserialize;

use crate::crypto::encoding::{base64, decode_base64_url};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::keys::{Key, Keyring, Secret};

/// A key set of [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517#section-5).
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// A key of type OKP, [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037#section-2).
#[derive(Deserialize)]
struct Okp {
    kty: String,
    crv: String,
    x: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl Keyring {
    /// Creates a keyring of the Ed25519 keys in a JSON Web Key Set, for
    /// [`STANDARD_WEBHOOKS_V1A`](crate::senders::STANDARD_WEBHOOKS_V1A).
    ///
    /// Each key is named by its `kid`. Keys of other types and keys that are not for signatures are
    /// ignored ([RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
    ///
    /// The caller fetches the set: over TLS, from a configured URL, never from one that a request names.
    ///
    /// ```
    /// use countersign::Keyring;
    ///
    /// // The key of RFC 8037 appendix A.2.
    /// let keyring = Keyring::from_jwks(
    ///     r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-a",
    ///         "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    /// )?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidSecret`] if the text is not a key set or an Ed25519 key in it is
    /// malformed, and [`ConfigErrorKind::InvalidKeyring`] if the set has no Ed25519 key, more than eight,
    /// or two with the same `kid`.
    pub fn from_jwks(set: &str) -> Result<Self, ConfigError> {
        let malformed = |what: &str| {
            ConfigError::new(
                ConfigErrorKind::InvalidSecret,
                format!(
                    "the JSON Web Key Set is malformed: {what}; fetch it from the sender again"
                ),
            )
        };
        let set: Set = serde_json::from_str(set)
            .map_err(|_| malformed("it is not a JSON object with an array `keys`"))?;
        let mut keys = Vec::new();
        for key in set.keys {
            let Ok(key) = serde_json::from_value::<Okp>(key) else { continue };
            let is_other = key.purpose.is_some_and(|purpose| purpose != "sig");
            if is_other || key.kty != "OKP" || key.crv != "Ed25519" {
                continue;
            }
            let bytes = decode_base64_url(key.x.as_bytes()).filter(|bytes| bytes.len() == 32);
            let bytes = bytes.ok_or_else(|| malformed("`x` is not 32 bytes in base64url"))?;
            let name = key.kid.unwrap_or_else(|| format!("jwk-{}", keys.len() + 1));
            keys.push(Key::new(name, Secret::new(format!("whpk_{}", base64(&bytes)))?));
        }
        Self::new(keys)
    }
}
