//! The test kit's requests: every sender's are accepted, and tampered ones are rejected.

#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use countersign::scheme::{BodyFormat, Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
use countersign::senders::{self, SenderConfig, SenderSpec};
use countersign::testing::{SenderSimulator, SignedRequest, Tampering, TestKeys, WebhookRequest};
use countersign::time::Clock;
use countersign::{
    ConfigErrorKind, Custom, Delivery, Receiver, Rejection, RejectionKind, Secret, Timestamp,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_millis(1_770_000_000_123);
const URL: &str = "https://example.com/hooks?account=7";

fn config(sender: SenderSpec) -> SenderConfig {
    sender.example_config().with_public_url(URL)
}

/// A request whose body has the form of the sender's own.
fn request(sender: SenderSpec) -> WebhookRequest {
    match sender.name() {
        "adyen" => request_of(&json!({ "notificationItems": [{ "NotificationRequestItem": {
            "pspReference": "7914073381342284",
            "amount": { "value": 1130, "currency": "EUR" },
            "eventCode": "AUTHORISATION",
            "success": "true",
            "additionalData": {},
        }}]})),
        "twilio" => {
            WebhookRequest::to("/hooks").form(&[("From", "+1 415 555 0100"), ("Body", "a=b & c%")])
        }
        _ => request_of(&json!({ "type": "ping", "n": 1 })),
    }
}

fn request_of(body: &Value) -> WebhookRequest {
    WebhookRequest::to("/hooks").json(body)
}

struct Pair {
    receiver: Receiver,
    keys: TestKeys,
}

impl Pair {
    fn of(sender: SenderSpec) -> Self {
        let keys = TestKeys::new(&config(sender).scheme().unwrap(), 7).unwrap();
        let receiver = Receiver::new(config(sender).keys(keys.receiver()).unwrap());
        Self { receiver, keys }
    }

    fn custom(scheme: Scheme) -> Self {
        let keys = TestKeys::new(&scheme, 7).unwrap();
        let receiver = Receiver::new(Custom::new(scheme, keys.receiver()).unwrap());
        Self { receiver, keys }
    }

    fn sign(&self, request: &WebhookRequest) -> SignedRequest {
        request.sign(self.receiver.scheme(), &self.keys.sender(), NOW).unwrap()
    }

    fn sign_error(&self, request: &WebhookRequest) -> ConfigErrorKind {
        request.sign(self.receiver.scheme(), &self.keys.sender(), NOW).unwrap_err().kind()
    }

    fn verify(&self, request: &SignedRequest) -> Result<Delivery, Rejection> {
        self.receiver.verify(request, request.body().clone(), NOW)
    }
}

#[test]
fn a_request_can_be_signed_for_every_sender_of_the_catalogue() {
    for sender in senders::ALL {
        let pair = Pair::of(*sender);
        let request = pair.sign(&request(*sender));
        if let Err(rejection) = pair.verify(&request) {
            panic!("{}: {rejection}", sender.name());
        }
    }
}

/// The rejections that a tampering may lead to.
fn rejections_of(tampering: Tampering) -> &'static [RejectionKind] {
    use RejectionKind as Kind;
    match tampering {
        Tampering::BodyChanged
        | Tampering::BodyExtended
        | Tampering::WrongKey
        | Tampering::IdChanged => &[Kind::SignatureMismatch],
        // The changed character may be invalid in base64 or DER, and a truncated text has another length.
        Tampering::CredentialChanged => &[Kind::SignatureMismatch, Kind::MalformedHeader],
        Tampering::CredentialTruncated => &[
            Kind::SignatureMismatch,
            Kind::MalformedHeader,
            Kind::MissingHeader,
            Kind::MissingSignature,
            Kind::NoCandidate,
        ],
        Tampering::CredentialMissing => &[Kind::MissingHeader, Kind::MissingSignature],
        Tampering::CredentialRepeated => &[Kind::DuplicateHeader],
        Tampering::StaleTimestamp => &[Kind::StaleTimestamp],
        Tampering::FutureTimestamp => &[Kind::FutureTimestamp],
        Tampering::TimestampChanged => &[Kind::SignatureMismatch],
        _ => &[],
    }
}

#[test]
fn every_detectable_tampering_is_rejected_with_a_fitting_kind() {
    for sender in senders::ALL {
        let pair = Pair::of(*sender);
        for tampering in Tampering::ALL {
            if !tampering.is_detectable_in(pair.receiver.scheme()) {
                continue;
            }
            let request = pair.sign(&request(*sender).tampered(tampering));
            let rejection = pair.verify(&request).map(|_| ()).unwrap_err();
            assert!(
                rejections_of(tampering).contains(&rejection.kind()),
                "{}, {tampering}: {rejection}",
                sender.name()
            );
        }
    }
}

/// Tampers at random positions, as the simulator does.
#[test]
fn every_tampering_is_rejected_at_any_position() {
    for sender in senders::ALL {
        let pair = Pair::of(*sender);
        let sender_simulator =
            SenderSimulator::new(&pair.receiver, pair.keys.sender(), 3).tampered(99);
        let clock = sender_simulator.clock();
        let report =
            sender_simulator.deliver([request(*sender)], async |request: SignedRequest| {
                let verified = pair.receiver.verify(&request, request.body().clone(), clock.now());
                let success = pair.receiver.contract().success_status(200);
                verified.map_or_else(|rejection| rejection.status(), |_| success)
            });
        let mut report = pin!(report);
        let Poll::Ready(report) = report.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("the simulation waits for nothing");
        };
        let report = report.unwrap();
        report.assert_responses();
        assert_eq!(report.tampered(), 99);
    }
}

#[test]
fn every_tampering_is_detectable_under_some_scheme() {
    for tampering in Tampering::ALL {
        let is_detectable =
            |sender: &&SenderSpec| tampering.is_detectable_in(&config(**sender).scheme().unwrap());
        assert!(senders::ALL.iter().any(|sender| is_detectable(&sender)), "{tampering}");
    }
}

#[test]
fn an_undetectable_tampering_is_an_error() {
    let telegram = Pair::of(senders::TELEGRAM);
    let unsigned = request_of(&json!({})).tampered(Tampering::StaleTimestamp);
    assert_eq!(telegram.sign_error(&unsigned), ConfigErrorKind::InvalidScheme);
}

#[test]
fn an_id_is_written_where_the_sender_has_it() {
    for sender in [senders::STANDARD_WEBHOOKS, senders::STRIPE] {
        let pair = Pair::of(sender);
        let request = pair.sign(&request(sender).id("evt_9"));
        assert_eq!(
            pair.verify(&request).unwrap().signed_id().unwrap(),
            "evt_9",
            "{}",
            sender.name()
        );
    }
}

#[test]
fn an_id_a_type_and_a_time_are_written_into_a_form() {
    let pair = |format| {
        Pair::custom(
            Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme", Encoding::Hex))
                .id_field("/id")
                .event_type_field("/type")
                .timestamp_field("/time", TimestampFormat::Seconds)
                .body_formats([BodyFormat::Json, format])
                .build()
                .unwrap(),
        )
    };
    for (format, fields) in [
        (BodyFormat::Form, [("id", "old"), ("text", "a & b")]),
        (BodyFormat::form_json("payload"), [("other", "1"), ("payload", r#"{"id":"old"}"#)]),
    ] {
        let pair = pair(format);
        let form = WebhookRequest::to("/").form(&fields).id("evt 1").event_type("a.b");
        let delivery = pair.verify(&pair.sign(&form)).unwrap();
        assert_eq!(delivery.signed_id().as_deref(), Some("evt 1"));
        assert_eq!(delivery.event_type().as_deref(), Some("a.b"));
        assert_eq!(delivery.timestamp(), Some(Timestamp::from_secs(NOW.as_secs())));
    }
    let nested = Pair::custom(
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme", Encoding::Hex))
            .id_field("/data/id")
            .body_formats([BodyFormat::Form])
            .build()
            .unwrap(),
    );
    let form = WebhookRequest::to("/").form(&[("a", "b")]).id("evt_1");
    assert_eq!(nested.sign_error(&form), ConfigErrorKind::MissingSetting);
}

#[test]
fn another_body_is_another_event() {
    let pair = Pair::of(senders::STANDARD_WEBHOOKS);
    let id = |n| {
        let request = pair.sign(&request_of(&json!({ "n": n })));
        pair.verify(&request).unwrap().signed_id().unwrap().into_owned()
    };
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
}

#[test]
fn an_event_type_is_written_where_the_sender_has_it() {
    for sender in [senders::GITHUB, senders::STRIPE] {
        let pair = Pair::of(sender);
        let request = pair.sign(&request(sender).event_type("push"));
        assert_eq!(
            pair.verify(&request).unwrap().event_type().unwrap(),
            "push",
            "{}",
            sender.name()
        );
    }
}

#[test]
fn a_body_without_the_senders_form_is_an_error() {
    let adyen = Pair::of(senders::ADYEN);
    assert_eq!(adyen.sign_error(&request_of(&json!({}))), ConfigErrorKind::MissingSetting);
    let linear = Pair::of(senders::LINEAR);
    assert_eq!(
        linear.sign_error(&WebhookRequest::to("/").body("text")),
        ConfigErrorKind::MissingSetting
    );
}

#[test]
fn a_value_that_cannot_be_serialized_is_an_error() {
    let keyed = std::collections::HashMap::from([((1, 2), 3)]);
    let github = Pair::of(senders::GITHUB);
    assert_eq!(
        github.sign_error(&WebhookRequest::to("/").json(&keyed)),
        ConfigErrorKind::MissingSetting
    );
}

#[test]
fn twilio_signs_json_by_its_digest_in_the_query() {
    let twilio = Pair::of(senders::TWILIO);
    let request = twilio.sign(&request_of(&json!({ "n": 1 })));
    assert!(request.target().starts_with("/hooks?account=7&bodySHA256="), "{}", request.target());
    twilio.verify(&request).unwrap();
}

#[test]
fn a_query_of_the_requests_own_is_signed() {
    let unsigned = WebhookRequest::to("/hooks?account=8").form(&[("a", "b")]);
    // A query of the configured URL cannot be replaced.
    assert_eq!(Pair::of(senders::TWILIO).sign_error(&unsigned), ConfigErrorKind::MissingSetting);
    let twilio = senders::TWILIO.config().with_public_url("https://example.com/hooks");
    let twilio = Pair::custom(twilio.scheme().unwrap());
    let request = twilio.sign(&unsigned);
    assert_eq!(request.target(), "/hooks?account=8");
    twilio.verify(&request).unwrap();
}

#[test]
fn a_signed_header_is_taken_from_the_request() {
    let scheme =
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
            .signs([Part::Header("x-tenant".into()), ".".into(), Part::Body])
            .build()
            .unwrap();
    let acme = Pair::custom(scheme);
    assert_eq!(acme.sign_error(&request_of(&json!({}))), ConfigErrorKind::MissingSetting);
    acme.verify(&acme.sign(&request_of(&json!({})).header("X-Tenant", "7"))).unwrap();
}

#[test]
fn a_time_in_the_body_is_written_in_the_schemes_unit() {
    for (unit, written) in [
        (TimestampFormat::Seconds, json!(1_770_000_000)),
        (TimestampFormat::Millis, json!(1_770_000_000_123_u64)),
        (TimestampFormat::Rfc3339, json!("2026-02-02T02:40:00Z")),
    ] {
        let scheme =
            Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
                .timestamp_field("/at", unit)
                .build()
                .unwrap();
        let acme = Pair::custom(scheme);
        let request = acme.sign(&request_of(&json!({ "at": "long ago" })));
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body["at"], written);
        acme.verify(&request).unwrap();
    }
}

#[test]
fn keys_of_another_number_differ() {
    for sender in [senders::STRIPE, senders::DISCORD, senders::SENDGRID] {
        let pair = Pair::of(sender);
        let other = TestKeys::new(pair.receiver.scheme(), 8).unwrap().sender();
        let request = request(sender).sign(pair.receiver.scheme(), &other, NOW).unwrap();
        let rejection = pair.verify(&request).map(|_| ()).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch, "{}", sender.name());
    }
}

#[test]
fn a_signed_request_converts_into_an_http_request() {
    let twilio = Pair::of(senders::TWILIO);
    let signed = twilio.sign(&request_of(&json!({ "n": 1 }))).header("X-Trace", "3");
    let request: http::Request<Vec<u8>> = signed.clone().into();
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(request.uri(), &*signed.target());
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.headers()["x-trace"], "3");
    twilio.receiver.verify(&request, request.body().clone(), NOW).unwrap();
}

#[test]
fn debug_output_holds_no_header_value_key_or_body() {
    let secret = "whsec_bm90aGluZyB0byBzZWUgaGVyZSwgcmVhbGx5";
    let scheme = senders::STANDARD_WEBHOOKS.config().scheme().unwrap();
    let unsigned =
        WebhookRequest::to("/").json(&json!({ "card": "4242" })).header("x-private", "4242");
    let request = unsigned.sign(&scheme, &Secret::new(secret).unwrap(), NOW).unwrap();
    let text = format!("{unsigned:?} {request:?} {:?}", TestKeys::new(&scheme, 7).unwrap());
    for hidden in ["4242", "whsec", "v1,"] {
        assert!(!text.contains(hidden), "{text}");
    }
}

#[test]
fn the_fields_of_a_form_are_the_query_of_a_sender_that_delivers_by_get() {
    let config = senders::TWILIO
        .config()
        .with_public_url("https://example.com/voice?order=1")
        .with_method("GET");
    let keys = TestKeys::new(&config.scheme().unwrap(), 1).unwrap();
    let receiver = Receiver::new(config.keys(keys.receiver()).unwrap());
    let request = WebhookRequest::to("/voice")
        .form(&[("CallSid", "CA1"), ("From", "+1415")])
        .sign(receiver.scheme(), &keys.sender(), NOW)
        .unwrap();
    assert_eq!(request.method(), "GET");
    assert_eq!(request.target(), "/voice?order=1&CallSid=CA1&From=%2B1415");
    let delivery = receiver.verify(&request, request.body().clone(), NOW).unwrap();
    assert_eq!(delivery.signed_query().unwrap(), "order=1&CallSid=CA1&From=%2B1415");
    let request: http::Request<bytes::Bytes> = request.into();
    assert_eq!(request.method(), http::Method::GET);
    assert!(request.headers().get("content-type").is_none());
}
