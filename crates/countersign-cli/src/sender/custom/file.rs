//! What the file of a custom sender says, as it stands there.

use serde::Deserialize;

/// What the file says; `docs/cli.md` has one with every field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomSender {
    pub(super) name: String,
    pub(super) algorithm: Algorithm,
    /// What is signed, such as `{timestamp}.{body}`.
    #[serde(default = "body_alone")]
    pub(super) signs: String,
    pub(super) signature: SignatureAt,
    #[serde(default)]
    pub(super) secret: SecretForm,
    pub(super) timestamp: Option<TimeAt>,
    pub(super) id: Option<Place>,
    pub(super) event_type: Option<Place>,
    #[serde(default)]
    pub(super) contract: Expected,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Algorithm {
    HmacSha256,
    HmacSha1,
    HmacSha512,
    Ed25519,
    EcdsaP256,
    StaticToken,
    DangerPrefixedSha256,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureAt {
    pub(super) header: String,
    #[serde(default)]
    pub(super) encoding: Written,
    pub(super) prefix: Option<String>,
    /// The version in a list like `v1,… v1,…`.
    pub(super) version: Option<String>,
    /// The signature's name in a list like `t=…,v1=…`.
    pub(super) pair: Option<String>,
    pub(super) separator: Option<char>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Written {
    #[default]
    Hex,
    Base64,
    Base64url,
    Base64urlUnpadded,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretForm {
    #[serde(default)]
    pub(super) form: Form,
    pub(super) prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    #[default]
    Text,
    Hex,
    Base64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeAt {
    pub(super) header: Option<String>,
    pub(super) pair: Option<String>,
    pub(super) field: Option<String>,
    #[serde(default)]
    pub(super) unit: Unit,
    /// In seconds, both ways.
    pub(super) tolerance: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unit {
    #[default]
    Seconds,
    Milliseconds,
    Rfc3339,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) header: Option<String>,
    pub(super) field: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    #[serde(default)]
    pub(super) success: Status,
    /// In seconds.
    #[serde(default = "ten")]
    pub(super) deadline: u64,
    /// In seconds after each failure.
    #[serde(default)]
    pub(super) retries: Vec<u64>,
    /// Whether it gives up at 410.
    #[serde(default)]
    pub(super) stops_at_410: bool,
    /// Whether it waits as long as `Retry-After` says.
    #[serde(default)]
    pub(super) heeds_retry_after: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) enum Status {
    #[default]
    #[serde(rename = "2xx")]
    Any2xx,
    #[serde(rename = "200")]
    Exactly200,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            success: Status::default(),
            deadline: ten(),
            retries: Vec::new(),
            stops_at_410: false,
            heeds_retry_after: false,
        }
    }
}

fn body_alone() -> String {
    "{body}".to_owned()
}

const fn ten() -> u64 {
    10
}
