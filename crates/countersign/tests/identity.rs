//! The identity of an event: when two deliveries are the same event.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use countersign::ainexlayer::{AiNexLayer, FieldLocation};
use countersign::dedup::Identity;
use countersign::omniai::OmniAi;
use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{Sender, SenderSpec};
use countersign::{Custom, Delivery, Secret, StandardWebhooks, Timestamp, senders};
use proptest::prelude::*;
use serde_json::{Value, json};

use common::receive;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// The identity of a body that was delivered under this id.
fn identity(sender: &dyn Sender, id: &str, body: &[u8]) -> Identity {
    let request = SigningRequest::new(body).id(id).timestamp(NOW);
    let headers = request.sign(sender.verifier().scheme(), &secret()).unwrap();
    sender.identity(&receive(sender, &headers, body, NOW).unwrap())
}

fn omniai(body: &str) -> Identity {
    identity(&OmniAi::new("x-secret", secret()).unwrap(), "", body.as_bytes())
}

fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/omniai/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A fixture with the value at a pointer changed or removed.
fn changed(name: &str, pointer: &str, value: Option<Value>) -> String {
    let mut body = fixture(name);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(parent.insert(key.to_owned(), value)),
        None => drop(parent.remove(key).unwrap()),
    }
    body.to_string()
}

/// The fields that identify each event of OmniAI, and one that does not.
const NAMED: [(&str, &[&str], &str); 7] = [
    ("action_log.completed", &["/actionLog/id", "/actionLog/completedAt"], "/actionLog/summary"),
    ("action_log.failed", &["/actionLog/id", "/actionLog/completedAt"], "/actionLog/error"),
    ("document.received", &["/document/id"], "/document/signedUrl"),
    ("document.extracted", &["/documentId", "/status", "/parentActionId"], "/summary"),
    ("document.extracted.failed", &["/documentId", "/status", "/parentActionId"], "/externalId"),
    ("lead.created", &["/data/leadId"], "/data/email"),
    ("lead.completed", &["/data/leadId"], "/data/source"),
];

#[test]
fn an_event_is_identified_by_its_fields_alone() {
    for (name, _, beside) in NAMED {
        let first = omniai(&fixture(name).to_string());
        assert!(!first.is_short_lived(), "{name}");
        let again = omniai(&changed(name, beside, Some(json!("signed again"))));
        assert_eq!(first, again, "{name} without {beside}");
        let longer = omniai(&changed(name, "/added", Some(json!([1, {"later": true}]))));
        assert_eq!(first, longer, "{name}");
    }
}

#[test]
fn an_event_with_other_identifying_fields_is_another() {
    for (name, fields, _) in NAMED {
        let first = omniai(&fixture(name).to_string());
        for field in fields.iter().copied().chain(["/workspaceId"]) {
            let other = omniai(&changed(name, field, Some(json!("another"))));
            assert_ne!(first, other, "{name} with another {field}");
            assert!(!other.is_short_lived(), "{name} with another {field}");
        }
    }
    let lead = fixture("lead.created").to_string();
    let completed = changed("lead.created", "/event", Some(json!("lead.completed")));
    assert_ne!(omniai(&lead), omniai(&completed));
}

#[test]
fn an_event_that_lacks_a_field_is_identified_by_its_body() {
    for (name, fields, _) in NAMED {
        for field in fields {
            for value in [None, Some(json!(null)), Some(json!([7])), Some(json!({}))] {
                let body = changed(name, field, value.clone());
                let expected = Identity::body(body.as_bytes());
                assert_eq!(omniai(&body), expected, "{name}: {field} is {value:?}");
            }
        }
    }
}

#[test]
fn an_empty_field_identifies_nothing() {
    for (name, fields, _) in NAMED {
        for field in fields {
            let body = changed(name, field, Some(json!("")));
            assert_eq!(omniai(&body), Identity::body(body.as_bytes()), "{name}: {field} is empty");
        }
    }
}

#[test]
fn an_event_with_a_repeated_field_is_identified_by_its_body() {
    for (name, fields, _) in NAMED {
        for field in fields.iter().copied().chain(["/event"]) {
            let text = fixture(name).to_string();
            let key = field.rsplit('/').next().unwrap();
            let body =
                text.replacen(&format!("\"{key}\":"), &format!("\"{key}\":\"x\",\"{key}\":"), 1);
            assert_ne!(body, text, "{name}: {field}");
            assert_eq!(omniai(&body), Identity::body(body.as_bytes()), "{name}: {field}");
        }
    }
}

#[test]
fn an_event_without_identifying_fields_is_its_body_for_a_short_time() {
    let unknown = r#"{"event":"lead.archived","data":{"leadId":"1"}}"#.to_owned();
    let updated = fixture("lead.updated").to_string();
    for body in [updated, unknown, "{}".to_owned(), "not JSON".to_owned(), String::new()] {
        let found = omniai(&body);
        assert_eq!(found, Identity::body(body.as_bytes()));
        assert!(found.is_short_lived(), "{body}");
        assert_ne!(found, omniai(&format!("{body} ")));
    }
}

#[test]
fn a_status_is_compared_without_case() {
    let lower = changed("document.extracted", "/status", Some(json!("completed")));
    let upper = changed("document.extracted", "/status", Some(json!("COMPLETED")));
    assert_eq!(omniai(&lower), omniai(&upper));
}

#[test]
fn an_event_of_standard_webhooks_is_its_signed_id() {
    let sender = StandardWebhooks::new(secret()).unwrap();
    let first = identity(&sender, "msg_1", br#"{"attempt":1}"#);
    assert_eq!(first, Identity::id("msg_1"));
    assert!(!first.is_short_lived());
    assert_eq!(first, identity(&sender, "msg_1", br#"{"attempt":2}"#));
    assert_ne!(first, identity(&sender, "msg_2", br#"{"attempt":1}"#));
}

fn ainexlayer(id: FieldLocation) -> AiNexLayer {
    AiNexLayer::builder(secret())
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("")
        .event_type(FieldLocation::Absent)
        .event_id(id)
        .time(FieldLocation::Absent)
        .build()
        .unwrap()
}

#[test]
fn an_event_of_ainexlayer_is_the_id_in_its_body() {
    let sender = ainexlayer(FieldLocation::field("/id"));
    let found = |body: &str| identity(&sender, "", body.as_bytes());
    assert_eq!(found(r#"{"id":"a","n":1} "#), Identity::id("a"));
    assert_eq!(found(r#"{"n":2,"id":"\u0061"}"#), Identity::id("a"));
    assert_eq!(found("\u{feff}{\"id\":\"a\"}"), Identity::id("a"));
    assert_eq!(found(r#"{"id":7}"#), Identity::id("7"));
    assert_eq!(found(r#"{"id":9007199254740993}"#), Identity::id("9007199254740993"));
    for body in [
        "{}",
        r#"{"id":null}"#,
        r#"{"id":""}"#,
        r#"{"id":{}}"#,
        r#"{"id":"a","id":"a"}"#,
        r#"{"id":"a"}x"#,
    ] {
        assert_eq!(found(body), Identity::body(body.as_bytes()), "{body}");
    }
}

#[test]
fn an_event_of_ainexlayer_without_an_id_is_its_body() {
    let body = br#"{"id":"a"}"#;
    let found = identity(&ainexlayer(FieldLocation::Absent), "", body);
    assert_eq!(found, Identity::body(body));
    assert!(found.is_short_lived());
}

/// A delivery with its id in a header.
fn with_header(parts: Vec<Part>, id: &str) -> Delivery {
    let scheme =
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
            .id_header("x-id")
            .signs(parts)
            .build()
            .unwrap();
    let headers = SigningRequest::new(b"{}").id(id).sign(&scheme, &secret()).unwrap();
    receive(&Custom::new(scheme, secret()).unwrap(), &headers, b"{}", NOW).unwrap()
}

#[test]
fn an_unsigned_id_is_never_the_identity() {
    for id in ["1", "2"] {
        let unsigned = with_header(vec![Part::Body], id);
        assert_eq!(Identity::from(&unsigned), Identity::body(b"{}"));
        assert_eq!(unsigned.signed_id(), None);
        assert_eq!(unsigned.unverified_id().as_deref(), Some(id));
        let signed = with_header(vec![Part::Id, Part::Literal(".".into()), Part::Body], id);
        assert_eq!(Identity::from(&signed), Identity::id(id));
    }
    let header = ainexlayer(FieldLocation::header("x-id"));
    assert_eq!(identity(&header, "1", b"{}"), Identity::body(b"{}"));
    let token = Scheme::static_token("acme", SignatureLocation::token("x-token")).id_field("/id");
    let token = Custom::new(token.build().unwrap(), secret()).unwrap();
    let body = br#"{"id":"1"}"#;
    assert_eq!(identity(&token, "", body), Identity::body(body));
}

/// The identity of a body from a sender of the catalogue.
fn of_catalogue(sender: SenderSpec, body: &str) -> Identity {
    let config = sender.config().with_public_url("https://example.com/hook");
    identity(&config.keys(secret()).unwrap(), "", body.as_bytes())
}

/// The body of each sender that identifies its events by fields, with an id in place.
fn with_id(sender: SenderSpec, id: &str) -> String {
    match sender.name() {
        "gocardless" | "line" => {
            let field = if sender.name() == "line" { "webhookEventId" } else { "id" };
            format!(r#"{{"events":[{{"{field}":{id}}}]}}"#)
        }
        "hubspot" => {
            format!(r#"[{{"eventId":{id},"subscriptionId":1,"portalId":2,"occurredAt":3}}]"#)
        }
        "telegram" => format!(r#"{{"update_id":{id}}}"#),
        "linear" => format!(r#"{{"data":{{"number":{id}}},"webhookTimestamp":1700000000000}}"#),
        name => panic!("no body for {name}"),
    }
}

const BY_FIELDS: [SenderSpec; 5] =
    [senders::GOCARDLESS, senders::LINE, senders::HUBSPOT, senders::TELEGRAM, senders::LINEAR];

#[test]
fn ids_beyond_the_range_of_an_integer_are_distinct() {
    let numbers = ["18446744073709551617", "18446744073709551618", "1.0", "1.00", "1e400", "-0"];
    for sender in BY_FIELDS {
        for (index, number) in numbers.iter().enumerate() {
            let found = of_catalogue(sender, &with_id(sender, number));
            assert_eq!(found, of_catalogue(sender, &with_id(sender, number)));
            assert!(!found.is_short_lived(), "{} {number}", sender.name());
            for other in &numbers[index + 1..] {
                let other_found = of_catalogue(sender, &with_id(sender, other));
                assert_ne!(found, other_found, "{}: {number} and {other}", sender.name());
            }
        }
    }
}

#[test]
fn a_number_and_a_string_of_its_digits_are_one_id() {
    for sender in BY_FIELDS.into_iter().filter(|sender| sender.name() != "linear") {
        let number = of_catalogue(sender, &with_id(sender, "1"));
        assert_eq!(number, of_catalogue(sender, &with_id(sender, r#""1""#)), "{}", sender.name());
        assert_eq!(number, of_catalogue(sender, &with_id(sender, r#""\u0031""#)));
        assert_ne!(number, of_catalogue(sender, &with_id(sender, "1.0")), "{}", sender.name());
    }
}

#[test]
fn a_byte_order_mark_does_not_change_an_id() {
    for sender in BY_FIELDS {
        let body = with_id(sender, "18446744073709551617");
        let found = of_catalogue(sender, &format!("\u{feff}{body}"));
        assert_eq!(found, of_catalogue(sender, &body), "{}", sender.name());
    }
}

#[test]
fn an_event_of_linear_is_its_body_without_the_time() {
    let found = |body: &str| of_catalogue(senders::LINEAR, body);
    let first = found(r#"{"action":"create","webhookTimestamp":1700000000000,"n":[1, 2]}"#);
    assert!(!first.is_short_lived());
    assert_eq!(first, found(r#"{"n":[1, 2],"action":"create","webhookTimestamp":1700000000001}"#));
    assert_ne!(first, found(r#"{"action":"update","webhookTimestamp":1700000000000,"n":[1, 2]}"#));
    let emoji = found(r#"{"\ud83d":"\ud83d","webhookTimestamp":1700000000000}"#);
    assert_eq!(emoji, found(r#"{"\ud83d":"\ud83d","webhookTimestamp":1700000000001}"#));
}

proptest! {
    /// Two ids have one identity exactly if they have one text.
    #[test]
    fn an_id_is_its_digits(left in "-?(0|[1-9][0-9]{0,40})", right in "-?(0|[1-9][0-9]{0,40})") {
        for sender in BY_FIELDS {
            let [of_left, of_right] =
                [&left, &right].map(|id| of_catalogue(sender, &with_id(sender, id)));
            prop_assert_eq!(of_left == of_right, left == right, "{}", sender.name());
        }
    }
}
