//! Typed events: decoded from a delivery as by serde_json, in one pass and without a copy of the body.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::fs;

use allocation_counter::{AllocationInfo, measure};
use bytes::Bytes;
use countersign::ainexlayer::{self, AiNexLayer};
use countersign::omniai::{self, ActionLogCompleted, OmniAi};
use countersign::scheme::{Encoding, SigningRequest};
use countersign::senders::Sender;
use countersign::{
    Delivery, FromDelivery, RawJson, Receiver, RejectionKind, Secret, StandardWebhooks, Timestamp,
};
use serde::Deserialize;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// Verifies a body that `sender` signs.
fn receive(sender: impl Sender + 'static, body: impl Into<Bytes>) -> Delivery {
    let body = body.into();
    let request = SigningRequest::new(&body).id("msg_1").timestamp(NOW);
    let headers = request.sign(sender.verifier().scheme(), &secret()).unwrap();
    Receiver::builder(sender).build().unwrap().verify(&headers, body, NOW).unwrap()
}

fn omniai(body: impl Into<Bytes>) -> Delivery {
    receive(OmniAi::new("x-secret", secret()).unwrap(), body)
}

fn ainexlayer_sender() -> AiNexLayer {
    AiNexLayer::builder(secret())
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("")
        .assumed_envelope()
        .build()
        .unwrap()
}

/// The bodies of all documented events of OmniAI.
fn omniai_bodies() -> Vec<String> {
    let folder = fs::read_dir("tests/fixtures/omniai").unwrap();
    let bodies: Vec<_> =
        folder.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert!(bodies.len() >= 15);
    bodies
}

/// Decodes `body` from a delivery as serde_json does: as the same event, or not at all.
#[track_caller]
fn is_decoded_as_by_serde_json(body: &str) {
    let delivery = omniai(body.to_owned());
    let decoded: Result<omniai::Event, _> = delivery.event();
    match serde_json::from_str::<omniai::Event>(body) {
        Ok(event) => assert_eq!(decoded.unwrap(), event, "{body}"),
        Err(error) => {
            let rejection = decoded.map(drop).expect_err(body);
            assert_eq!(rejection.kind(), RejectionKind::Undecodable, "{body}: {error}");
        }
    }
}

#[test]
fn every_documented_event_is_decoded_as_by_serde_json() {
    for body in omniai_bodies() {
        is_decoded_as_by_serde_json(&body);
        is_decoded_as_by_serde_json(&format!("\r\n {body}\n"));
    }
}

#[test]
fn an_event_whose_name_is_elsewhere_repeated_or_escaped_is_decoded_as_by_serde_json() {
    for body in omniai_bodies() {
        let first = body.find(r#""event":"#).unwrap();
        let comma = first + body[first..].find(',').unwrap();
        let (name, end) = (&body[first..comma], body.rfind('}').unwrap());
        let without = format!("{}{}", &body[..first], &body[comma + 1..end]);
        is_decoded_as_by_serde_json(&format!("{without}, {name}}}"));
        is_decoded_as_by_serde_json(&format!("{without}}}"));
        is_decoded_as_by_serde_json(&format!("{}, {name}}}", &body[..end]));
        is_decoded_as_by_serde_json(&format!("{}, \"event\": \"lead.new\"}}", &body[..end]));
        is_decoded_as_by_serde_json(&format!("{}, \"event\": null}}", &body[..end]));
        is_decoded_as_by_serde_json(&body.replacen("\"event\"", "\"\\u0065vent\"", 1));
        is_decoded_as_by_serde_json(&body.replacen("\"event\": \"", "\"event\": \"\\u0020", 1));
        is_decoded_as_by_serde_json(&body.replacen("\"event\": \"", "\"event\": \"new.", 1));
    }
}

#[test]
fn a_body_of_another_shape_is_decoded_as_by_serde_json() {
    for body in [
        "",
        "{",
        "{}",
        "[]",
        "7",
        "null",
        "\"lead.created\"",
        "{} x",
        r#"["lead.created"]"#,
        r#"{"event":null}"#,
        r#"{"event":7}"#,
        r#"{"event":"lead.created"}"#,
        r#"{"event":"lead.new","a":[1.50]}"#,
        r#"{"event":"lead.new","event":"lead.new"}"#,
        r#"{"event":"lead.\ud800"}"#,
        r#"{"\ud800":1,"event":"lead.new"}"#,
        r#"{"event":"lead.created","data":{"leadId":"1"}} x"#,
        r#"{"event":"lead.created","data":{"leadId":"1"}"#,
    ] {
        is_decoded_as_by_serde_json(body);
    }
}

#[test]
fn a_truncated_event_is_decoded_as_by_serde_json() {
    let body = r#"{"event":"lead.created","data":{"leadId":"lead_1"}}"#;
    for length in 0..=body.len() {
        is_decoded_as_by_serde_json(&body[..length]);
    }
}

#[test]
fn the_error_of_an_event_names_the_field() {
    #[track_caller]
    fn names(body: &'static str, expected: &str) {
        let rejection = omniai(body).event::<omniai::Event>().unwrap_err();
        assert!(rejection.to_string().contains(expected), "{rejection}");
    }
    names(r#"{"event":"lead.created","data":{}}"#, "it has no field `leadId`");
    names(r#"{"event":"lead.created","data":{"leadId":7}}"#, "a value does not fit");
    names(r#"{"event":"lead.created","data":"#, "JSON ends early");
    names(r#"{"event":"lead.created" x"#, "it is not JSON");
}

/// An envelope as AINexLayer is assumed to send it.
#[derive(Deserialize)]
#[expect(dead_code, reason = "the fields are decoded and not read")]
struct Envelope {
    id: String,
    event: ainexlayer::EventType,
    timestamp: u64,
    data: Data,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Data {
    name: String,
    rows: Vec<String>,
}

/// A body with many rows.
fn envelope() -> String {
    let rows = vec!["\"a row with some text\""; 50].join(",");
    format!(
        r#"{{"id":"e1","event":"user.login","timestamp":1700000000,"data":{{"name":"n","rows":[{rows}]}}}}"#
    )
}

/// Counts the allocations of `work`, which returns whether it succeeds.
fn allocations(work: impl FnOnce() -> bool) -> AllocationInfo {
    let mut succeeds = false;
    let allocated = measure(|| succeeds = work());
    assert!(succeeds);
    allocated
}

#[test]
fn an_event_of_omniai_allocates_no_more_than_its_struct() {
    let body = fs::read_to_string("tests/fixtures/omniai/action_log.completed.json").unwrap();
    let delivery = omniai(body.clone());
    let own = allocations(|| serde_json::from_str::<ActionLogCompleted>(&body).is_ok());
    let decoded = allocations(|| omniai::Event::from_delivery(&delivery).is_ok());
    assert_eq!((decoded.count_total, decoded.bytes_total), (own.count_total, own.bytes_total));
}

#[test]
fn an_event_of_ainexlayer_allocates_no_more_than_its_struct() {
    let delivery = receive(ainexlayer_sender(), envelope());
    let own = allocations(|| serde_json::from_str::<Envelope>(&envelope()).is_ok());
    let decoded = allocations(|| ainexlayer::Event::<Data>::from_delivery(&delivery).is_ok());
    assert!(decoded.count_total <= own.count_total, "{decoded:?}");
}

#[test]
fn a_struct_of_the_receiver_allocates_what_serde_json_does() {
    let body = envelope();
    let delivery = receive(StandardWebhooks::new(secret()).unwrap(), body.clone());
    let own = allocations(|| serde_json::from_str::<Envelope>(&body).is_ok());
    let decoded = allocations(|| delivery.event::<Envelope>().is_ok());
    assert_eq!((decoded.count_total, decoded.bytes_total), (own.count_total, own.bytes_total));
}

#[test]
fn the_fields_of_an_event_are_found_without_an_allocation() {
    let delivery = receive(ainexlayer_sender(), envelope());
    let allocated = allocations(|| {
        delivery.event_type().as_deref() == Some("user.login")
            && delivery.signed_id().as_deref() == Some("e1")
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn a_delivery_shares_the_body_with_the_server() {
    let body = Bytes::from(envelope());
    let delivery = receive(ainexlayer_sender(), body.clone());
    let extracted = Delivery::from_delivery(&delivery).unwrap();
    assert_eq!(extracted.body().as_ptr(), body.as_ptr());
    let items = extracted.items().unwrap();
    assert_eq!(items.first().unwrap().json().as_ptr(), body.as_ptr());
}

#[test]
fn the_fields_of_an_event_do_not_depend_on_the_order_in_which_they_are_read() {
    let body = r#"{"event":"lead.created","workspaceId":"w","data":{"leadId":"1"},"data":1}"#;
    let sender = OmniAi::new("x-secret", secret()).unwrap();
    let (first, second) = (omniai(body), omniai(body));
    let identity = sender.identity(&first);
    assert_eq!(second.event_type().as_deref(), Some("lead.created"));
    assert_eq!(sender.identity(&second), identity);
    assert_eq!(first.event_type().as_deref(), Some("lead.created"));
    // A repeated key makes no field ambiguous but those below it.
    assert_eq!(identity, countersign::dedup::Identity::body(body.as_bytes()));
}

#[test]
fn a_payload_keeps_its_text() {
    let body = r#"{"id":"e1","event":"user.login","timestamp":1700000000,"data": {"n": 1.50} }"#;
    let delivery = receive(ainexlayer_sender(), body);
    let payload: RawJson = delivery.payload().unwrap();
    assert_eq!(payload.get(), r#"{"n": 1.50}"#);
    let event = ainexlayer::Event::<RawJson>::from_delivery(&delivery).unwrap();
    assert_eq!((event.payload, event.id.as_deref()), (payload, Some("e1")));
}

#[test]
fn a_byte_order_mark_does_not_move_the_fields() {
    let delivery = receive(ainexlayer_sender(), format!("\u{feff}{}", envelope()));
    assert_eq!(delivery.signed_id().as_deref(), Some("e1"));
    assert_eq!(delivery.payload::<Data>().unwrap().rows.len(), 50);
}
