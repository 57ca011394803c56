//! `lead.created`, `lead.updated` and `lead.completed`.
//!
//! The vendor does not document a workspace id or a time for any of them.

use serde::{Deserialize, Serialize};

use super::ChecklistItem;
use super::event_name::EventName;
use crate::Patch;
use crate::json::open_enum::open_enum;

/// The event `lead.created`: a lead was created.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeadCreated {
    event: EventName<Self>,
    /// The lead.
    pub data: Lead,
}

/// The event `lead.completed`: every required item of a lead's checklist is done or waits for a review.
///
/// The vendor's docs, revision R3, say that it is sent once per lead; a retry may send it again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeadCompleted {
    event: EventName<Self>,
    /// The lead, with its whole checklist.
    pub data: Lead,
}

/// The event `lead.updated`: some fields of a lead changed.
///
/// It has neither an id nor a time. A field that changes to another value and back makes genuine events, of
/// which the first and the third may have the same body.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeadUpdated {
    event: EventName<Self>,
    /// The fields that changed.
    pub data: LeadChanges,
}

/// The lead of a [`LeadCreated`] or a [`LeadCompleted`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Lead {
    /// The id of the lead.
    pub lead_id: String,
    /// Your id of the lead (`externalId` in JSON).
    #[serde(rename = "externalId", skip_serializing_if = "Option::is_none")]
    pub lead_external_id: Option<String>,
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The middle name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The phone number, in E.164 format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// The email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name of the business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business_name: Option<String>,
    /// The website of the business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The source of the lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<LeadSource>,
    /// Every item of the checklist; documented for `lead.completed` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist_items: Option<Vec<ChecklistItem>>,
}

/// The changes of a [`LeadUpdated`].
///
/// A field that did not change is [`Patch::Absent`]. The vendor's docs, revision R3, do not say
/// whether a field that was cleared is sent as null; if it is, it is [`Patch::Null`] here.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeadChanges {
    /// The id of the lead, changed or not.
    pub lead_id: String,
    /// Your id of the lead (`externalId` in JSON), changed or not.
    #[serde(rename = "externalId", skip_serializing_if = "Option::is_none")]
    pub lead_external_id: Option<String>,
    /// The first name.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub first_name: Patch<String>,
    /// The middle name.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub middle_name: Patch<String>,
    /// The last name.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub last_name: Patch<String>,
    /// The phone number.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub phone_number: Patch<String>,
    /// The email address.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub email: Patch<String>,
    /// The name of the business.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub business_name: Patch<String>,
    /// The website of the business.
    #[serde(default, skip_serializing_if = "Patch::is_absent")]
    pub website: Patch<String>,
    /// The items of the checklist that changed, if any did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist_items: Option<Vec<ChecklistItem>>,
}

open_enum! {
    /// The source of a lead.
    pub enum LeadSource {
        /// An incoming email.
        InboundEmail = "inbound-email",
        /// An incoming text message.
        InboundSms = "inbound-sms",
        /// An incoming WhatsApp message.
        InboundWhatsapp = "inbound-whatsapp",
        /// An email of an administrator.
        AdminEmail = "admin-email",
        /// The portal.
        Portal = "portal",
        /// The API.
        Api = "api",
        /// An HTTP request.
        Http = "http",
        /// Salesforce.
        Salesforce = "salesforce",
    }
}
