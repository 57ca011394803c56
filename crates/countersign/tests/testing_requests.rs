//! The test kit's requests: authentic for every sender, and rejected for every damage.

#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use countersign::scheme::{Encoding, Part, Scheme, SignatureLocation, TimestampFormat};
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

/// A post whose body has the form of the sender's own.
fn post(sender: SenderSpec) -> WebhookRequest {
    match sender.name() {
        "adyen" => post_of(&json!({ "notificationItems": [{ "NotificationRequestItem": {
            "pspReference": "7914073381342284",
            "amount": { "value": 1130, "currency": "EUR" },
            "eventCode": "AUTHORISATION",
            "success": "true",
            "additionalData": {},
        }}]})),
        "twilio" => {
            WebhookRequest::to("/hooks").form(&[("From", "+1 415 555 0100"), ("Body", "a=b & c%")])
        }
        _ => post_of(&json!({ "type": "ping", "n": 1 })),
    }
}

fn post_of(body: &Value) -> WebhookRequest {
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

    fn sign(&self, post: &WebhookRequest) -> SignedRequest {
        post.sign(self.receiver.scheme(), &self.keys.sender(), NOW).unwrap()
    }

    fn rejection(&self, post: &WebhookRequest) -> ConfigErrorKind {
        post.sign(self.receiver.scheme(), &self.keys.sender(), NOW).unwrap_err().kind()
    }

    fn verify(&self, request: &SignedRequest) -> Result<Delivery, Rejection> {
        self.receiver.verify(request, request.body().clone(), NOW)
    }
}

#[test]
fn every_sender_of_the_catalogue_is_signed_for() {
    for sender in senders::ALL {
        let pair = Pair::of(*sender);
        let request = pair.sign(&post(*sender));
        if let Err(rejection) = pair.verify(&request) {
            panic!("{}: {rejection}", sender.name());
        }
    }
}

/// The rejections by which a receiver may see a damage.
fn seen_as(tampering: Tampering) -> &'static [RejectionKind] {
    use RejectionKind as Kind;
    match tampering {
        Tampering::BodyChanged
        | Tampering::BodyLonger
        | Tampering::OtherKey
        | Tampering::IdMoved => &[Kind::SignatureMismatch],
        // Another character may be none of base64 or DER, and a shorter text another length.
        Tampering::CredentialChanged => &[Kind::SignatureMismatch, Kind::MalformedHeader],
        Tampering::CredentialCut => &[
            Kind::SignatureMismatch,
            Kind::MalformedHeader,
            Kind::MissingHeader,
            Kind::MissingSignature,
            Kind::NoCandidate,
        ],
        Tampering::CredentialMissing => &[Kind::MissingHeader, Kind::MissingSignature],
        Tampering::CredentialTwice => &[Kind::DuplicateHeader],
        Tampering::Stale => &[Kind::StaleTimestamp],
        Tampering::Ahead => &[Kind::FutureTimestamp],
        Tampering::TimeMoved => &[Kind::SignatureMismatch],
        _ => &[],
    }
}

#[test]
fn every_damage_that_shows_in_a_sender_is_rejected_for_what_it_is() {
    for sender in senders::ALL {
        let pair = Pair::of(*sender);
        for tampering in Tampering::ALL {
            if !tampering.shows_in(pair.receiver.scheme()) {
                continue;
            }
            let request = pair.sign(&post(*sender).tampered(tampering));
            let rejection = pair.verify(&request).map(|_| ()).unwrap_err();
            assert!(
                seen_as(tampering).contains(&rejection.kind()),
                "{}, {tampering}: {rejection}",
                sender.name()
            );
        }
    }
}

/// Damages in places of chance, as many as a fake sender makes of them.
#[test]
fn every_damage_is_rejected_wherever_it_strikes() {
    for sender in senders::ALL {
        let pair = Pair::of(*sender);
        let storm = SenderSimulator::new(&pair.receiver, pair.keys.sender(), 3).corrupt(99);
        let clock = storm.clock();
        let report = storm.deliver([post(*sender)], async |request: SignedRequest| {
            let verified = pair.receiver.verify(&request, request.body().clone(), clock.now());
            verified.map_or_else(|rejection| rejection.status(), |_| 200)
        });
        let mut report = pin!(report);
        let Poll::Ready(report) = report.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("nothing is waited for");
        };
        let report = report.unwrap();
        report.assert_answers();
        assert_eq!(report.corrupt(), 99);
    }
}

#[test]
fn every_damage_shows_in_some_sender() {
    for tampering in Tampering::ALL {
        let shows = |sender: &&SenderSpec| tampering.shows_in(&config(**sender).scheme().unwrap());
        assert!(senders::ALL.iter().any(|sender| shows(&sender)), "{tampering}");
    }
}

#[test]
fn a_damage_that_the_scheme_cannot_show_is_an_error() {
    let telegram = Pair::of(senders::TELEGRAM);
    let post = post_of(&json!({})).tampered(Tampering::Stale);
    assert_eq!(telegram.rejection(&post), ConfigErrorKind::InvalidScheme);
}

#[test]
fn an_id_goes_where_the_sender_has_it() {
    for sender in [senders::STANDARD_WEBHOOKS, senders::STRIPE] {
        let pair = Pair::of(sender);
        let request = pair.sign(&post(sender).id("evt_9"));
        assert_eq!(
            pair.verify(&request).unwrap().signed_id().unwrap(),
            "evt_9",
            "{}",
            sender.name()
        );
    }
}

#[test]
fn another_body_is_another_event() {
    let pair = Pair::of(senders::STANDARD_WEBHOOKS);
    let id = |n| {
        let request = pair.sign(&post_of(&json!({ "n": n })));
        pair.verify(&request).unwrap().signed_id().unwrap().into_owned()
    };
    assert_eq!(id(1), id(1));
    assert_ne!(id(1), id(2));
}

#[test]
fn an_event_type_goes_where_the_sender_has_it() {
    for sender in [senders::GITHUB, senders::STRIPE] {
        let pair = Pair::of(sender);
        let request = pair.sign(&post(sender).event_type("push"));
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
    assert_eq!(adyen.rejection(&post_of(&json!({}))), ConfigErrorKind::MissingSetting);
    let linear = Pair::of(senders::LINEAR);
    assert_eq!(
        linear.rejection(&WebhookRequest::to("/").body("text")),
        ConfigErrorKind::MissingSetting
    );
}

#[test]
fn a_value_without_a_json_form_is_an_error() {
    let keyed = std::collections::HashMap::from([((1, 2), 3)]);
    let github = Pair::of(senders::GITHUB);
    assert_eq!(
        github.rejection(&WebhookRequest::to("/").json(&keyed)),
        ConfigErrorKind::MissingSetting
    );
}

#[test]
fn twilio_signs_json_by_its_digest_in_the_query() {
    let twilio = Pair::of(senders::TWILIO);
    let request = twilio.sign(&post_of(&json!({ "n": 1 })));
    assert!(request.target().starts_with("/hooks?account=7&bodySHA256="), "{}", request.target());
    twilio.verify(&request).unwrap();
}

#[test]
fn a_query_of_the_requests_own_is_signed() {
    let post = WebhookRequest::to("/hooks?account=8").form(&[("a", "b")]);
    // One that is set up is the only one.
    assert_eq!(Pair::of(senders::TWILIO).rejection(&post), ConfigErrorKind::MissingSetting);
    let twilio = senders::TWILIO.config().with_public_url("https://example.com/hooks");
    let twilio = Pair::custom(twilio.scheme().unwrap());
    let request = twilio.sign(&post);
    assert_eq!(request.target(), "/hooks?account=8");
    twilio.verify(&request).unwrap();
}

#[test]
fn a_header_that_is_signed_is_taken_from_the_post() {
    let scheme =
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
            .signs([Part::Header("x-tenant".into()), ".".into(), Part::Body])
            .build()
            .unwrap();
    let acme = Pair::custom(scheme);
    assert_eq!(acme.rejection(&post_of(&json!({}))), ConfigErrorKind::MissingSetting);
    acme.verify(&acme.sign(&post_of(&json!({})).header("X-Tenant", "7"))).unwrap();
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
        let request = acme.sign(&post_of(&json!({ "at": "long ago" })));
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body["at"], written);
        acme.verify(&request).unwrap();
    }
}

#[test]
fn keys_of_another_number_are_others() {
    for sender in [senders::STRIPE, senders::DISCORD, senders::SENDGRID] {
        let pair = Pair::of(sender);
        let other = TestKeys::new(pair.receiver.scheme(), 8).unwrap().sender();
        let request = post(sender).sign(pair.receiver.scheme(), &other, NOW).unwrap();
        let rejection = pair.verify(&request).map(|_| ()).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch, "{}", sender.name());
    }
}

#[test]
fn a_request_turns_into_that_of_http() {
    let twilio = Pair::of(senders::TWILIO);
    let signed = twilio.sign(&post_of(&json!({ "n": 1 }))).header("X-Trace", "3");
    let request: http::Request<Vec<u8>> = signed.clone().into();
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(request.uri(), &*signed.target());
    assert_eq!(request.headers()["content-type"], "application/json");
    assert_eq!(request.headers()["x-trace"], "3");
    twilio.receiver.verify(&request, request.body().clone(), NOW).unwrap();
}

#[test]
fn nothing_printed_holds_a_header_value_a_key_or_a_body() {
    let secret = "whsec_bm90aGluZyB0byBzZWUgaGVyZSwgcmVhbGx5";
    let scheme = senders::STANDARD_WEBHOOKS.config().scheme().unwrap();
    let post = WebhookRequest::to("/").json(&json!({ "card": "4242" })).header("x-private", "4242");
    let request = post.sign(&scheme, &Secret::new(secret).unwrap(), NOW).unwrap();
    let text = format!("{post:?} {request:?} {:?}", TestKeys::new(&scheme, 7).unwrap());
    for hidden in ["4242", "whsec", "v1,"] {
        assert!(!text.contains(hidden), "{text}");
    }
}
