//! Signed fields of a body: which of them may hold the separator, and that each signed text has exactly
//! one reading.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::HashMap;

use common::receive;
use countersign::scheme::{Encoding, Field, Scheme, SchemeBuilder, SigningRequest};
use countersign::{
    ConfigErrorKind, Delivery, Rejection, RejectionKind, Secret, Timestamp, senders,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const HEX: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

fn secret() -> Secret {
    Secret::new(HEX).unwrap()
}

/// The fields in the order in which Adyen signs them.
const ORDER: [&str; 8] = [
    "pspReference",
    "originalReference",
    "merchantAccountCode",
    "merchantReference",
    "value",
    "currency",
    "eventCode",
    "success",
];

fn body(texts: [&str; 8]) -> Value {
    let mut item = json!({"additionalData": {}, "amount": {}});
    for (name, text) in ORDER.into_iter().zip(texts) {
        let parent =
            if matches!(name, "value" | "currency") { &mut item["amount"] } else { &mut item };
        parent[name] = text.into();
    }
    json!({"notificationItems": [{"NotificationRequestItem": item}]})
}

/// The body with its signature; `None` if the scheme does not sign such fields.
fn signed(texts: [&str; 8]) -> Option<Vec<u8>> {
    let scheme = senders::ADYEN.config().scheme().unwrap();
    let body = body(texts).to_string();
    Some(SigningRequest::new(body.as_bytes()).request(&scheme, &secret()).ok()?.body)
}

fn adyen(body: &[u8]) -> Result<Delivery, Rejection> {
    receive(&senders::ADYEN.keys(secret()).unwrap(), &[] as &[(&str, &str)], body, NOW)
}

const FILE: &str = "settlement_detail_report_2024-05-01T10:00:00.csv";

#[test]
fn the_file_name_of_a_report_may_hold_colons() {
    let report = [FILE, "", "Account", "", "0", "EUR", "REPORT_AVAILABLE", "true"];
    let delivery = adyen(&signed(report).unwrap()).unwrap();
    assert_eq!(delivery.event_type().as_deref(), Some("REPORT_AVAILABLE"));
}

#[test]
fn a_merchants_reference_may_hold_colons_in_a_payment() {
    for code in ["AUTHORISATION", "CAPTURE", "REFUND", "report_available"] {
        let payment = ["7914073381342284", "", "Account", ":a:b:", "1130", "EUR", code, "true"];
        assert!(adyen(&signed(payment).unwrap()).is_ok(), "{code}");
    }
}

#[test]
fn only_one_field_may_hold_colons_in_each_event() {
    let report = |psp, merchant| {
        signed([psp, "", "Account", merchant, "0", "EUR", "REPORT_AVAILABLE", "true"])
    };
    assert!(report("a:b", "c").is_some());
    assert!(report("a", "b:c").is_none());
    let payment =
        |psp, merchant| signed([psp, "", "Account", merchant, "0", "EUR", "CAPTURE", "true"]);
    assert!(payment("a", "b:c").is_some());
    assert!(payment("a:b", "c").is_none());
}

/// A captured report is read as a payment, and a captured payment as a report.
#[test]
fn an_event_is_not_read_as_one_of_another_code() {
    let text = "a:b:c:d:0:EUR:REPORT_AVAILABLE:true";
    let report = ["a:b:c:d", "", "", "", "0", "EUR", "REPORT_AVAILABLE", "true"];
    let signature = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).unwrap();
        body.pointer("/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature")
            .unwrap()
            .clone()
    };
    let captured = signature(&signed(report).unwrap());
    let mut tried = 0;
    for code in ["REPORT_AVAILABLE", "AUTHORISATION", "true", "EUR:REPORT_AVAILABLE", ""] {
        for moved in [
            ["a", "b", "c", "d", "0", "EUR", code, "true"],
            ["a:b:c", "d", "", "", "0", "EUR", code, "true"],
            ["a", "b", "c", "d:::", "0", "EUR", code, "true"],
            ["a", "b", "c", "d:::0:EUR", "", "", code, "true"],
            ["a:b:c:d", "", "", "", "0", "EUR", code, "REPORT_AVAILABLE:true"],
        ] {
            let mut body = body(moved);
            body["notificationItems"][0]["NotificationRequestItem"]["additionalData"]["hmacSignature"] =
                captured.clone();
            let verdict = adyen(body.to_string().as_bytes());
            assert_eq!(verdict.unwrap_err().kind(), RejectionKind::SignatureMismatch, "{text}");
            tried += 1;
        }
    }
    assert_eq!(tried, 25);
}

/// All events of these texts: no two that are accepted have one signed text.
#[test]
fn every_signed_text_has_exactly_one_reading() {
    const TEXTS: [&str; 4] = ["", "a", "a:", "a::REPORT_AVAILABLE:a"];
    const ENDS: [&str; 2] = ["a", "a:REPORT_AVAILABLE"];
    const CODES: [&str; 3] = ["REPORT_AVAILABLE", "a", "a:a"];
    let mut readings: HashMap<String, [&str; 8]> = HashMap::new();
    let mut rejected = 0;
    for number in 0..TEXTS.len().pow(4) * ENDS.len().pow(3) * CODES.len() {
        let mut rest = number;
        let mut next = |list: &[&'static str]| {
            let text = list[rest % list.len()];
            rest /= list.len();
            text
        };
        let texts = [
            next(&TEXTS),
            next(&TEXTS),
            next(&TEXTS),
            next(&TEXTS),
            next(&ENDS),
            next(&ENDS),
            next(&CODES),
            next(&ENDS),
        ];
        if signed(texts).is_none() {
            rejected += 1;
        } else if let Some(other) = readings.insert(texts.join(":"), texts) {
            panic!("{texts:?} and {other:?}");
        }
    }
    assert!(readings.len() > 40 && rejected > 40, "{} of {rejected}", readings.len());
}

fn over(fields: impl IntoIterator<Item = Field>) -> SchemeBuilder {
    Scheme::hmac_sha256_of_fields("acme", "/signature", Encoding::Base64, fields)
}

#[test]
fn a_selector_is_a_plain_field_on_one_side_of_all_that_may_hold_colons() {
    let free = || Field::new("/free").allow_any_text_for("/kind", ["report"]);
    let other = || Field::new("/other").allow_any_text();
    let kind = || Field::new("/kind");
    over([free(), other(), kind()]).build().unwrap();
    over([kind(), free(), other()]).build().unwrap();
    over([other(), Field::new("/a"), free(), Field::new("/b"), kind()]).build().unwrap();
    for fields in [
        vec![free(), kind(), other()],
        vec![other(), kind(), free()],
        vec![free(), other()],
        vec![free(), kind().allow_any_text()],
        vec![free(), kind().must_be_absent()],
        vec![free(), kind().allow_any_text_for("/kind", ["a"])],
        vec![free(), Field::new("/x").allow_any_text_for("/kind", ["report"]), kind()],
        vec![free(), Field::new("/x").allow_any_text_for("/y", ["a"]), kind(), Field::new("/y")],
        vec![free().allow_any_text(), kind()],
        vec![free().must_be_absent(), kind()],
    ] {
        let error = over(fields.clone()).build().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme, "{error}, {fields:?}");
    }
    let twice = Field::new("/x").allow_any_text_for("/kind", ["invoice"]);
    over([free(), twice, kind()]).build().unwrap();
}
