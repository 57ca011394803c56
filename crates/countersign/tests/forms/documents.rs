//! JSON as some senders write it: with a byte order mark, and with halves of characters.

use std::collections::HashMap;

use countersign::scheme::{BodyFormat, Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
use countersign::{Custom, RawJson, Timestamp, senders};
use serde::Deserialize;
use serde_json::Value;

use crate::{FORM, NOW, form, mismatch, receive, secret, sender};

#[derive(Debug, Deserialize, PartialEq)]
struct Event {
    id: String,
    text: Option<RawJson>,
}

#[test]
fn a_byte_order_mark_is_skipped_and_signed() {
    let acme = sender([BodyFormat::Json]);
    let body = "\u{feff}{\"id\":\"evt_1\",\"type\":\"a.b\"}";
    let delivery = receive(&acme, "application/json; charset=utf-8", body);
    assert_eq!(delivery.event::<Event>().unwrap(), Event { id: "evt_1".into(), text: None });
    assert_eq!(delivery.event::<RawJson>().unwrap().get(), &body[3..]);
    assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
    assert_eq!(delivery.event_type().as_deref(), Some("a.b"));
    assert_eq!(delivery.body(), body.as_bytes());
}

#[test]
fn a_byte_order_mark_precedes_the_json_in_a_form() {
    let acme = sender([BodyFormat::form_json("payload")]);
    let delivery = receive(&acme, FORM, form(&[("payload", "\u{feff}{\"id\":\"evt_1\"}")]));
    assert_eq!(delivery.event::<Event>().unwrap().id, "evt_1");
    assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
}

#[test]
fn a_byte_order_mark_precedes_a_signed_time_and_a_payload() {
    let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme", Encoding::Hex))
        .timestamp_field("/at", TimestampFormat::Seconds)
        .signs([Part::Body])
        .payload_field("/data");
    let acme = Custom::new(scheme.build().unwrap(), secret()).unwrap();
    let delivery = receive(&acme, "", format!("\u{feff}{{\"at\":{},\"data\":[1]}}", NOW.as_secs()));
    assert_eq!(delivery.timestamp(), Some(NOW));
    assert_eq!(delivery.payload::<[u8; 1]>().unwrap(), [1]);
}

#[test]
fn a_signed_time_is_a_field_of_a_form() {
    let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme", Encoding::Hex))
        .timestamp_field("/timestamp", TimestampFormat::Seconds)
        .body_formats([BodyFormat::Form]);
    let acme = Custom::new(scheme.build().unwrap(), secret()).unwrap();
    let delivery = receive(&acme, FORM, format!("a=b&timestamp={}", NOW.as_secs() - 7));
    assert_eq!(delivery.timestamp(), Some(Timestamp::from_secs(NOW.as_secs() - 7)));
}

#[test]
fn only_one_byte_order_mark_is_skipped() {
    let delivery = receive(&sender([BodyFormat::Json]), "", "\u{feff}\u{feff}{}");
    assert_eq!(mismatch::<Value>(&delivery), "it is not JSON, at line 1 column 1");
}

const LONE: &str = r#"{"id":"evt_1","type":"a","text":"see \ud83d","\ude00":{"\ud83d":"\ud83d"}}"#;

#[test]
fn a_lone_surrogate_is_kept_in_raw_json() {
    let delivery = receive(&sender([BodyFormat::Json]), "", LONE);
    assert_eq!(delivery.event::<RawJson>().unwrap().get(), LONE);
    assert_eq!(delivery.payload::<RawJson>().unwrap().get(), LONE);
    #[derive(Deserialize)]
    struct Text {
        text: RawJson,
    }
    let body = LONE.replace(r#""\ude00""#, r#""other""#);
    let event: Text = receive(&sender([BodyFormat::Json]), "", body).event().unwrap();
    assert_eq!(event.text.get(), r#""see \ud83d""#);
    assert_eq!(event.text.parse_lossy::<String>().unwrap(), "see \u{fffd}");
    let whole: Value = delivery.event::<RawJson>().unwrap().parse_lossy().unwrap();
    assert_eq!(whole["\u{fffd}"]["\u{fffd}"], "\u{fffd}");
}

#[test]
fn a_lone_surrogate_does_not_hide_the_id_and_the_type() {
    let delivery = receive(&sender([BodyFormat::Json]), "", LONE);
    assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
    assert_eq!(delivery.event_type().as_deref(), Some("a"));
}

#[test]
fn ids_that_differ_in_a_lone_surrogate_differ() {
    let id = |id: &str| {
        let delivery = receive(&sender([BodyFormat::Json]), "", format!(r#"{{"id":"{id}"}}"#));
        delivery.signed_id().unwrap().into_owned()
    };
    assert_ne!(id(r"a\ud83d"), id(r"a\ud83e"));
}

#[test]
fn a_lone_surrogate_does_not_fit_a_string() {
    let delivery = receive(&sender([BodyFormat::Json]), "", r#"{"text":"\ud83d "}"#);
    let detail = mismatch::<HashMap<String, String>>(&delivery);
    let expected =
        "the value of `*` has half of a character (a lone surrogate): decode it as `RawJson`";
    assert!(detail.starts_with(expected), "{detail}");
}

#[test]
fn a_handshake_may_begin_with_a_byte_order_mark() {
    let slack = senders::SLACK.keys(secret()).unwrap();
    let body = "\u{feff}{\"type\":\"url_verification\",\"challenge\":\"abc\"}";
    let delivery = receive(&slack, "application/json", body);
    let receiver = countersign::Receiver::new(slack);
    assert!(receiver.signed_handshake_response(&delivery).is_some());
}
