//! `document.received` and `document.extracted`.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::count;
use super::event_name::EventName;
use crate::json::RawJson;
use crate::json::open_enum::open_enum;

/// The event `document.received`: a document was received.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DocumentReceived {
    event: EventName<Self>,
    /// The id of the workspace.
    pub workspace_id: String,
    /// The time of the event; only in the vendor's docs, revision R1.
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
    /// The docs call it required, but also say that it is present only if you set one.
    #[serde(rename = "externalLeadId", skip_serializing_if = "Option::is_none")]
    pub lead_external_id: Option<String>,
    /// The file name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The URL from which anyone can download the document for one hour: keep it out of logs.
    ///
    /// This crate never requests it. A client with the webhook's secret can put any URL here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_url: Option<SignedUrl>,
    /// The size in bytes; also `None` for a number that is not a size, such as a negative one.
    #[serde(default, deserialize_with = "count::deserialize")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The id of the message to which the document was attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Further data; null in every documented sample, so its shape is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<RawJson>,
    /// The time of its creation.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<OffsetDateTime>,
}

/// A URL from which anyone can download a document for one hour; its `Debug` output does not show it.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SignedUrl(String);

impl SignedUrl {
    /// Returns the URL.
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

/// The event `document.extracted`: the extraction pipeline finished with a document.
///
/// Since the vendor's docs, revision R4, that includes a pipeline that failed or skipped the
/// extraction, so the event alone does not mean success: check [`status`](Self::status).
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
    /// The docs call it required, but also say that it is present only if you set one.
    #[serde(rename = "externalLeadId", skip_serializing_if = "Option::is_none")]
    pub lead_external_id: Option<String>,
    /// The result of the pipeline; lower case in the vendor's docs, but upper case in R3's sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ExtractionStatus>,
    /// The id of the action to which this extraction belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_action_id: Option<String>,
    /// When it happened; only in the vendor's docs, revision R1, whose sample leaves it out.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<OffsetDateTime>,
    /// A short summary of the document; since the vendor's docs, revision R4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The kind of the document, as free text (`type` in JSON); since the vendor's docs, revision R4.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub document_type: Option<String>,
    /// The classification of the document; since the vendor's docs, revision R4.
    ///
    /// Its fields are not known to this crate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<RawJson>,
    /// The data that was extracted from the document.
    ///
    /// Up to the vendor's docs, revision R3, it has the shape of an [`ExtractionResult`], which it
    /// can be [parsed](RawJson::parse) as; the shape in R4 is not known to this crate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extraction_result: Option<RawJson>,
}

/// The data that was extracted from a document, in the shape of the vendor's docs, revisions R1 to R3.
///
/// See [`DocumentExtracted::extraction_result`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExtractionResult {
    /// The values, each with its label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ExtractedItem>>,
    /// The number of values; also `None` for a number that is not a count, such as a negative one.
    #[serde(default, deserialize_with = "count::deserialize")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extracted_count: Option<u64>,
}

/// One value that was extracted from a document.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExtractedItem {
    /// The label of the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The value; a string in the documented samples, but its type is not documented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<RawJson>,
    /// The id of the lead's checklist item to which the value belongs, if it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_checklist_item_id: Option<String>,
}

open_enum! {
    /// The result of an extraction pipeline.
    pub enum ExtractionStatus {
        /// The pipeline finished, with or without an extraction.
        Completed = "completed",
        /// The pipeline failed; since the vendor's docs, revision R4.
        Failed = "failed",
    }
}
