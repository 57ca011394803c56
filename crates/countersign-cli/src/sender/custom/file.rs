//! The TOML format of a custom sender.

use serde::Deserialize;

/// A sender as its TOML file describes it; `docs/cli.md` shows a file with every field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomSender {
    pub(super) name: String,
    pub(super) algorithm: Algorithm,
    /// The signed content, such as `{timestamp}.{body}`.
    #[serde(default = "default_signs")]
    pub(super) signs: String,
    /// The method by which the sender delivers.
    pub(super) method: Option<String>,
    pub(super) signature: SignatureTable,
    #[serde(default)]
    pub(super) secret: SecretTable,
    pub(super) timestamp: Option<TimestampTable>,
    pub(super) id: Option<IdTable>,
    pub(super) event_type: Option<EventTypeTable>,
    /// The formats of the bodies, such as `json`, or `form:payload` for JSON in a field of a form.
    pub(super) bodies: Option<Vec<String>>,
    /// Whether the sender compresses bodies after it signs them.
    #[serde(default)]
    pub(super) gzip: bool,
    /// The events of a batch.
    #[serde(default)]
    pub(super) items: Vec<ItemsTable>,
    #[serde(default)]
    pub(super) contract: ContractTable,
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
pub(super) struct SignatureTable {
    pub(super) header: String,
    #[serde(default)]
    pub(super) encoding: SignatureEncoding,
    pub(super) prefix: Option<String>,
    /// The version in a list like `v1,… v1,…`.
    pub(super) version: Option<String>,
    /// The signature's name in a list like `t=…,v1=…`.
    pub(super) pair: Option<String>,
    pub(super) separator: Option<char>,
    /// Whether white space may surround the pairs.
    #[serde(default)]
    pub(super) white_space: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SignatureEncoding {
    #[default]
    Hex,
    Base64,
    Base64url,
    Base64urlUnpadded,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretTable {
    #[serde(default)]
    pub(super) form: SecretForm,
    pub(super) prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SecretForm {
    #[default]
    Text,
    Hex,
    Base64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimestampTable {
    pub(super) header: Option<String>,
    pub(super) pair: Option<String>,
    pub(super) field: Option<String>,
    #[serde(default)]
    pub(super) unit: TimeUnit,
    /// In seconds, in both directions.
    pub(super) tolerance: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TimeUnit {
    #[default]
    Seconds,
    Milliseconds,
    Rfc3339,
}

/// The location of the event's type: a header, or one or more fields of the body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventTypeTable {
    pub(super) header: Option<String>,
    pub(super) field: Option<String>,
    /// The fields that hold the type in bodies of other kinds.
    #[serde(default)]
    pub(super) or_fields: Vec<String>,
    /// The types that count for the event's key, if the header has the type.
    pub(super) types: Option<Vec<String>>,
    /// The characters of a type, such as `a-z0-9_/`.
    pub(super) characters: Option<String>,
}

/// Events that are sent together in one body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemsTable {
    /// A JSON pointer in which `*` stands for every element of a list.
    pub(super) at: String,
    /// The fields of an event that together are its id.
    #[serde(default)]
    pub(super) id: Vec<String>,
    /// Fields around an event that are part of its identity.
    #[serde(default)]
    pub(super) within: Vec<String>,
    /// Fields of an event that a retry changes.
    #[serde(default)]
    pub(super) without: Vec<String>,
    pub(super) event_type: Option<String>,
}

/// The location of the event's id: a header or a field of the body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdTable {
    pub(super) header: Option<String>,
    pub(super) field: Option<String>,
    /// Whether the id may hold the text that separates it from the signed time.
    #[serde(default)]
    pub(super) may_hold_separator: bool,
    /// The length of every id in bytes, if no text separates it from the next signed value.
    pub(super) length: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContractTable {
    #[serde(default)]
    pub(super) success: SuccessStatus,
    /// In seconds.
    #[serde(default = "default_deadline")]
    pub(super) deadline: u64,
    /// In seconds, each counted from the failure before it.
    #[serde(default)]
    pub(super) retries: Vec<u64>,
    /// Whether the sender stops retrying after status 410.
    #[serde(default)]
    pub(super) stops_at_410: bool,
    /// Whether the sender waits at least as long as `Retry-After` says.
    #[serde(default)]
    pub(super) respects_retry_after: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) enum SuccessStatus {
    #[default]
    #[serde(rename = "2xx")]
    Any2xx,
    #[serde(rename = "200")]
    Exactly200,
    #[serde(rename = "204")]
    Exactly204,
}

impl Default for ContractTable {
    fn default() -> Self {
        Self {
            success: SuccessStatus::default(),
            deadline: default_deadline(),
            retries: Vec::new(),
            stops_at_410: false,
            respects_retry_after: false,
        }
    }
}

fn default_signs() -> String {
    "{body}".to_owned()
}

const fn default_deadline() -> u64 {
    10
}
