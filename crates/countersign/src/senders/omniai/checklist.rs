//! The checklist of a lead.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;
use time::OffsetDateTime;

use super::count;
use crate::json::RawJson;
use crate::json::open_enum::open_enum;

/// An item of a lead's checklist.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChecklistItem {
    /// The id of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist_item_id: Option<String>,
    /// The code that names the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist_item_code: Option<String>,
    /// The item's value, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ChecklistValue>,
    /// Other values that were found; an empty list in the documented sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate_values: Option<Vec<RawJson>>,
    /// How far the item is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ChecklistItemStatus>,
    /// When it changed last.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<OffsetDateTime>,
    /// Its documents, if it is an item for files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<ChecklistDocument>>,
}

/// The value of a checklist item.
///
/// Reading one never fails: what is not documented is [`Other`](Self::Other).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChecklistValue {
    /// A string.
    Text(String),
    /// A number.
    Number(Number),
    /// An address: an object with at least one documented field of an [`Address`].
    Address(Address),
    /// Anything else, such as an object with none of those fields or with one of them twice.
    Other(RawJson),
}

impl<'de> Deserialize<'de> for ChecklistValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        let known = match raw.get().bytes().next() {
            Some(b'"') => raw.parse().ok().map(Self::Text),
            Some(b'-' | b'0'..=b'9') => raw.parse().ok().map(Self::Number),
            Some(b'{') => {
                raw.parse().ok().filter(|address| *address != Address::default()).map(Self::Address)
            }
            _ => None,
        };
        Ok(known.unwrap_or(Self::Other(raw)))
    }
}

impl Serialize for ChecklistValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Number(number) => number.serialize(serializer),
            Self::Address(address) => address.serialize(serializer),
            Self::Other(raw) => raw.serialize(serializer),
        }
    }
}

/// An address.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Address {
    /// The street and the number in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<String>,
    /// The city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// The state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// A document of a checklist item.
///
/// If the workspace keeps its files in an S3 bucket of its own, the vendor's docs describe two more
/// fields, for the bucket and the key, whose names this crate does not know.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChecklistDocument {
    /// The id of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// Your id of the document (`externalId` in JSON).
    #[serde(rename = "externalId", skip_serializing_if = "Option::is_none")]
    pub document_external_id: Option<String>,
    /// Its file name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Its size in bytes; `None` also for a number that is no size, such as a negative one.
    #[serde(default, deserialize_with = "count::deserialize")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// How it did against the item's rules, if the item has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_result: Option<ValidationResult>,
}

/// How a document did against the rules of its checklist item.
///
/// The vendor's docs, revision R3, describe one more field, for the id of the checklist item, whose
/// name this crate does not know.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ValidationResult {
    /// The id of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// Whether the document is good on the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overall_valid: Option<bool>,
    /// What else there is to say; null in the documented sample, so its shape is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_notes: Option<RawJson>,
    /// The result of each rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_results: Option<Vec<RuleResult>>,
}

/// How a document did against one rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RuleResult {
    /// Whether the document keeps the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_valid: Option<bool>,
    /// The rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    /// Why it does or does not; documented for the REST API only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_valid_reason: Option<String>,
}

open_enum! {
    /// How far a checklist item is.
    pub enum ChecklistItemStatus {
        /// Not done yet.
        Todo = "TODO",
        /// Done.
        Completed = "COMPLETED",
        /// Found wanting.
        Invalid = "INVALID",
        /// Left out.
        Skipped = "SKIPPED",
        /// Waiting for someone to look at it.
        NeedsReview = "NEEDS_REVIEW",
    }
}
