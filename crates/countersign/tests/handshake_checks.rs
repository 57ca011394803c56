//! Checks of an endpoint by `GET`, `HEAD` and `OPTIONS`, and the HMACs in the responses to handshakes.

#![allow(clippy::unwrap_used)]

mod handshake_requests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{
    Encoding, Part, Scheme, SignatureLocation, SigningRequest, TimestampFormat,
};
use countersign::senders::{self, Challenge, Custom, Handshake, Sender};
use countersign::{Key, Keyring, Receiver, RejectionKind, Secret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use handshake_requests::{Answer, Head, NOW, SECRET, answers, open, rejects, secret};

fn hmac(key: &str, text: &str) -> Vec<u8> {
    let mut mac: Hmac<Sha256> = Hmac::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn x() -> Receiver {
    Receiver::new(senders::X.keys(secret()).unwrap())
}

fn crc(receiver: &Receiver, token: &str) -> Answer {
    receiver.handshake_response("GET", &Head::query(&format!("crc_token={token}")))
}

#[test]
fn xs_response_token_is_the_hmac_of_the_token() {
    let token = "MWJiOTUzZDMtZWVmMi00NzNiLTk0ZDYtNzZmMTY4YzRkYTFl";
    let expected = STANDARD.encode(hmac(SECRET, token));
    let body = format!(r#"{{"response_token":"sha256={expected}"}}"#);
    answers(crc(&x(), token), Some("application/json"), &body, &[]);
    answers(
        x().handshake_response("GET", &Head::query(&format!("nonce=1&crc_token={token}"))),
        Some("application/json"),
        &body,
        &[],
    );
}

/// A value computed outside of this crate:
/// `printf %s challenge | openssl dgst -sha256 -hmac secret -binary | base64`.
#[test]
fn xs_response_token_has_a_known_value() {
    let receiver = Receiver::new(senders::X.keys(Secret::new("secret").unwrap()).unwrap());
    let body = r#"{"response_token":"sha256=oeUF6Wxqoezggrue+wbIDxKRPSF6esKwizR2MHh9HaA="}"#;
    answers(crc(&receiver, "challenge"), Some("application/json"), body, &[]);
}

#[test]
fn xs_check_signs_no_text_that_could_be_a_body() {
    let long = "a".repeat(129);
    for token in ["%7B%7D", "%5B%5D", "a+b", "a.b", "%22a%22", "a%0A", "1.5", "", &long] {
        rejects(crc(&x(), token), RejectionKind::MethodNotAllowed, "1 to 128 letters");
    }
}

#[test]
fn what_xs_check_signs_is_never_accepted_as_a_body() {
    let receiver = x();
    for token in ["abc", "1", "true", "null", "a-b_c=", &"a".repeat(128)] {
        let response = crc(&receiver, token).unwrap().unwrap();
        let response: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let signature = response["response_token"].as_str().unwrap();
        let head = Head::default().with("x-twitter-webhooks-signature", signature);
        let rejection = receiver.verify(&head, token.to_owned(), NOW).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch, "{token}");
        let mut streaming = receiver.open(&head, NOW).unwrap();
        streaming.update(token.to_owned()).unwrap();
        let rejection = streaming.finalize().unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch, "{token}");
    }
}

#[test]
fn a_custom_senders_check_reserves_its_tokens_too() {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    let scheme = || Scheme::hmac_sha256("acme", signature.clone()).build().unwrap();
    let plain = Custom::new(scheme(), secret()).unwrap();
    let headers = SigningRequest::new(b"abc").sign(&scheme(), &secret()).unwrap();
    assert!(plain.verifier().verify(&headers, "abc", NOW, 100).is_ok());
    let with_check = plain.with_handshake(Challenge::X);
    let rejection = with_check.verifier().verify(&headers, "abc", NOW, 100).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch);
}

/// Where the values beside the body are of such characters, a token could be all that is signed with an
/// empty body.
#[test]
fn what_a_check_signs_is_never_accepted_with_an_empty_body() {
    let signature = || SignatureLocation::header("x-signature", Encoding::Base64).prefix("sha256=");
    let timed = Scheme::hmac_sha256("acme", signature())
        .timestamp_header("x-time", TimestampFormat::Seconds)
        .signs([Part::Timestamp, Part::Body]);
    let fixed = Scheme::hmac_sha256("acme", signature()).signs(["v1".into(), Part::Body]);
    for (scheme, token) in [(timed, "1700000000"), (fixed, "v1")] {
        let scheme = scheme.build().unwrap();
        let acme = Custom::new(scheme, secret()).unwrap().with_handshake(Challenge::X);
        let receiver = Receiver::new(acme);
        let response = crc(&receiver, token).unwrap().unwrap();
        let response: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        let signature = response["response_token"].as_str().unwrap();
        let head = Head::default().with("x-signature", signature).with("x-time", "1700000000");
        let rejection = receiver.verify(&head, "", NOW).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch, "{token}");
    }
}

#[test]
fn without_a_time_the_last_key_answers_xs_check() {
    let ring = Keyring::new([
        Key::new("old", Secret::new("the old secret").unwrap()).not_after(NOW),
        Key::new("new", secret()),
    ]);
    let receiver = Receiver::new(senders::X.keys(ring.unwrap()).unwrap());
    let body = format!(r#"{{"response_token":"sha256={}"}}"#, STANDARD.encode(hmac(SECRET, "a")));
    answers(crc(&receiver, "a"), Some("application/json"), &body, &[]);
}

#[test]
fn zooms_encrypted_token_is_the_hmac_in_hexadecimal() {
    let receiver = Receiver::new(senders::ZOOM.keys(secret()).unwrap());
    let token = "qgg8vlvZRS6UYooatFL8Aw";
    let body =
        format!(r#"{{"event":"endpoint.url_validation","payload":{{"plainToken":"{token}"}}}}"#);
    let signing = SigningRequest::new(body.as_bytes()).timestamp(NOW);
    let headers = signing.sign(receiver.scheme(), &secret()).unwrap();
    let delivery = receiver.verify(&headers, body, NOW).unwrap();
    let tag: String = hmac(SECRET, token).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = format!(r#"{{"encryptedToken":"{tag}","plainToken":"{token}"}}"#);
    answers(
        Ok(receiver.signed_handshake_response(&delivery)),
        Some("application/json"),
        &expected,
        &[],
    );
}

#[test]
fn stravas_challenge_is_returned_as_json() {
    let token = Secret::new("open sesame").unwrap();
    let receiver = open(Handshake::new(Challenge::WebSubVerifyJson).with_token(&token));
    let get = |token: &str| {
        let query =
            format!("hub.mode=subscribe&hub.challenge=15f7d1a91c1f&hub.verify_token={token}");
        receiver.handshake_response("GET", &Head::query(&query))
    };
    let body = r#"{"hub.challenge":"15f7d1a91c1f"}"#;
    answers(get("open+sesame"), Some("application/json"), body, &[]);
    rejects(get("guess"), RejectionKind::SignatureMismatch, "`verify_token`");
}

#[test]
fn adobes_client_id_is_returned_if_it_is_the_configured_one() {
    let id = Secret::new("CBJCHBCAABAAo").unwrap();
    let receiver = open(Handshake::new(Challenge::ADOBE_SIGN).with_token(&id));
    let get = |id: &str| {
        receiver.handshake_response("GET", &Head::default().with("X-AdobeSign-ClientId", id))
    };
    answers(get("CBJCHBCAABAAo"), None, "", &[("x-adobesign-clientid", "CBJCHBCAABAAo")]);
    rejects(get("another"), RejectionKind::SignatureMismatch, "`verify_token`");
}

#[test]
fn an_origin_is_allowed_if_it_is_configured() {
    let handshake = || Handshake::new(Challenge::EVENT_GRID).or(Challenge::WebHookOrigin);
    let ask = |origin: &str| Head::default().with("WebHook-Request-Origin", origin);
    let options = |receiver: &Receiver, head: &Head| receiver.handshake_response("OPTIONS", head);
    let receiver = open(handshake().allow_origin("eventgrid.azure.net"));
    let allowed = [("allow", "POST"), ("webhook-allowed-origin", "eventgrid.azure.net")];
    answers(options(&receiver, &ask("eventgrid.azure.net")), None, "", &allowed);
    answers(options(&receiver, &ask("EventGrid.Azure.Net")), None, "", &allowed);
    let with_rate = ask("eventgrid.azure.net").with("WebHook-Request-Rate", "120");
    let unlimited = [allowed[0], allowed[1], ("webhook-allowed-rate", "*")];
    answers(options(&receiver, &with_rate), None, "", &unlimited);
    for origin in ["evil.example", "eventgrid.azure.net.evil.example", "*"] {
        let answer = options(&receiver, &ask(origin));
        let rejection = rejects(answer, RejectionKind::MethodNotAllowed, "`allow_origin`");
        assert!(!rejection.to_string().contains("evil"), "{rejection}");
    }
    let limited = open(handshake().allow_origin("*").allow_rate(60));
    let any = [("allow", "POST"), ("webhook-allowed-origin", "*"), ("webhook-allowed-rate", "60")];
    answers(options(&limited, &with_rate), None, "", &any);
    let none = open(handshake());
    rejects(options(&none, &ask("a.example")), RejectionKind::MethodNotAllowed, "`allow_origin`");
    // A preflight of a browser asks for something else.
    let preflight = Head::default().with("origin", "https://a.example");
    rejects(options(&limited, &preflight), RejectionKind::MethodNotAllowed, "POST");
}

#[test]
fn each_handshake_has_its_own_method() {
    let graph = open(Handshake::new(Challenge::MICROSOFT_GRAPH).answer_unsigned_handshakes());
    let query = Head::query("validationToken=a");
    assert_eq!(graph.handshake_response("POST", &query), Ok(None));
    for method in ["GET", "HEAD", "OPTIONS", "PUT"] {
        let rejection = graph.handshake_response(method, &query).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed, "{method}");
    }
    let trello = senders::TRELLO.config().with_public_url("https://example.com/trello");
    let trello = Receiver::new(trello.keys(secret()).unwrap());
    answers(trello.handshake_response("HEAD", &Head::default()), None, "", &[]);
}
