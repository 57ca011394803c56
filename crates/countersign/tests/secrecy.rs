//! Debug output, errors and rejections hold no secret, signature, header value or part of the body.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Debug;

use countersign::ainexlayer::{self, AiNexLayer};
use countersign::dedup::Identity;
use countersign::omniai::{self, OmniAi};
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{Sender, Verifier};
use countersign::{Custom, Delivery, Key, Keyring, Receiver, Secret, StandardWebhooks, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde::Deserialize;

use common::{CAP, receive};

const SECRET: &str = "bXVzdCBuZXZlciBiZSBzZWVu";
const KEY: &str = "must never be seen";
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const PRIVATE: &str = "4929123412341234";

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// Checks that neither form of `Debug` shows the text, in any notation.
#[track_caller]
fn hides(value: &dyn Debug, text: &str) {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    for printed in [format!("{value:?}"), format!("{value:#?}").replace(['\n', ' '], "")] {
        let numbers = format!("{:?}", &text.as_bytes()[..8]);
        let numbers = numbers.trim_matches(['[', ']']);
        for form in [text, &hex, &hex.to_uppercase(), numbers, &numbers.replace(' ', "")] {
            assert!(!printed.contains(form), "{printed} shows {form}");
        }
    }
}

#[track_caller]
fn hides_secret(value: impl Debug) {
    hides(&value, SECRET);
    hides(&value, KEY);
}

#[test]
fn secrets_are_not_printed() {
    let scheme = || {
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
            .build()
            .unwrap()
    };
    let builder = || AiNexLayer::builder(secret());
    hides_secret(secret());
    hides_secret(Secret::new(KEY).unwrap());
    hides_secret(Key::new("a", secret()));
    hides_secret(Keyring::new([Key::new("a", secret())]).unwrap());
    hides_secret(Keyring::from(secret()));
    hides_secret(Verifier::new(scheme(), secret()).unwrap());
    hides_secret(Custom::new(scheme(), secret()).unwrap());
    hides_secret(StandardWebhooks::new(secret()).unwrap());
    hides_secret(OmniAi::new("x-secret", secret()).unwrap());
    hides_secret(builder());
    hides_secret(ainexlayer().unwrap());
    hides_secret(builder().build().unwrap_err());
    hides_secret(Receiver::new(StandardWebhooks::new(secret()).unwrap()));
    hides_secret(Receiver::new(OmniAi::new("x-secret", secret()).unwrap()));
}

#[test]
fn an_invalid_secret_is_not_printed() {
    let wrong = Secret::new(format!("{SECRET}!")).unwrap();
    let error = StandardWebhooks::new(wrong).unwrap_err();
    hides_secret(&error);
    assert!(!error.to_string().contains(SECRET));
}

fn ainexlayer() -> Result<AiNexLayer, countersign::ConfigError> {
    AiNexLayer::builder(secret())
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("")
        .assumed_envelope()
        .build()
}

/// A sender of Standard Webhooks, and the headers of its request.
fn request(body: &str) -> (StandardWebhooks, Vec<(String, String)>) {
    let sender = StandardWebhooks::new(secret()).unwrap();
    let request = SigningRequest::new(body.as_bytes()).id(PRIVATE).timestamp(NOW);
    let headers = request.sign(sender.verifier().scheme(), &secret()).unwrap();
    (sender, headers)
}

fn delivery(body: &str) -> Delivery {
    let (sender, headers) = request(body);
    receive(&sender, &headers, body.as_bytes(), NOW).unwrap()
}

#[test]
fn requests_are_not_printed() {
    let body = format!(r#"{{"card":"{PRIVATE}"}}"#);
    let (sender, headers) = request(&body);
    let signature = headers[2].1.strip_prefix("v1,").unwrap();
    let mut verifier = sender.verifier().open(&headers, NOW, CAP).unwrap();
    for piece in body.as_bytes().chunks(20) {
        verifier.update(piece.to_vec()).unwrap();
        hides_secret(&verifier);
        hides(&verifier, signature);
        hides(&verifier, PRIVATE);
    }
    let delivery = verifier.finalize().unwrap();
    hides_secret(&delivery);
    hides(&delivery, signature);
    hides(&delivery, PRIVATE);
    hides(&Identity::from(&delivery), PRIVATE);
}

/// Header values of an attacker, each with something private in it.
fn header_value() -> impl Strategy<Value = Option<String>> {
    let shapes = ["P", "P P", "P.P", "v1,P", "v2,P", "v1,P v1,P", "+P", "-P", "P\u{e9}", "1P"];
    proptest::option::of(proptest::sample::select(
        shapes.map(|shape| shape.replace('P', PRIVATE)).to_vec(),
    ))
}

proptest! {
    #![proptest_config(Config { cases: 256, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_rejection_reveals_nothing_of_the_request(
        id in header_value(), time in header_value(), signature in header_value(),
        more in header_value(), right in 0_usize..4,
        rest in proptest::sample::select(vec!["content-encoding", "content-length", "svix-id", "webhook-id"]),
    ) {
        let body = format!(r#"{{"card":"{PRIVATE}"}}"#);
        let (sender, mut headers) = request(&body);
        let genuine = headers[2].1.clone();
        for (at, value) in [id, time, signature].into_iter().enumerate().rev() {
            match value {
                _ if at == right => {}
                Some(value) => headers[at].1 = value,
                None => drop(headers.remove(at)),
            }
        }
        headers.extend(more.map(|value| (rest.to_owned(), value)));
        if let Err(rejection) = receive(&sender, &headers, format!("{body} ").as_bytes(), NOW) {
            for text in [rejection.to_string(), format!("{rejection:?}")] {
                prop_assert!(!text.contains(PRIVATE), "{}", text);
                prop_assert!(!text.contains(&genuine), "{}", text);
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    One,
    Two,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Picky;

/// A type whose error quotes the value.
impl TryFrom<String> for Picky {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(text)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only ever read in vain")]
struct Strict {
    value: u64,
}

/// Checks that decoding this body as `T` fails, and that the error reveals nothing of it.
#[track_caller]
fn reveals_nothing<T: Debug + for<'d> Deserialize<'d>>(body: &str) {
    let rejection = delivery(body).event::<T>().unwrap_err();
    for text in [rejection.to_string(), format!("{rejection:?}")] {
        assert!(!text.contains(PRIVATE), "{text}");
    }
}

/// Checks a body that is this JSON string, and one that holds it in a field.
#[track_caller]
fn text_reveals_nothing(text: &str) {
    let text = serde_json::to_string(text).unwrap();
    reveals_nothing::<u64>(&text);
    reveals_nothing::<bool>(&text);
    reveals_nothing::<Vec<u8>>(&text);
    reveals_nothing::<Choice>(&text);
    reveals_nothing::<omniai::Event>(&text);
    reveals_nothing::<BTreeMap<String, Choice>>(&format!(r#"{{{text}:{text}}}"#));
    reveals_nothing::<Strict>(&format!(r#"{{"value":{text}}}"#));
    reveals_nothing::<Strict>(&format!(r#"{{{text}:1}}"#));
    reveals_nothing::<omniai::LeadCreated>(&format!(r#"{{"event":{text},"data":{text}}}"#));
    reveals_nothing::<omniai::DocumentReceived>(&format!(
        r#"{{"event":{text},"document":{text}}}"#
    ));
}

#[test]
fn a_body_that_cannot_be_decoded_is_not_quoted() {
    text_reveals_nothing(PRIVATE);
    reveals_nothing::<Picky>(&format!("\"{PRIVATE}\""));
    reveals_nothing::<bool>(PRIVATE);
    reveals_nothing::<Strict>(&format!(r#"{{"value":-{PRIVATE}}}"#));
    reveals_nothing::<Strict>(&format!(r#"{{"value":1,"value":{PRIVATE}}}"#));
    reveals_nothing::<Strict>(&format!("{{\"{PRIVATE}"));
    reveals_nothing::<serde_json::Value>(&format!("{PRIVATE}{PRIVATE}x"));
}

#[test]
fn a_body_that_imitates_serdes_errors_is_not_quoted() {
    for words in ["missing field ", "duplicate field ", "invalid type: ", "expected the event "] {
        text_reveals_nothing(&format!("{words}`{PRIVATE}`"));
    }
}

#[test]
fn a_users_error_that_imitates_serdes_is_not_quoted() {
    reveals_nothing::<Picky>(&format!("\"missing field `{PRIVATE}`\""));
}

#[test]
fn a_payload_that_cannot_be_decoded_is_not_quoted() {
    let sender = ainexlayer().unwrap();
    let body = format!(r#"{{"timestamp":1700000000,"data":"expected the event {PRIVATE}"}}"#);
    let headers =
        SigningRequest::new(body.as_bytes()).sign(sender.verifier().scheme(), &secret()).unwrap();
    let delivery = receive(&sender, &headers, body.as_bytes(), NOW).unwrap();
    let rejection = delivery.payload::<u64>().unwrap_err();
    assert!(!rejection.to_string().contains(PRIVATE), "{rejection}");
    let rejection = countersign::FromDelivery::from_delivery(&delivery)
        .map(|event: ainexlayer::Event<Choice>| event)
        .unwrap_err();
    assert!(!rejection.to_string().contains(PRIVATE), "{rejection}");
}
