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
    /// The code of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist_item_code: Option<String>,
    /// The item's value, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ChecklistValue>,
    /// Further values that were extracted; an empty list in the documented sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alternate_values: Option<Vec<RawJson>>,
    /// The status of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ChecklistItemStatus>,
    /// The time of the last change.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<OffsetDateTime>,
    /// The documents of the item, if it expects files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<ChecklistDocument>>,
}

/// The value of a checklist item.
///
/// Deserializing never fails: a value that is not documented is [`Other`](Self::Other).
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
    /// The file name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The size in bytes; also `None` for a number that is not a size, such as a negative one.
    #[serde(default, deserialize_with = "count::deserialize")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The result of validation against the item's rules, if the item has rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_result: Option<ValidationResult>,
}

/// The result of validating a document against the rules of its checklist item.
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
    /// Whether the document satisfies all rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overall_valid: Option<bool>,
    /// Further notes; null in the documented sample, so its shape is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_notes: Option<RawJson>,
    /// The result of each rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_results: Option<Vec<RuleResult>>,
}

/// The result of validating a document against one rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RuleResult {
    /// Whether the document satisfies the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_valid: Option<bool>,
    /// The name of the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<String>,
    /// The reason of the result; documented for the REST API only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_valid_reason: Option<String>,
}

open_enum! {
    /// The status of a checklist item.
    pub enum ChecklistItemStatus {
        /// Not done yet.
        Todo = "TODO",
        /// Done.
        Completed = "COMPLETED",
        /// Invalid.
        Invalid = "INVALID",
        /// Skipped.
        Skipped = "SKIPPED",
        /// Waiting for a review.
        NeedsReview = "NEEDS_REVIEW",
    }
}
