//! Values of OmniAI's payloads beyond the fixtures.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use countersign::omniai::{
    ChecklistItem, ChecklistValue, DocumentReceived, Event, LeadChanges, LeadUpdated, Message, Tool,
};
use countersign::{Patch, RawJson};
use serde_json::{Value, json};

/// The error of decoding a body, without the position.
fn decode_error(body: &str) -> String {
    let why = serde_json::from_str::<Event>(body).unwrap_err().to_string();
    why.split(" at line ").next().unwrap().to_owned()
}

fn size(size: &str) -> Option<u64> {
    let body = format!(
        r#"{{"event":"document.received","workspaceId":"w",
            "document":{{"id":"d","leadId":"l","size":{size}}}}}"#
    );
    serde_json::from_str::<DocumentReceived>(&body).unwrap().document.size
}

fn value(value: &str) -> Option<ChecklistValue> {
    let item = format!(r#"{{"value":{value}}}"#);
    serde_json::from_str::<ChecklistItem>(&item).unwrap().value
}

#[test]
fn a_size_may_be_any_number() {
    assert_eq!(size("48213"), Some(48213));
    assert_eq!(size("48213.0"), Some(48213));
    assert_eq!(size("4.8213e4"), Some(48213));
    assert_eq!(size("-0.0"), Some(0));
    assert_eq!(size("18446744073709551615"), Some(u64::MAX));
    assert_eq!(size("18446744073709551616"), None);
    assert_eq!(size("1e400"), None);
    assert_eq!(size("-1"), None);
    assert_eq!(size("0.5"), None);
    assert_eq!(size("null"), None);
}

#[test]
fn a_size_that_is_not_a_number_is_rejected() {
    let body = r#"{"event":"document.received","workspaceId":"w",
        "document":{"id":"d","leadId":"l","size":"48213"}}"#;
    assert_eq!(decode_error(body), "invalid type: another value, expected a number");
}

#[test]
fn absent_null_and_value_are_distinguished() {
    let body = r#"{"event":"lead.updated","data":{"leadId":"l","email":null,"website":"w"}}"#;
    let updated: LeadUpdated = serde_json::from_str(body).unwrap();
    assert_eq!(updated.data.first_name, Patch::Absent);
    assert_eq!(updated.data.email, Patch::Null);
    assert_eq!(updated.data.website, Patch::Value("w".to_owned()));
    assert_eq!(serde_json::to_string(&updated).unwrap(), body);
}

#[test]
fn every_scalar_of_an_update_has_three_states() {
    let all = |value: Value| {
        let fields = ["firstName", "middleName", "lastName", "phoneNumber"];
        let more = ["email", "businessName", "website"];
        let mut data = json!({"leadId": "l"});
        for field in fields.into_iter().chain(more) {
            data[field] = value.clone();
        }
        let changes: LeadChanges = serde_json::from_value(data).unwrap();
        [
            changes.first_name,
            changes.middle_name,
            changes.last_name,
            changes.phone_number,
            changes.email,
            changes.business_name,
            changes.website,
        ]
    };
    assert_eq!(all(Value::Null), [const { Patch::Null }; 7]);
    assert!(all("x".into()).iter().all(|field| field.value().is_some_and(|text| text == "x")));
}

#[test]
fn the_type_of_a_checklist_value_follows_its_json() {
    assert_eq!(value("null"), None);
    assert_eq!(value(r#""a\nb""#), Some(ChecklistValue::Text("a\nb".to_owned())));
    assert_eq!(value("-3"), Some(ChecklistValue::Number((-3).into())));
    assert!(matches!(
        value(r#"{"city":"Whitby","planet":"Earth"}"#),
        Some(ChecklistValue::Address(address)) if address.city.as_deref() == Some("Whitby")
    ));
}

#[test]
fn any_other_value_of_a_checklist_is_kept() {
    for json in [
        "true",
        "[1, 2]",
        "{}",
        r#"{"iban":"x"}"#,
        r#"{"city":null}"#,
        r#"{"city":5}"#,
        r#"{"city":"a","city":"b"}"#,
        r#""\ud800""#,
    ] {
        let Some(ChecklistValue::Other(kept)) = value(json) else {
            panic!("{json} is not kept");
        };
        assert_eq!(kept.get(), json);
        assert_eq!(serde_json::to_string(&ChecklistValue::Other(kept)).unwrap(), json);
    }
}

#[test]
fn alternate_values_may_be_anything() {
    let item: ChecklistItem =
        serde_json::from_str(r#"{"alternateValues":["a",1,null,{"b":2}]}"#).unwrap();
    let values = item.alternate_values.unwrap();
    let values: Vec<_> = values.iter().map(RawJson::get).collect();
    assert_eq!(values, [r#""a""#, "1", "null", r#"{"b":2}"#]);
}

#[test]
fn fields_that_only_the_rest_api_documents_are_decoded() {
    let tool: Tool = serde_json::from_str(r#"{"description":"looks things up"}"#).unwrap();
    assert_eq!(tool.description.as_deref(), Some("looks things up"));
    let json = r#"{"documents":[{"id":"d","filename":"f","mimeType":"m/t","size":7}]}"#;
    let message: Message = serde_json::from_str(json).unwrap();
    let document = &message.documents.as_ref().unwrap()[0];
    assert_eq!(document.id.as_deref(), Some("d"));
    assert_eq!(document.filename.as_deref(), Some("f"));
    assert_eq!(document.mime_type.as_deref(), Some("m/t"));
    assert_eq!(document.size, Some(7));
    assert_eq!(serde_json::to_string(&message).unwrap(), json);
}
