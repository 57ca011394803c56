//! `document.received` and `document.extracted`.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::count;
use super::event_name::EventName;
use crate::json::RawJson;
use crate::json::open_enum::open_enum;

/// The event `document.received`: a document arrived.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DocumentReceived {
    event: EventName<Self>,
    /// The id of the workspace.
    pub workspace_id: String,
    /// When it happened; only in the vendor's docs, revision R1.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<OffsetDateTime>,
    /// The document.
    pub document: ReceivedDocument,
}

/// The document of a [`DocumentReceived`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReceivedDocument {
    /// The id of the document.
    pub id: String,
    /// The id of the lead.
    pub lead_id: String,
    /// Your id of the document (`externalId` in JSON); since the vendor's docs, revision R3.
    #[serde(rename = "externalId", skip_serializing_if = "Option::is_none")]
    pub document_external_id: Option<String>,
    /// Your id of the lead (`externalLeadId` in JSON); since the vendor's docs, revision R3.
    ///
    /// They call it required, and also there only if you gave one.
    #[serde(rename = "externalLeadId", skip_serializing_if = "Option::is_none")]
    pub lead_external_id: Option<String>,
    /// Its file name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Where it can be fetched for one hour, by anyone who has this URL: keep it out of logs.
    ///
    /// This crate never fetches it. Whoever has the webhook's secret can put any address here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_url: Option<SignedUrl>,
    /// Its size in bytes; `None` also for a number that is no size, such as a negative one.
    #[serde(default, deserialize_with = "count::deserialize")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The id of the message that brought it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// More about it; null in every documented sample, so its shape is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<RawJson>,
    /// When it was created.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<OffsetDateTime>,
}

/// An address by which anyone can fetch a document for an hour; its `Debug` does not show it.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SignedUrl(String);

impl SignedUrl {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedUrl([redacted])")
    }
}

/// The event `document.extracted`: the extraction pipeline is through with a document.
///
/// Since the vendor's docs, revision R4, that includes a pipeline that failed or skipped the
/// extraction, so the event alone does not mean success: look at [`status`](Self::status).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DocumentExtracted {
    event: EventName<Self>,
    /// The id of the workspace.
    pub workspace_id: String,
    /// The id of the lead.
    pub lead_id: String,
    /// The id of the document.
    pub document_id: String,
    /// Your id of the document (`externalId` in JSON); since the vendor's docs, revision R3.
    #[serde(rename = "externalId", skip_serializing_if = "Option::is_none")]
    pub document_external_id: Option<String>,
    /// Your id of the lead (`externalLeadId` in JSON); since the vendor's docs, revision R3.
    ///
    /// They call it required, and also there only if you gave one.
    #[serde(rename = "externalLeadId", skip_serializing_if = "Option::is_none")]
    pub lead_external_id: Option<String>,
    /// How the pipeline ended; lower case in the vendor's docs, but upper case in R3's sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ExtractionStatus>,
    /// The id of the action that this extraction was part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_action_id: Option<String>,
    /// When it happened; only in the vendor's docs, revision R1, whose sample leaves it out.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<OffsetDateTime>,
    /// What the document says, in a few words; since the vendor's docs, revision R4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What the document is, in free text (`type` in JSON); since the vendor's docs, revision R4.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub document_type: Option<String>,
    /// What the document was matched with; since the vendor's docs, revision R4.
    ///
    /// The names inside are not known to this crate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<RawJson>,
    /// What was found in the document.
    ///
    /// Up to the vendor's docs, revision R3, it has the shape of an [`ExtractionResult`], which it
    /// can be [parsed](RawJson::parse) as; the shape in R4 is not known to this crate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extraction_result: Option<RawJson>,
}

/// What was found in a document, in the shape of the vendor's docs, revisions R1 to R3.
///
/// See [`DocumentExtracted::extraction_result`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExtractionResult {
    /// The values, each with its label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ExtractedItem>>,
    /// How many there are; `None` also for a number that is no count, such as a negative one.
    #[serde(default, deserialize_with = "count::deserialize")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extracted_count: Option<u64>,
}

/// One value that was found in a document.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExtractedItem {
    /// What the value is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The value; a string in the documented samples, of no documented type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<RawJson>,
    /// The id of the lead's checklist item that the value answers, if it answers one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_checklist_item_id: Option<String>,
}

open_enum! {
    /// How an extraction pipeline ended.
    pub enum ExtractionStatus {
        /// It ended, with or without an extraction.
        Completed = "completed",
        /// It failed; since the vendor's docs, revision R4.
        Failed = "failed",
    }
}
