//! The events of OmniAI, field by field as in the fixtures.
//!
//! `/tests/fixtures/README.md` describes the fixtures and how far they can be trusted.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;

use countersign::omniai::{
    ActionLogStatus, ActionLogType, Channel, ChecklistItemStatus, ChecklistValue, Direction, Event,
    ExtractionResult, ExtractionStatus, Lead, LeadSource, SignedUrl,
};
use countersign::{Patch, RawJson};
use serde_json::{Value, json};
use time::macros::datetime;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/omniai/");

fn event(name: &str) -> Event {
    serde_json::from_str(&fs::read_to_string(format!("{FOLDER}{name}.json")).unwrap()).unwrap()
}

/// The payload of a fixture.
macro_rules! payload {
    ($Variant:ident, $name:literal) => {
        match event($name) {
            Event::$Variant(payload) => payload,
            other => panic!("{} is {}", $name, other.name()),
        }
    };
}

#[test]
fn a_completed_action() {
    let completed = payload!(ActionLogCompleted, "action_log.completed");
    assert_eq!(completed.workspace_id, "62154fe7-682b-4c07-870b-f97d004574c6");
    assert_eq!(completed.occurred_at, None);
    let log = completed.action_log;
    assert_eq!(log.id, "ba9f7169-a51d-4161-9bed-a53c8b6eeda9");
    assert_eq!(log.lead_id, "c20e4516-9de0-43f6-9975-61f30c5c6bd4");
    assert_eq!(log.kind, Some(ActionLogType::Message));
    assert_eq!(log.status, Some(ActionLogStatus::Completed));
    assert_eq!(log.summary.as_deref(), Some("Inbound email: June file"));
    assert_eq!(log.output, None);
    assert_eq!((log.error, log.agent_id, log.tool), (None, None, None));
    assert_eq!(log.completed_at, Some(datetime!(2026-02-11 09:14:03.218 UTC)));
    let input: Value = log.input.unwrap().parse().unwrap();
    assert_eq!(input["metadata"]["agentMailData"]["subject"], "June file");
    let message = &log.messages.unwrap()[0];
    assert_eq!(message.id.as_deref(), Some("fa46c45b-9d7a-4294-937d-75fc9d6531da"));
    let body = "<p>Please find the June file attached.</p>\n";
    assert_eq!(message.body.as_deref(), Some(body));
    assert_eq!(message.channel, Some(Channel::Email));
    assert_eq!(message.subject.as_deref(), Some("June file"));
    assert_eq!(message.direction, Some(Direction::Inbound));
    assert_eq!(message.documents, Some(Vec::new()));
}

#[test]
fn a_failed_action() {
    let log = payload!(ActionLogFailed, "action_log.failed").action_log;
    assert_eq!(log.kind, Some(ActionLogType::ToolCall));
    assert_eq!(log.status, Some(ActionLogStatus::Failed));
    assert_eq!(log.error.as_deref(), Some("Provider did not answer in 8s"));
    assert_eq!(log.agent_id.as_deref(), Some("ff6e40bb-7c43-4ea8-bd78-d4471867501b"));
    let tool = log.tool.unwrap();
    assert_eq!(tool.id.as_deref(), Some("36ff08b5-d38b-4aec-a87e-e0445835fbd9"));
    assert_eq!(tool.name.as_deref(), Some("registry_lookup"));
    assert_eq!(tool.description, None);
    assert_eq!(log.messages, Some(Vec::new()));
}

#[test]
fn a_received_document() {
    let document = payload!(DocumentReceived, "document.received").document;
    assert_eq!(document.id, "b8d10769-e012-4983-8a5f-5ab0d92b09c7");
    assert_eq!(document.lead_id, "c20e4516-9de0-43f6-9975-61f30c5c6bd4");
    assert_eq!(document.document_external_id, None);
    assert_eq!(document.lead_external_id.as_deref(), Some("CRM-7731"));
    assert_eq!(document.filename.as_deref(), Some("quillmoor-june.pdf"));
    let url = "https://files.example.test/quillmoor-june.pdf?sig=placeholder";
    assert_eq!(document.signed_url.as_ref().map(SignedUrl::as_str), Some(url));
    assert_eq!(document.size, Some(48213));
    assert_eq!(document.mime_type.as_deref(), Some("application/pdf"));
    assert_eq!(document.message_id.as_deref(), Some("6507eedf-2925-4c7b-b213-b0e18d0c3080"));
    assert_eq!(document.metadata, None);
    assert_eq!(document.created_at, Some(datetime!(2026-02-11 09:14:05.002 UTC)));
}

#[test]
fn an_extracted_document_of_the_newest_revision() {
    let extracted = payload!(DocumentExtracted, "document.extracted");
    assert_eq!(extracted.document_id, "b8d10769-e012-4983-8a5f-5ab0d92b09c7");
    assert_eq!(extracted.lead_external_id.as_deref(), Some("CRM-7731"));
    assert_eq!(extracted.status, Some(ExtractionStatus::Completed));
    assert_eq!(extracted.document_type.as_deref(), Some("Bank Statement"));
    assert_eq!(extracted.summary.as_deref(), Some("A one-month statement for a small bakery."));
    assert!(extracted.classification.unwrap().get().contains("x_undocumented_inner_shape"));
    let result: ExtractionResult = extracted.extraction_result.unwrap().parse().unwrap();
    assert_eq!(result.extracted_count, Some(2));
    let item = &result.items.unwrap()[1];
    assert_eq!(item.label.as_deref(), Some("Registered office"));
    assert_eq!(item.value.as_ref().map(RawJson::get), Some("\"4 Tern Lane, Whitby\""));
    let answers = "ad59956b-1b16-4e85-addc-ef1543fc8f3a";
    assert_eq!(item.lead_checklist_item_id.as_deref(), Some(answers));
}

#[test]
fn a_failed_extraction_has_its_own_status() {
    let extracted = payload!(DocumentExtracted, "document.extracted.failed");
    assert_eq!(extracted.status, Some(ExtractionStatus::Failed));
    assert_eq!((extracted.summary, extracted.document_type), (None, None));
}

#[test]
fn an_extracted_document_of_the_third_revision() {
    let extracted = payload!(DocumentExtracted, "document.extracted.v3");
    assert_eq!(extracted.status, Some(ExtractionStatus::Completed));
    assert_eq!(extracted.document_external_id.as_deref(), Some("FILE-0092"));
    assert_eq!(extracted.classification, None);
}

#[test]
fn the_first_revision_has_a_time() {
    let completed = payload!(ActionLogCompleted, "action_log.completed.legacy");
    assert_eq!(completed.occurred_at, Some(datetime!(2026-02-11 09:14:03.240 UTC)));
    let failed = payload!(ActionLogFailed, "action_log.failed.legacy");
    assert_eq!(failed.occurred_at, Some(datetime!(2026-02-11 10:02:51.905 UTC)));
    let received = payload!(DocumentReceived, "document.received.legacy");
    assert_eq!(received.occurred_at, Some(datetime!(2026-02-11 09:14:05.061 UTC)));
    let extracted = payload!(DocumentExtracted, "document.extracted.legacy");
    assert_eq!(extracted.occurred_at, Some(datetime!(2026-02-11 09:15:40.730 UTC)));
}

#[test]
fn a_created_lead() {
    let lead = payload!(LeadCreated, "lead.created").data;
    assert_eq!(lead.lead_id, "c20e4516-9de0-43f6-9975-61f30c5c6bd4");
    assert_eq!(lead.lead_external_id.as_deref(), Some("CRM-7731"));
    assert_eq!(lead.first_name.as_deref(), Some("Robin"));
    assert_eq!(lead.middle_name, None);
    assert_eq!(lead.last_name.as_deref(), Some("Vale"));
    assert_eq!(lead.phone_number.as_deref(), Some("+12025550143"));
    assert_eq!(lead.email.as_deref(), Some("robin.vale@example.org"));
    assert_eq!(lead.business_name.as_deref(), Some("Quillmoor Bakery Ltd"));
    assert_eq!(lead.website.as_deref(), Some("https://quillmoor.example.org"));
    assert_eq!(lead.source, Some(LeadSource::Portal));
    assert_eq!(lead.checklist_items, None);
}

#[test]
fn a_created_lead_may_have_nulls_except_for_its_id() {
    let lead = payload!(LeadCreated, "lead.created.nulls").data;
    let bare: Lead = serde_json::from_value(json!({"leadId": lead.lead_id})).unwrap();
    assert_eq!(lead, bare);
}

#[test]
fn an_updated_lead_has_only_the_changed_fields() {
    let changes = payload!(LeadUpdated, "lead.updated").data;
    assert_eq!(changes.lead_external_id, None);
    assert_eq!(changes.phone_number, Patch::Value("+12025550187".to_owned()));
    assert_eq!(changes.first_name, Patch::Absent);
    assert_eq!(changes.checklist_items, None);
}

#[test]
fn an_updated_checklist() {
    let items = payload!(LeadUpdated, "lead.updated.checklist").data.checklist_items.unwrap();
    let [turnover, office, statements, fax] = &items[..] else {
        panic!("{} items", items.len());
    };
    assert_eq!(turnover.checklist_item_code.as_deref(), Some("monthly_turnover"));
    assert_eq!(turnover.updated_at, Some(datetime!(2026-02-11 09:21:10.4 UTC)));
    assert_eq!(turnover.alternate_values, Some(Vec::new()));
    assert!(
        matches!(&turnover.value, Some(ChecklistValue::Number(n)) if n.as_f64() == Some(18250.5))
    );
    let Some(ChecklistValue::Address(address)) = &office.value else {
        panic!("{:?}", office.value);
    };
    assert_eq!(address.street.as_deref(), Some("4 Tern Lane"));
    assert_eq!(address.city.as_deref(), Some("Whitby"));
    assert_eq!(address.state.as_deref(), Some("NY"));
    assert_eq!(address.postal_code.as_deref(), Some("10001"));
    assert_eq!(address.country.as_deref(), Some("US"));
    let file = ChecklistValue::Text("quillmoor-june.pdf".to_owned());
    assert_eq!(statements.value, Some(file));
    assert_eq!(statements.status, Some(ChecklistItemStatus::Invalid));
    assert_eq!((&fax.value, &fax.documents), (&None, &None));
    assert_eq!(fax.status, Some(ChecklistItemStatus::Todo));
}

#[test]
fn a_completed_lead_has_its_documents_and_their_validation() {
    let lead = payload!(LeadCompleted, "lead.completed").data;
    assert_eq!(lead.source, Some(LeadSource::Portal));
    let items = lead.checklist_items.unwrap();
    assert_eq!(items.len(), 4);
    assert_eq!(items[2].status, Some(ChecklistItemStatus::NeedsReview));
    assert_eq!(items[3].status, Some(ChecklistItemStatus::Skipped));
    let document = &items[2].documents.as_ref().unwrap()[0];
    let id = Some("184bc03c-4fb6-47f9-a6e4-7a56bc9fd0f3");
    assert_eq!(document.document_id.as_deref(), id);
    assert_eq!(document.document_external_id, None);
    assert_eq!(document.size, Some(48213));
    let validation = document.validation_result.as_ref().unwrap();
    assert_eq!(validation.document_id.as_deref(), id);
    assert_eq!(validation.overall_valid, Some(true));
    assert_eq!(validation.other_notes, None);
    let rule = &validation.validation_results.as_ref().unwrap()[0];
    assert_eq!(rule.is_valid, Some(true));
    assert_eq!(rule.rule_name.as_deref(), Some("Statement covers one full month"));
    assert_eq!(rule.is_valid_reason.as_deref(), Some("First and last day are both shown"));
}
