//! Handshakes by `POST` that no key has signed, on the receiver itself.

#![allow(clippy::unwrap_used)]

mod handshake_requests;

use std::sync::{Arc, Mutex};

use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{self, Challenge, Custom, Handshake};
use countersign::{ConfigErrorKind, Receiver, RejectionKind, Secret};

use handshake_requests::{Answer, Head, NOW, SECRET, answers, open, rejects, secret};

fn post(receiver: &Receiver, head: &Head, body: &str) -> Answer {
    receiver.unsigned_handshake_response(head, body.as_bytes(), NOW)
}

fn answering(challenge: Challenge) -> Receiver {
    open(Handshake::new(challenge).answer_unsigned_handshakes())
}

fn woocommerce() -> Receiver {
    let config = senders::WOOCOMMERCE.config().answer_unsigned_handshakes();
    Receiver::new(config.keys(secret()).unwrap())
}

#[test]
fn woocommerces_ping_is_a_form_with_the_webhooks_id_alone() {
    let receiver = woocommerce();
    answers(post(&receiver, &Head::default(), "webhook_id=5"), None, "", &[]);
    for body in [
        "",
        "webhook_id=",
        "webhook_id=five",
        "webhook_id=5&a=b",
        "webhook_id=5&webhook_id=5",
        "a=b&webhook_id=5",
        "other=5",
        r#"{"webhook_id":5}"#,
    ] {
        assert_eq!(post(&receiver, &Head::default(), body), Ok(None), "{body}");
    }
    let delivery = Head::default().with("X-WC-Webhook-Topic", "order.created");
    assert_eq!(post(&receiver, &delivery, "webhook_id=5"), Ok(None));
}

#[test]
fn without_the_setting_a_ping_is_rejected_and_the_message_names_it() {
    let receiver = Receiver::new(senders::WOOCOMMERCE.keys(secret()).unwrap());
    rejects(
        post(&receiver, &Head::default(), "webhook_id=5"),
        RejectionKind::HandshakeRejected,
        "`answer_unsigned_handshakes`",
    );
}

#[test]
fn a_signed_body_that_looks_like_a_handshake_is_an_event() {
    let receiver = woocommerce();
    let signed = SigningRequest::new(b"webhook_id=5").sign(receiver.scheme(), &secret()).unwrap();
    let head = Head { headers: signed, ..Head::default() };
    assert_eq!(post(&receiver, &head, "webhook_id=5"), Ok(None));
    assert_eq!(receiver.verify(&head, "webhook_id=5", NOW).unwrap().body(), "webhook_id=5");
    // A header of a handshake changes nothing, whatever its value.
    let config = senders::ASANA.config().on_secret(drop);
    let asana = Receiver::new(config.keys(secret()).unwrap());
    let signed = SigningRequest::new(b"{}").sign(asana.scheme(), &secret()).unwrap();
    let head = Head { headers: signed, ..Head::default() }.with("x-hook-secret", "\u{e9}");
    assert_eq!(post(&asana, &head, "{}"), Ok(None));
    // A wrong credential makes no handshake of an event either.
    let head = Head::default().with("x-wc-webhook-signature", "AAAA");
    assert_eq!(post(&receiver, &head, "webhook_id=5"), Ok(None));
}

#[test]
fn graphs_token_is_decoded_and_returned_as_text() {
    let receiver = answering(Challenge::MICROSOFT_GRAPH);
    let token = "Validation%3a+Testing+client+application+reachability%3Cb%3E";
    let head = Head::query(&format!("tenant=7&validationToken={token}"))
        .with("content-type", "text/plain; charset=utf-8");
    let text = "Validation: Testing client application reachability<b>";
    answers(post(&receiver, &head, ""), Some("text/plain; charset=utf-8"), text, &[]);
    // Notifications are sent to the registered URL, whatever its query.
    assert_eq!(post(&receiver, &head, r#"{"value":[]}"#), Ok(None));
    for query in ["validationToken=", "validationToken=a%0D%0Ab", "validationToken=%C3%A9"] {
        let answer = post(&receiver, &Head::query(query), "");
        rejects(answer, RejectionKind::HandshakeRejected, "printable ASCII");
    }
    for query in
        ["", "validationToken=a%2", "validationToken=a&validationToken=b", "validationtoken=a"]
    {
        assert_eq!(post(&receiver, &Head::query(query), ""), Ok(None), "{query}");
    }
    let long = |length| Head::query(&format!("validationToken={}", "a".repeat(length)));
    answers(
        post(&receiver, &long(1024), ""),
        Some("text/plain; charset=utf-8"),
        &"a".repeat(1024),
        &[],
    );
    rejects(post(&receiver, &long(1025), ""), RejectionKind::HandshakeRejected, "1024 bytes");
}

#[test]
fn mondays_challenge_is_the_only_field() {
    let receiver = answering(Challenge::MONDAY);
    let json = Some("application/json");
    let answer = |body: &str| post(&receiver, &Head::default(), body);
    answers(answer(r#"{"challenge":"3eZbrw1a"}"#), json, r#"{"challenge":"3eZbrw1a"}"#, &[]);
    answers(answer(r#" {"challenge": "a\"b" } "#), json, r#"{"challenge":"a\"b"}"#, &[]);
    for body in [
        r#"{"challenge":"a","event":{}}"#,
        r#"{"event":{"challenge":"a"}}"#,
        r#"{"challenge":"a","challenge":"b"}"#,
        r#"{"challenge":""}"#,
        r#"{"challenge":["a"]}"#,
        r#"["challenge"]"#,
        "challenge=a",
    ] {
        assert_eq!(answer(body), Ok(None), "{body}");
    }
    for body in [r#"{"challenge":"a\r\nb"}"#, r#"{"challenge":"é"}"#] {
        rejects(answer(body), RejectionKind::HandshakeRejected, "printable ASCII");
    }
    let padded = format!(r#"{{"challenge":"a"{}}}"#, " ".repeat(16 * 1024));
    assert_eq!(answer(&padded), Ok(None));
}

#[test]
fn event_grid_sends_one_validation_event() {
    let receiver = answering(Challenge::EVENT_GRID);
    let head = Head::default().with("aeg-event-type", "SubscriptionValidation");
    let event = |kind: &str, code: &str| {
        format!(r#"{{"id":"1","eventType":"{kind}","data":{{"validationCode":"{code}"}}}}"#)
    };
    let validation = event("Microsoft.EventGrid.SubscriptionValidationEvent", "512d38b6");
    answers(
        post(&receiver, &head, &format!("[{validation}]")),
        Some("application/json"),
        r#"{"validationResponse":"512d38b6"}"#,
        &[],
    );
    let other = event("Microsoft.Storage.BlobCreated", "512d38b6");
    for body in [
        format!("[{validation},{validation}]"),
        format!("[{other}]"),
        format!("[{other},{validation}]"),
        validation.clone(),
        "[]".to_owned(),
    ] {
        assert_eq!(post(&receiver, &head, &body), Ok(None), "{body}");
    }
    let body = format!("[{validation}]");
    for head in [Head::default(), Head::default().with("aeg-event-type", "Notification")] {
        assert_eq!(post(&receiver, &head, &body), Ok(None));
    }
}

#[test]
fn ringcentrals_token_is_returned_in_its_header() {
    let config = senders::RINGCENTRAL.config().answer_unsigned_handshakes();
    let receiver = Receiver::new(config.keys(secret()).unwrap());
    let head = || Head::default().with("Validation-Token", "b3c9-42");
    let echo = [("validation-token", "b3c9-42")];
    answers(post(&receiver, &head(), ""), None, "", &echo);
    // With the token of deliveries the request is authentic, and needs no setting.
    let strict = Receiver::new(senders::RINGCENTRAL.keys(secret()).unwrap());
    answers(post(&strict, &head().with("verification-token", SECRET), ""), None, "", &echo);
    let unsigned = post(&strict, &head(), "");
    rejects(unsigned, RejectionKind::HandshakeRejected, "`answer_unsigned_handshakes`");
    assert_eq!(post(&receiver, &head().with("verification-token", "a guess"), ""), Ok(None));
    assert_eq!(post(&receiver, &head(), r#"{"uuid":"1"}"#), Ok(None));
    for value in ["a\r\nset-cookie: b", "a\u{1}", "é", "", &"a".repeat(1025)] {
        let head = Head::default().with("validation-token", value);
        rejects(post(&receiver, &head, ""), RejectionKind::HandshakeRejected, "printable ASCII");
    }
    let twice = head().with("validation-token", "b3c9-42");
    assert_eq!(post(&receiver, &twice, ""), Ok(None));
}

#[test]
fn smartsheets_challenge_is_returned_in_another_header() {
    let signature = SignatureLocation::header("smartsheet-hmac-sha256", Encoding::Hex);
    let scheme = Scheme::hmac_sha256("smartsheet", signature).build().unwrap();
    let handshake = Handshake::new(Challenge::SMARTSHEET).answer_unsigned_handshakes();
    let sender = Custom::new(scheme, secret()).unwrap().with_handshake(handshake);
    let head = Head::default().with("smartsheet-hook-challenge", "2d4e");
    let body = r#"{"challenge":"2d4e","webhookId":7}"#;
    let echo = [("smartsheet-hook-response", "2d4e")];
    answers(post(&Receiver::new(sender), &head, body), None, "", &echo);
}

/// The secrets that a callback has received.
#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<String>>>);

impl Received {
    fn callback(&self) -> impl FnOnce(Secret) + Send + 'static {
        let received = self.0.clone();
        move |secret| {
            let text = String::from_utf8(secret.expose().to_vec()).unwrap();
            received.lock().unwrap().push(text);
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[test]
fn asanas_secret_is_handed_over_once() {
    let received = Received::default();
    let sender = senders::ASANA.config().on_secret(received.callback()).handshake_only();
    let receiver = Receiver::new(sender.unwrap());
    let head = |secret: &str| Head::default().with("X-Hook-Secret", secret);
    let secret = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
    answers(post(&receiver, &head(secret), ""), None, "", &[("x-hook-secret", secret)]);
    assert_eq!(received.take(), [secret]);
    for again in [secret, "another secret"] {
        let rejection = post(&receiver, &head(again), "");
        let rejection = rejects(rejection, RejectionKind::HandshakeRejected, "only the first");
        assert!(!rejection.to_string().contains(again), "{rejection}");
    }
    assert_eq!(received.take(), [""; 0]);
}

#[test]
fn until_the_secret_is_configured_deliveries_are_to_be_retried() {
    let sender = senders::ASANA.config().on_secret(drop).handshake_only().unwrap();
    let receiver = Receiver::new(sender);
    let headers = SigningRequest::new(b"{}").sign(receiver.scheme(), &secret()).unwrap();
    let rejection = receiver.verify(&headers, "{}", NOW).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::KeysUnavailable);
    assert_eq!(rejection.status(), 503);
    assert!(rejection.to_string().contains("handshake"), "{rejection}");
}

#[test]
fn a_sender_without_keys_needs_a_handshake_that_brings_the_secret() {
    let asana = senders::ASANA.config().handshake_only().unwrap_err();
    let github = senders::GITHUB.config().on_secret(drop).handshake_only().unwrap_err();
    let scheme = Scheme::hmac_sha256("a", SignatureLocation::header("b", Encoding::Hex)).build();
    let custom = Custom::handshake_only(scheme.unwrap(), Challenge::ASANA.into()).unwrap_err();
    for error in [asana, github, custom] {
        assert_eq!(error.kind(), ConfigErrorKind::MissingSetting);
        assert!(error.to_string().contains("`on_secret`"), "{error}");
    }
}

#[test]
fn without_a_callback_a_secret_is_rejected_and_the_message_names_it() {
    let config = senders::ASANA.config().answer_unsigned_handshakes();
    let receiver = Receiver::new(config.keys(secret()).unwrap());
    let head = Head::default().with("x-hook-secret", "abc");
    rejects(post(&receiver, &head, ""), RejectionKind::HandshakeRejected, "`on_secret`");
}

/// Notion's handshake: the token, signed with `key`.
fn notion(token: &str, key: &str) -> (Head, String) {
    let body = format!(r#"{{"verification_token":"{token}"}}"#);
    let scheme = senders::NOTION.config().scheme().unwrap();
    let signing = SigningRequest::new(body.as_bytes());
    let headers = signing.sign(&scheme, &Secret::new(key).unwrap()).unwrap();
    (Head { headers, ..Head::default() }, body)
}

#[test]
fn notions_token_signs_the_request_that_brings_it() {
    let received = Received::default();
    let sender = senders::NOTION.config().on_secret(received.callback()).handshake_only();
    let receiver = Receiver::new(sender.unwrap());
    let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    let (head, body) = notion(token, "another key");
    assert_eq!(post(&receiver, &head, &body), Ok(None));
    assert_eq!(post(&receiver, &Head::default(), &body), Ok(None));
    let (head, body) = notion(token, token);
    answers(post(&receiver, &head, &body), None, "", &[]);
    assert_eq!(received.take(), [token]);
    let (head, body) = notion("secret_2", "secret_2");
    rejects(post(&receiver, &head, &body), RejectionKind::HandshakeRejected, "only the first");
}

#[test]
fn notions_repeated_handshake_is_answered_and_a_foreign_token_under_the_key_is_an_event() {
    let receiver = Receiver::new(senders::NOTION.keys(secret()).unwrap());
    let (head, body) = notion(SECRET, SECRET);
    let delivery = receiver.verify(&head, body, NOW).unwrap();
    answers(Ok(receiver.signed_handshake_response(&delivery)), None, "", &[]);
    let (head, body) = notion("secret_other", SECRET);
    let delivery = receiver.verify(&head, body.clone(), NOW).unwrap();
    assert_eq!(receiver.signed_handshake_response(&delivery), None);
    assert_eq!(post(&receiver, &head, &body), Ok(None));
}
