//! `Patch`, `RawJson` and the open enums.

#![allow(clippy::unwrap_used)]

use std::fmt::{Debug, Display};

use countersign::omniai::{
    ActionLogStatus, ActionLogType, Channel, ChecklistItemStatus, Direction, ExtractionStatus,
    LeadSource,
};
use countersign::{Patch, RawJson};
use serde::Serialize;
use serde::de::value::{BorrowedStrDeserializer, Error, StringDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// Checks every conversion to and from a known value.
fn round_trips<E>(value: &E, text: &str)
where
    E: Debug + DeserializeOwned + Display + PartialEq + Serialize + for<'a> From<&'a str>,
{
    assert_eq!(value.to_string(), text);
    assert_eq!(serde_json::to_string(value).unwrap(), format!("\"{text}\""));
    for spelling in [text.to_owned(), text.to_uppercase(), text.to_lowercase()] {
        assert_eq!(E::from(&spelling), *value);
        let borrowed = BorrowedStrDeserializer::<Error>::new(&spelling);
        assert_eq!(E::deserialize(borrowed).as_ref(), Ok(value));
        let owned: StringDeserializer<Error> = spelling.into_deserializer();
        assert_eq!(E::deserialize(owned).as_ref(), Ok(value));
    }
}

#[test]
fn known_values_are_known_in_any_case() {
    round_trips(&ActionLogType::SystemNote, "SYSTEM_NOTE");
    round_trips(&ActionLogType::Message, "MESSAGE");
    round_trips(&ActionLogType::FollowUpMessage, "FOLLOW_UP_MESSAGE");
    round_trips(&ActionLogType::ToolCall, "TOOL_CALL");
    round_trips(&ActionLogType::DocumentUpload, "DOCUMENT_UPLOAD");
    round_trips(&ActionLogType::ManualUpdate, "MANUAL_UPDATE");
    round_trips(&ActionLogType::PortalUpdate, "PORTAL_UPDATE");
    round_trips(&ActionLogType::PortalSubmission, "PORTAL_SUBMISSION");
    round_trips(&ActionLogType::ApiActivity, "API_ACTIVITY");
    round_trips(&ActionLogStatus::Completed, "COMPLETED");
    round_trips(&ActionLogStatus::Failed, "FAILED");
    round_trips(&Channel::Email, "EMAIL");
    round_trips(&Channel::Sms, "SMS");
    round_trips(&Direction::Inbound, "INBOUND");
    round_trips(&Direction::Outbound, "OUTBOUND");
    round_trips(&ExtractionStatus::Completed, "completed");
    round_trips(&ExtractionStatus::Failed, "failed");
    round_trips(&LeadSource::InboundEmail, "inbound-email");
    round_trips(&LeadSource::InboundSms, "inbound-sms");
    round_trips(&LeadSource::InboundWhatsapp, "inbound-whatsapp");
    round_trips(&LeadSource::AdminEmail, "admin-email");
    round_trips(&LeadSource::Portal, "portal");
    round_trips(&LeadSource::Api, "api");
    round_trips(&LeadSource::Http, "http");
    round_trips(&LeadSource::Salesforce, "salesforce");
    round_trips(&ChecklistItemStatus::Todo, "TODO");
    round_trips(&ChecklistItemStatus::Completed, "COMPLETED");
    round_trips(&ChecklistItemStatus::Invalid, "INVALID");
    round_trips(&ChecklistItemStatus::Skipped, "SKIPPED");
    round_trips(&ChecklistItemStatus::NeedsReview, "NEEDS_REVIEW");
}

#[test]
fn another_value_keeps_its_text() {
    for text in ["Carrier Pigeon", "", " SMS", "ſms", "emaıl"] {
        let channel = Channel::from(text);
        assert_eq!(channel, Channel::Other(text.into()));
        assert_eq!(channel.as_str(), text);
        let json = serde_json::to_string(&channel).unwrap();
        assert_eq!(serde_json::from_str::<Channel>(&json).unwrap(), channel);
    }
}

#[test]
fn an_open_enum_is_a_string() {
    let error = serde_json::from_str::<Channel>("5").unwrap_err().to_string();
    assert_eq!(error, "invalid type: integer `5`, expected a string at line 1 column 1");
}

#[test]
fn an_open_enum_can_be_padded() {
    assert_eq!(format!("{:>6}|{:<4}|", Channel::Email, Channel::Sms), " EMAIL|SMS |");
}

#[test]
fn a_patch_is_applied() {
    let mut stored = Some(1);
    Patch::Absent.apply_to(&mut stored);
    assert_eq!(stored, Some(1));
    Patch::Value(2).apply_to(&mut stored);
    assert_eq!(stored, Some(2));
    Patch::Null.apply_to(&mut stored);
    assert_eq!(stored, None);
}

#[test]
fn a_patch_has_a_value_only_if_one_was_sent() {
    assert_eq!(Patch::Value(1).value(), Some(&1));
    assert_eq!(Patch::<i32>::Null.value(), None);
    assert_eq!(Patch::<i32>::Absent.value(), None);
    assert_eq!(Patch::<i32>::default(), Patch::Absent);
    assert!(Patch::<i32>::Absent.is_absent() && !Patch::<i32>::Null.is_absent());
}

#[test]
fn a_patch_that_is_not_skipped_is_null() {
    assert_eq!(serde_json::to_string(&Patch::<i32>::Absent).unwrap(), "null");
}

#[test]
fn raw_json_is_the_text_that_was_sent() {
    let raw: RawJson = serde_json::from_str(" {\"a\": 1.0}\n").unwrap();
    assert_eq!(raw.get(), "{\"a\": 1.0}");
    assert_eq!(serde_json::to_string(&raw).unwrap(), "{\"a\": 1.0}");
    assert_eq!(format!("{raw:?}"), "RawJson({\"a\": 1.0})");
}

#[test]
fn raw_json_is_compared_as_text() {
    let raw = |json: &str| serde_json::from_str::<RawJson>(json).unwrap();
    assert_eq!(raw("[1]"), raw("[1]").clone());
    assert_ne!(raw("[1]"), raw("[ 1]"));
    assert_ne!(raw("1"), raw("1.0"));
}

#[test]
fn raw_json_can_be_decoded_as_a_users_type() {
    let raw: RawJson = serde_json::from_str("[1,2]").unwrap();
    assert_eq!(raw.parse::<Vec<u8>>().unwrap(), [1, 2]);
    let error = raw.parse::<Vec<bool>>().unwrap_err().to_string();
    assert_eq!(error, "invalid type: integer `1`, expected a boolean at line 1 column 2");
}
