//! The sender AINexLayer: its event names, its configuration, and fixtures signed with our own vectors.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::fs;

use countersign::ainexlayer::{AiNexLayer, Builder, Event, EventType, FieldLocation};
use countersign::scheme::{Encoding, SigningRequest, Tolerance};
use countersign::senders::Sender;
use countersign::{
    ConfigErrorKind, Delivery, FromDelivery, RawJson, RejectionKind, Secret, Timestamp,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::macros::datetime;

use common::receive;

/// The names as the vendor's page lists them.
const NAMES: [&str; 19] = [
    "document.uploaded",
    "document.processed",
    "document.failed",
    "document.deleted",
    "document.updated",
    "chat.message",
    "chat.conversation.started",
    "chat.conversation.ended",
    "chat.response.generated",
    "workspace.created",
    "workspace.updated",
    "workspace.deleted",
    "workspace.user.added",
    "workspace.user.removed",
    "user.created",
    "user.updated",
    "user.deleted",
    "user.login",
    "user.logout",
];

/// A time at which the assumed fixtures are fresh: 2026-02-11T12:10:00Z, with a tolerance of half an hour.
const NOW: Timestamp = Timestamp::from_secs(1_770_811_800);
const GRACE: Tolerance = Tolerance::new(HALF_AN_HOUR, HALF_AN_HOUR);
const HALF_AN_HOUR: std::time::Duration = std::time::Duration::from_secs(1800);

const SECRET: &str = "assumed-test-secret-not-a-real-key";

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

fn builder() -> Builder {
    AiNexLayer::builder(secret())
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("")
        .tolerance(GRACE)
}

fn fixture(file: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/fixtures/ainexlayer/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A verified delivery of this body.
fn delivery(sender: &AiNexLayer, body: &str) -> Delivery {
    let request = SigningRequest::new(body.as_bytes()).timestamp(NOW);
    let mut headers = request.sign(sender.verifier().scheme(), &secret()).unwrap();
    headers.push(("x-id".to_owned(), "header id".to_owned()));
    headers.push(("x-event".to_owned(), "user.login".to_owned()));
    receive(sender, &headers, body.as_bytes(), NOW).unwrap()
}

fn event<T: DeserializeOwned>(sender: &AiNexLayer, body: &str) -> Event<T> {
    Event::from_delivery(&delivery(sender, body)).unwrap()
}

#[derive(Deserialize)]
struct Vectors {
    secret: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    file: String,
    bytes: usize,
    hmac_sha256_hex: String,
    hmac_sha256_base64: String,
}

#[test]
fn every_fixture_verifies_and_is_an_event_of_its_name() {
    let file: Vectors = serde_json::from_slice(&fixture("_vectors.json")).unwrap();
    assert_eq!(file.secret, SECRET);
    for vector in &file.vectors {
        let body = fixture(&vector.file);
        assert_eq!(body.len(), vector.bytes, "{}", vector.file);
        let name = vector.file.strip_suffix(".json").unwrap();
        for (encoding, tag, prefix) in [
            (Encoding::Hex, &vector.hmac_sha256_hex, ""),
            (Encoding::Hex, &vector.hmac_sha256_hex, "sha256="),
            (Encoding::Base64, &vector.hmac_sha256_base64, ""),
            (Encoding::Base64, &vector.hmac_sha256_base64, "sha256="),
        ] {
            let sender = builder().encoding(encoding).prefix(prefix).assumed_envelope();
            let sender = sender.build().unwrap();
            let headers = [("X-Signature", format!("{prefix}{tag}"))];
            let delivery = receive(&sender, &headers, &body, NOW)
                .unwrap_or_else(|rejection| panic!("{name}, {encoding:?}: {rejection}"));
            let event: Event = Event::from_delivery(&delivery).unwrap();
            assert_eq!(event.event_type.as_ref().map(EventType::as_str), Some(name));
            assert!(!matches!(event.event_type, Some(EventType::Other(_))), "{name}");
            assert!(event.id.is_some() && event.time.is_some(), "{name}");
            assert_eq!(delivery.signed_id().as_deref(), event.id.as_deref(), "{name}");
        }
    }
    let files: BTreeSet<_> =
        file.vectors.iter().filter_map(|vector| vector.file.strip_suffix(".json")).collect();
    assert_eq!(files, BTreeSet::from(NAMES));
}

#[test]
fn the_nineteen_names_are_known() {
    for name in NAMES {
        let known = EventType::from(name);
        assert!(!matches!(known, EventType::Other(_)), "{name}");
        assert_eq!(known.as_str(), name);
        assert_eq!(EventType::from(&*name.to_uppercase()), known);
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(text, format!("\"{name}\""));
        assert_eq!(serde_json::from_str::<EventType>(&text).unwrap(), known);
    }
    assert_eq!(
        NAMES.map(EventType::from).iter().collect::<std::collections::HashSet<_>>().len(),
        19
    );
}

#[test]
fn any_other_name_is_kept_verbatim() {
    for name in ["Document.Archived", "user.login ", "user", "", "ſ.é"] {
        assert_eq!(EventType::from(name), EventType::Other(name.to_owned()));
        assert_eq!(EventType::from(name).to_string(), name);
    }
    let sender = builder().assumed_envelope().build().unwrap();
    let body = r#"{"event":"chat.rated","timestamp":1770811800,"data":null}"#;
    let event: Event<Option<u8>> = event(&sender, body);
    assert_eq!(event.event_type, Some(EventType::Other("chat.rated".to_owned())));
}

#[test]
fn an_event_is_decoded_as_configured() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Document {
        slug: String,
    }
    let sender = builder().assumed_envelope().build().unwrap();
    let body = r#"{"event":"document.uploaded","id":"e1","timestamp":"2026-02-11T12:01:00Z","data":{"slug":"a"}}"#;
    let typed: Event<Document> = event(&sender, body);
    assert_eq!(typed.event_type, Some(EventType::DocumentUploaded));
    assert_eq!(typed.id.as_deref(), Some("e1"));
    assert_eq!(typed.time, Some(datetime!(2026-02-11 12:01 UTC)));
    assert_eq!(typed.payload, Document { slug: "a".to_owned() });
    let raw: Event = event(&sender, body);
    assert_eq!(raw.payload.get(), r#"{"slug":"a"}"#);
}

#[test]
fn an_event_without_places_is_its_whole_body() {
    let nowhere = builder()
        .event_type(FieldLocation::Absent)
        .event_id(FieldLocation::Absent)
        .time(FieldLocation::Absent);
    let body = r#"{"event":"user.login","id":"e1"}"#;
    let event: Event<RawJson> = event(&nowhere.build().unwrap(), body);
    assert_eq!((event.event_type, event.id, event.time), (None, None, None));
    assert_eq!(event.payload.get(), body);
}

#[test]
fn an_event_may_be_described_by_headers() {
    let headers = builder()
        .event_type(FieldLocation::header("X-Event"))
        .event_id(FieldLocation::header("X-Id"))
        .time(FieldLocation::header("X-Time"));
    let sender = headers.build().unwrap();
    let scheme = sender.verifier().scheme().to_string();
    assert_eq!(scheme, "HMAC-SHA256 over `{x-time}.{body}`, in header `x-signature`");
    let delivery = delivery(&sender, "{}");
    assert_eq!(delivery.signed_id(), None);
    let event: Event = Event::from_delivery(&delivery).unwrap();
    assert_eq!(event.event_type, Some(EventType::UserLogin));
    assert_eq!(event.id.as_deref(), Some("header id"));
    assert_eq!(event.time, Some(datetime!(2026-02-11 12:10 UTC)));
}

#[test]
fn a_missing_payload_is_undecodable() {
    let sender = builder().assumed_envelope().build().unwrap();
    for body in [
        r#"{"timestamp":1770811800}"#,
        r#"{"timestamp":1770811800,"data":[]}"#,
        r#"{"timestamp":1770811800,"data":1,"data":1}"#,
    ] {
        let rejection = Event::<u8>::from_delivery(&delivery(&sender, body)).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::Undecodable, "{body}");
    }
}

#[test]
fn each_missing_setting_is_named() {
    let bare = || AiNexLayer::builder(secret());
    let header = || bare().signature_header("x-signature");
    let encoding = || header().encoding(Encoding::Hex);
    let prefix = || encoding().prefix("");
    let event_type = || prefix().event_type(FieldLocation::Absent);
    let event_id = || event_type().event_id(FieldLocation::Absent);
    for (builder, setting) in [
        (bare(), "`signature_header`"),
        (header(), "`encoding`"),
        (encoding(), "`prefix`"),
        (prefix(), "`event_type`"),
        (event_type(), "`event_id`"),
        (event_id(), "`time`"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::MissingSetting);
        let message = error.to_string();
        assert!(message.starts_with(setting), "{message}");
        assert!(message.contains("look in a captured delivery"), "{message}");
    }
    assert!(event_id().time(FieldLocation::Absent).build().is_ok());
}
