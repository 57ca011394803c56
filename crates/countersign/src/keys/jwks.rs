//! Public keys as a JSON Web Key Set, for senders of Standard Webhooks v1a.

use serde::Deserialize;

use crate::crypto::encoding::{base64, decode_base64_url};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::keys::{Key, Keyring, Secret};

/// [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517#section-5).
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// A key of [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037#section-2).
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
    /// The Ed25519 keys of a JSON Web Key Set, as `whpk_…` keys of
    /// [`STANDARD_WEBHOOKS_V1A`](crate::senders::STANDARD_WEBHOOKS_V1A); each is named by its `kid`.
    ///
    /// Keys of other kinds, and those for anything but signatures, are passed over
    /// ([RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)). Fetching the set, over
    /// TLS and from a URL that is set up and never taken from a request, is the caller's.
    ///
    /// ```
    /// use countersign::Keyring;
    ///
    /// // The key of RFC 8037 appendix A.2.
    /// let ring = Keyring::from_jwks(
    ///     r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"2026-a",
    ///         "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
    /// )?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidSecret`] if it is no key set or an Ed25519 key in it is malformed, and
    /// [`ConfigErrorKind::InvalidKeyring`] if it has no Ed25519 key, more than eight, or two of one
    /// `kid`.
    pub fn from_jwks(set: &str) -> Result<Self, ConfigError> {
        let malformed = |what: &str| {
            ConfigError::new(
                ConfigErrorKind::InvalidSecret,
                format!("the key set is malformed: {what}; fetch it anew from the sender"),
            )
        };
        let set: Set =
            serde_json::from_str(set).map_err(|_| malformed("it is no JSON with a list `keys`"))?;
        let mut ring = Vec::new();
        for key in set.keys {
            let Ok(key) = serde_json::from_value::<Okp>(key) else { continue };
            let is_other = key.purpose.is_some_and(|purpose| purpose != "sig");
            if is_other || key.kty != "OKP" || key.crv != "Ed25519" {
                continue;
            }
            let bytes = decode_base64_url(key.x.as_bytes()).filter(|bytes| bytes.len() == 32);
            let bytes = bytes.ok_or_else(|| malformed("`x` is not 32 bytes in base64url"))?;
            let name = key.kid.unwrap_or_else(|| format!("jwk-{}", ring.len() + 1));
            ring.push(Key::new(name, Secret::new(format!("whpk_{}", base64(&bytes)))?));
        }
        Self::new(ring)
    }
}
