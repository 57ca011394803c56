//! Handshakes that no key has signed, and those without a body, on the receiver itself.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::{self, Challenge, Custom, Handshake, HandshakeResponse, Sender};
use countersign::{
    ConfigErrorKind, Headers, Key, Keyring, Receiver, Rejection, RejectionKind, Secret, Timestamp,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

/// A request's headers and query.
#[derive(Clone, Default)]
struct Head {
    headers: Vec<(String, String)>,
    query: String,
}

impl Head {
    fn query(query: &str) -> Self {
        Self { query: query.to_owned(), ..Self::default() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Headers for Head {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        Some(&self.query)
    }
}

type Answer = Result<Option<HandshakeResponse>, Rejection>;

fn post(receiver: &Receiver, head: &Head, body: &str) -> Answer {
    receiver.unsigned_handshake_response(head, body.as_bytes(), NOW)
}

#[track_caller]
fn answers(answer: Answer, content_type: Option<&str>, body: &str, headers: &[(&str, &str)]) {
    let response = answer.unwrap().expect("a handshake");
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_type(), content_type);
    assert_eq!(response.body(), body);
    let sent: Vec<_> = response.headers().iter().map(|(name, value)| (*name, &**value)).collect();
    assert_eq!(sent, headers);
}

#[track_caller]
fn rejects(answer: Answer, kind: RejectionKind, setting: &str) -> Rejection {
    let rejection = answer.unwrap_err();
    assert_eq!(rejection.kind(), kind);
    assert!(rejection.to_string().contains(setting), "{rejection}");
    rejection
}

/// A sender that signs nothing, with this handshake.
fn open(handshake: Handshake) -> Receiver {
    let scheme = Scheme::danger_unauthenticated("acme").build().unwrap();
    Receiver::new(Custom::danger_unauthenticated(scheme).unwrap().with_handshake(handshake))
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
        let rejection = crc(&x(), token).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed, "{token}");
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
    let graph = answering(Challenge::MICROSOFT_GRAPH);
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
