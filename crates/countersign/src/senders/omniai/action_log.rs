//! `action_log.completed` and `action_log.failed`.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::count;
use super::event_name::EventName;
use crate::json::RawJson;
use crate::json::open_enum::open_enum;

/// The event `action_log.completed`: an action for a lead succeeded.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionLogCompleted {
    event: EventName<Self>,
    /// The id of the workspace.
    pub workspace_id: String,
    /// The time of the event; only in the vendor's docs, revision R1.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<OffsetDateTime>,
    /// The action.
    ///
    /// The vendor's docs mark the `id` inside as required, but not the object; it is required here.
    pub action_log: ActionLog,
}

/// The event `action_log.failed`: an action for a lead failed.
///
/// A second run of one action can fail again, with the same [`ActionLog::id`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionLogFailed {
    event: EventName<Self>,
    /// The id of the workspace.
    pub workspace_id: String,
    /// The time of the event; only in the vendor's docs, revision R1.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<OffsetDateTime>,
    /// The action.
    ///
    /// The vendor's docs mark the `id` inside as required, but not the object; it is required here.
    pub action_log: ActionLog,
}

/// One entry of a lead's action log.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionLog {
    /// The id of the action.
    pub id: String,
    /// The id of the lead.
    pub lead_id: String,
    /// The kind of the action (`type` in JSON).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ActionLogType>,
    /// The result of the action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ActionLogStatus>,
    /// A short description of the action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The input of the action; its shape depends on [`kind`](Self::kind).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<RawJson>,
    /// The output of the action; null in every documented sample, so its shape is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<RawJson>,
    /// The reason of the failure; documented for `action_log.failed` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The id of the agent; documented for `action_log.failed` only, where it is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The tool that was called; documented for `action_log.failed` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
    /// The messages that were sent or received, if that is what the action did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<Message>>,
    /// The time at which the action ended.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<OffsetDateTime>,
}

/// A tool that an action called.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tool {
    /// The id of the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name of the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The purpose of the tool; documented for the REST API only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A message of an action.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Message {
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The text, which may be HTML and is not trusted: always escape it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The channel of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The subject; a text message has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The direction of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The attached documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<MessageDocument>>,
}

/// A document that is attached to a message.
///
/// The webhook samples show an empty list only; these fields are those of the REST API.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MessageDocument {
    /// The id of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
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
}

open_enum! {
    /// The kind of an action.
    ///
    /// The list of `action_log.failed` lacks the two portal kinds in the vendor's docs, revision R3.
    pub enum ActionLogType {
        /// A note of the system.
        SystemNote = "SYSTEM_NOTE",
        /// A message.
        Message = "MESSAGE",
        /// A message that follows up on another.
        FollowUpMessage = "FOLLOW_UP_MESSAGE",
        /// A call of a tool.
        ToolCall = "TOOL_CALL",
        /// An upload of a document.
        DocumentUpload = "DOCUMENT_UPLOAD",
        /// A manual change.
        ManualUpdate = "MANUAL_UPDATE",
        /// A change in the portal.
        PortalUpdate = "PORTAL_UPDATE",
        /// A submission in the portal.
        PortalSubmission = "PORTAL_SUBMISSION",
        /// A change through the API; documented for the REST API only.
        ApiActivity = "API_ACTIVITY",
    }
}

open_enum! {
    /// The result of an action.
    pub enum ActionLogStatus {
        /// The action succeeded.
        Completed = "COMPLETED",
        /// The action failed.
        Failed = "FAILED",
    }
}

open_enum! {
    /// The channel of a message.
    pub enum Channel {
        /// Email.
        Email = "EMAIL",
        /// Text message.
        Sms = "SMS",
    }
}

open_enum! {
    /// The direction of a message.
    pub enum Direction {
        /// From the lead.
        Inbound = "INBOUND",
        /// To the lead.
        Outbound = "OUTBOUND",
    }
}
