//! Senders that do not sign headers and body verbatim: Twilio's URL and form, Adyen's fields, Box's two
//! headers.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::dedup::Identity;
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SignedParts, SigningRequest};
use countersign::senders::Sender;
use countersign::senders::{self, ConfiguredSender, SenderSpec};
use countersign::{
    ConfigErrorKind, Custom, Delivery, Headers, Receiver, Rejection, RejectionKind, Secret,
    Timestamp,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const HEX: &str = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

/// A request's headers and query.
struct Head<'h>(&'h [(String, String)], Option<&'h str>);

impl Headers for Head<'_> {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.0.each(visit);
    }

    fn query(&self) -> Option<&str> {
        self.1
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

#[track_caller]
fn rejects(answer: Result<Delivery, Rejection>, kind: RejectionKind) -> Rejection {
    let rejection = answer.unwrap_err();
    assert_eq!(rejection.kind(), kind, "{rejection}");
    rejection
}

/// A Twilio endpoint with this URL.
struct Twilio(&'static str);

impl Twilio {
    fn known(&self) -> ConfiguredSender {
        senders::TWILIO
            .config()
            .with_public_url(self.0)
            .keys(secret("the account's token"))
            .unwrap()
    }

    /// A signed request to this URL.
    fn signed(&self, query: &str, body: &str) -> SignedParts {
        let scheme = senders::TWILIO.config().with_public_url(self.0).scheme().unwrap();
        let unsigned = SigningRequest::new(body.as_bytes()).query(query);
        unsigned.request(&scheme, &secret("the account's token")).unwrap()
    }

    /// Verifies a signed request with another query and body.
    fn verify(&self, signed: &SignedParts, query: &str, body: &str) -> Result<Delivery, Rejection> {
        let head = Head(&signed.headers, Some(query));
        Receiver::new(self.known()).verify(&head, body.to_owned(), NOW)
    }

    fn identity(&self, signed: &SignedParts, query: &str, body: &str) -> Identity {
        self.known().identity(&self.verify(signed, query, body).unwrap())
    }
}

const HOOK: Twilio = Twilio("https://example.com/sms");

#[test]
fn a_form_is_verified_in_any_order_and_escaping() {
    let signed = HOOK.signed("", "Body=caf%C3%A9+au+lait&From=%2B1415&From=%2B1416");
    for same in [
        "From=%2B1416&Body=caf%c3%a9+au+lait&From=%2B1415",
        "%42ody=caf%C3%A9%20au%20lait&From=%2B1415&From=%2B1416&",
        "&Body=caf%C3%A9+au+lait&&From=%2B1415&From=%2B1416",
        "Body=café+au+lait&From=%2B1415&From=%2B1416&From=%2B1415",
    ] {
        HOOK.verify(&signed, "", same).unwrap();
    }
    for other in [
        "Body=caf%C3%A9+au+lait&From=+1415&From=%2B1416",
        "Body=caf%C3%A9+au+lai&From=%2B1415&From=%2B1416",
        "Body=cafe%CC%81+au+lait&From=%2B1415&From=%2B1416",
        "Body=caf%C3%A9+au+lait&From=%2B1415&From=%2B1416&x",
        "Body=caf%C3%A9+au+lait&From=%2B1415&From=%2B1416&x=%",
        "Body=caf%C3%A9+au+lait&From=%2B1415&From=%2B1416&%zz=",
        "",
    ] {
        rejects(HOOK.verify(&signed, "", other), RejectionKind::SignatureMismatch);
    }
}

#[test]
fn a_form_split_differently_is_the_same_event() {
    let signed = HOOK.signed("", "Body=hello&From=me");
    let event = HOOK.identity(&signed, "", "Body=hello&From=me");
    assert_eq!(HOOK.identity(&signed, "", "Bodyhello=From&me"), event);
    assert_eq!(HOOK.identity(&signed, "", "BodyhelloFromme"), event);
    let other = HOOK.signed("", "Body=hello&From=you");
    assert_ne!(HOOK.identity(&other, "", "Body=hello&From=you"), event);
}

#[test]
fn the_query_of_the_request_is_signed() {
    let endpoint = Twilio("https://example.com/sms?order=1");
    let signed = endpoint.signed("order=1", "a=b");
    endpoint.verify(&signed, "order=1", "a=b").unwrap();
    rejects(endpoint.verify(&signed, "", "a=b"), RejectionKind::SignatureMismatch);
    rejects(endpoint.verify(&signed, "order=2", "a=b"), RejectionKind::SignatureMismatch);
    rejects(endpoint.verify(&signed, "order=1&more", "a=b"), RejectionKind::SignatureMismatch);
    let plain = HOOK.signed("", "a=b");
    rejects(HOOK.verify(&plain, "order=1", "a=b"), RejectionKind::SignatureMismatch);
    // Headers alone have no query; then the query of the configured URL is used.
    let verdict = Receiver::new(endpoint.known()).verify(&signed.headers, "a=b", NOW);
    assert_eq!(verdict.unwrap().body(), "a=b");
}

#[test]
fn a_body_that_is_not_a_form_is_signed_by_its_digest_in_the_query() {
    let body = r#"{"a":1}"#;
    let digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
    let query = format!("order=1&bodySHA256={digest}");
    let signed = HOOK.signed("order=1", body);
    assert_eq!(signed.query.as_ref(), Some(&query));
    HOOK.verify(&signed, &query, body).unwrap();
    rejects(HOOK.verify(&signed, &query, r#"{"a":2}"#), RejectionKind::SignatureMismatch);
    rejects(HOOK.verify(&signed, "order=1", body), RejectionKind::SignatureMismatch);
    // The digest is signed as text: either case is valid, but not another case than the signed one.
    let capitals = query.to_uppercase().replace("ORDER=1&BODYSHA", "order=1&bodySHA");
    rejects(HOOK.verify(&signed, &capitals, body), RejectionKind::SignatureMismatch);
    let signed_so = HOOK.signed(&capitals, body);
    HOOK.verify(&signed_so, &capitals, body).unwrap();
}

#[test]
fn a_digest_counts_only_once_and_at_the_end() {
    let digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
    let body = r#"{"a":1}"#;
    let twice = format!("bodySHA256={digest}&bodySHA256={digest}");
    let early = format!("bodySHA256={digest}&order=1");
    let short = "bodySHA256=015a".to_owned();
    for query in [twice, early, short] {
        let signature = [("x-twilio-signature".to_owned(), twilio_signature(&query))];
        let head = Head(&signature, Some(&query));
        let verdict = Receiver::new(HOOK.known()).verify(&head, body, NOW);
        rejects(verdict, RejectionKind::SignatureMismatch);
    }
    let query = format!("order=1&bodySHA256={digest}");
    let signature = [("x-twilio-signature".to_owned(), twilio_signature(&query))];
    let head = Head(&signature, Some(&query));
    assert_eq!(Receiver::new(HOOK.known()).verify(&head, body, NOW).unwrap().body(), body);
}

/// The signature of `HOOK` with this query and no form.
fn twilio_signature(query: &str) -> String {
    let mut mac: Hmac<Sha1> = Hmac::new_from_slice(b"the account's token").unwrap();
    mac.update(format!("https://example.com/sms?{query}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// An attacker who writes a text message puts a query into it, then moves the form's text into the
/// query and sends another body.
#[test]
fn a_text_message_cannot_sign_another_body() {
    let digest = "a11c4ee39bec0e798ce761bd40862a9fc0f1a94939064de8f0813c54557cd47b";
    let endpoint = Twilio("https://example.com/sms?order=1");
    let text = format!("Body=x%26bodySHA256%3D{digest}%26&From=%2B1415");
    let signed = endpoint.signed("order=1", &text);
    endpoint.verify(&signed, "order=1", &text).unwrap();
    let query = format!("order=1Bodyx&bodySHA256={digest}&From+1415");
    rejects(
        endpoint.verify(&signed, &query, "From=bank&Body=pay"),
        RejectionKind::SignatureMismatch,
    );
}

#[test]
fn a_url_is_verified_with_its_port_and_without() {
    let verifies = |own: &'static str, signed_for: &'static str| {
        let signed = Twilio(signed_for).signed("", "a=b");
        Twilio(own).verify(&signed, "", "a=b").map(|_| ())
    };
    for (own, signed_for) in [
        ("https://example.com/a", "https://example.com:443/a"),
        ("http://example.com/a", "http://example.com:80/a"),
        ("https://example.com:8443/a", "https://example.com/a"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]:443/a"),
        ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]/a"),
        ("https://example.com", "https://example.com:443"),
    ] {
        verifies(own, signed_for).unwrap();
    }
    for (own, signed_for) in [
        ("https://example.com/a", "https://example.com:80/a"),
        ("https://example.com/a", "http://example.com/a"),
        ("https://example.com/a", "https://example.com/b"),
        ("https://example.com/a", "https://example.com/a/"),
        ("https://example.com/a", "https://EXAMPLE.com/a"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::2]/a"),
    ] {
        let rejection = verifies(own, signed_for).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch, "{own}, {signed_for}");
    }
}

#[test]
fn an_invalid_url_is_rejected_at_startup() {
    for url in [
        "example.com/a",
        "ftp://example.com/a",
        "https://",
        "https:///a",
        "https://?a",
        "https://:443/a",
        "https://example.com:/a",
        "https://example.com:+443/a",
        "https://example.com:65536/a",
        "https://example.com:port/a",
        "https://example.com/a b",
        "https://user:p#w@example.com/a",
        "https://example.com/é",
        "https://[2001:db8::1/a",
    ] {
        let error = senders::TWILIO.config().with_public_url(url).scheme().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::MissingSetting, "{url}");
    }
}

const ITEM: &str = "/notificationItems/0/NotificationRequestItem";

fn adyen_body() -> Value {
    json!({"live": "false", "notificationItems": [{"NotificationRequestItem": {
        "additionalData": {},
        "amount": {"currency": "EUR", "value": 1130},
        "eventCode": "AUTHORISATION",
        "merchantAccountCode": "TestMerchant",
        "merchantReference": "INV:42",
        "pspReference": "7914073381342284",
        "success": "true"
    }}]})
}

/// A body with its signature in it.
fn adyen_signed(body: &Value) -> Value {
    let scheme = senders::ADYEN.config().scheme().unwrap();
    let signed =
        SigningRequest::new(body.to_string().as_bytes()).request(&scheme, &secret(HEX)).unwrap();
    serde_json::from_slice(&signed.body).unwrap()
}

fn adyen(body: &str) -> Result<Delivery, Rejection> {
    let known = senders::ADYEN.keys(secret(HEX)).unwrap();
    Receiver::new(known).verify(&Head(&[], None), body.to_owned(), NOW)
}

#[test]
fn a_second_item_is_rejected_at_any_position() {
    let signed = adyen_signed(&adyen_body());
    adyen(&signed.to_string()).unwrap();
    let item = signed.pointer("/notificationItems/0").unwrap().clone();
    for more in [vec![item.clone()], vec![Value::Null, item], vec![json!(null)], vec![json!("")]] {
        let mut body = signed.clone();
        body["notificationItems"].as_array_mut().unwrap().extend(more);
        rejects(adyen(&body.to_string()), RejectionKind::SignatureMismatch);
    }
}

#[test]
fn a_field_is_signed_by_its_text() {
    let body = adyen_body();
    let signed = adyen_signed(&body);
    let with = |field: &str, value: Value| {
        let mut body = signed.clone();
        *body.pointer_mut(&format!("{ITEM}/{field}")).unwrap() = value;
        body.to_string()
    };
    adyen(&with("amount/value", json!("1130"))).unwrap();
    adyen(&with("success", json!(true))).unwrap();
    for (field, value) in [
        ("amount/value", json!(1131)),
        ("amount/value", json!(1130.0)),
        ("amount/value", json!(null)),
        ("amount/value", json!([1130])),
        ("amount/value", json!({"value": 1130})),
        ("amount", json!(1130)),
        ("amount", json!(null)),
        ("success", json!(false)),
        ("success", json!("TRUE")),
        ("merchantReference", json!("INV:42:1")),
        ("pspReference", json!(null)),
        ("eventCode", json!("authorisation")),
    ] {
        rejects(adyen(&with(field, value)), RejectionKind::SignatureMismatch);
    }
    let text = signed.to_string();
    for number in ["1130.0", "1.13e3", "01130", "+1130", " 1130x"] {
        rejects(
            adyen(&text.replace("\"value\":1130", &format!("\"value\":{number}"))),
            if serde_json::from_str::<Value>(number).is_ok() {
                RejectionKind::SignatureMismatch
            } else {
                RejectionKind::MissingSignature
            },
        );
    }
}

#[test]
fn bytes_do_not_move_between_fields() {
    let mut body = adyen_body();
    let item = body.pointer_mut(ITEM).unwrap();
    item["merchantReference"] = json!("INV:42:7");
    let mut moved = adyen_signed(&body);
    adyen(&moved.to_string()).unwrap();
    let item = moved.pointer_mut(ITEM).unwrap();
    item["merchantReference"] = json!("42:7");
    item["merchantAccountCode"] = json!("TestMerchant:INV");
    rejects(adyen(&moved.to_string()), RejectionKind::SignatureMismatch);
}

#[test]
fn a_repeated_key_on_the_path_is_rejected() {
    let text = adyen_signed(&adyen_body()).to_string();
    adyen(&text).unwrap();
    for (once, twice, kind) in [
        ("\"amount\":{", "\"amount\":{},\"amount\":{", RejectionKind::SignatureMismatch),
        ("\"success\":", "\"success\":\"true\",\"success\":", RejectionKind::SignatureMismatch),
        ("\"success\":", "\"succes\\u0073\":1,\"success\":", RejectionKind::SignatureMismatch),
        ("\"value\":", "\"value\":1130,\"value\":", RejectionKind::SignatureMismatch),
        (
            "\"additionalData\":{",
            "\"additionalData\":{},\"additionalData\":{",
            RejectionKind::MissingSignature,
        ),
        (
            "\"hmacSignature\":",
            "\"hmacSignature\":1,\"hmacSignature\":",
            RejectionKind::MissingSignature,
        ),
        (
            "{\"NotificationRequestItem\":",
            "{\"NotificationRequestItem\":{},\"NotificationRequestItem\":",
            RejectionKind::MissingSignature,
        ),
        (
            "\"notificationItems\":",
            "\"notificationItems\":[],\"notificationItems\":",
            RejectionKind::MissingSignature,
        ),
    ] {
        assert_eq!(text.matches(once).count(), 1, "{once}");
        rejects(adyen(&text.replace(once, twice)), kind);
    }
}

#[test]
fn unsigned_fields_can_change_and_do_not_identify_the_event() {
    let mut body = adyen_signed(&adyen_body());
    let identity = |body: &Value| {
        let known = senders::ADYEN.keys(secret(HEX)).unwrap();
        known.identity(&adyen(&body.to_string()).unwrap())
    };
    let event = identity(&body);
    body["live"] = json!("true");
    body.pointer_mut(ITEM).unwrap()["reason"] = json!("changed in transit");
    assert_eq!(identity(&body), event, "unsigned fields do not make another event");
}

const BOX_BODY: &str = r#"{"id":"1","trigger":"FILE.UPLOADED"}"#;
const PRIMARY: &str = "box-signature-primary";
const SECONDARY: &str = "box-signature-secondary";

/// A request of Box, signed with one key, with the signature in the header of this name.
fn box_signed(key: &str, name: &str) -> Vec<(String, String)> {
    let scheme = senders::BOX.config().scheme().unwrap();
    let unsigned = SigningRequest::new(BOX_BODY.as_bytes()).timestamp(NOW);
    let mut headers = unsigned.sign(&scheme, &secret(key)).unwrap();
    headers.iter_mut().filter(|(own, _)| own == PRIMARY).for_each(|(own, _)| *own = name.into());
    headers
}

fn with(mut headers: Vec<(String, String)>, name: &str, value: &str) -> Vec<(String, String)> {
    headers.push((name.to_owned(), value.to_owned()));
    headers
}

fn by(sender: SenderSpec, key: &str, headers: &[(String, String)]) -> Result<Delivery, Rejection> {
    Receiver::new(sender.keys(secret(key)).unwrap()).verify(headers, BOX_BODY, NOW)
}

#[test]
fn one_of_two_signature_headers_is_enough() {
    let wrong = "A".repeat(43) + "=";
    let first = || box_signed("one key", PRIMARY);
    let second = || box_signed("one key", SECONDARY);
    for headers in [
        first(),
        second(),
        with(first(), SECONDARY, &wrong),
        with(second(), PRIMARY, &wrong),
        with(first(), SECONDARY, "not base64"),
        with(second(), PRIMARY, "not base64"),
    ] {
        assert_eq!(by(senders::BOX, "one key", &headers).unwrap().body(), BOX_BODY);
    }
}

#[test]
fn two_signature_headers_are_checked_like_one() {
    let rejects = |headers: &[(String, String)], kind, place| {
        let rejection = rejects(by(senders::BOX, "one key", headers), kind);
        assert_eq!(rejection.location(), place, "{rejection}");
    };
    let wrong = "A".repeat(43) + "=";
    let both = || with(box_signed("another key", PRIMARY), SECONDARY, &wrong);
    rejects(&both(), RejectionKind::SignatureMismatch, None);
    let neither: Vec<_> =
        both().into_iter().filter(|(name, _)| ![PRIMARY, SECONDARY].contains(&&**name)).collect();
    rejects(&neither, RejectionKind::MissingHeader, Some(PRIMARY));
    let unreadable = with(with(neither, PRIMARY, "x"), SECONDARY, "y");
    rejects(&unreadable, RejectionKind::MalformedHeader, Some(PRIMARY));
    for (right, other) in [(PRIMARY, SECONDARY), (SECONDARY, PRIMARY)] {
        let good = || box_signed("one key", right);
        let twice = with(with(good(), other, &wrong), other, &wrong);
        rejects(&twice, RejectionKind::DuplicateHeader, Some(other));
        rejects(&with(good(), other, ""), RejectionKind::MissingHeader, Some(other));
        rejects(&with(good(), other, "\u{7f}"), RejectionKind::MalformedHeader, Some(other));
        let again = with(with(good(), other, &wrong), right, &wrong);
        rejects(&again, RejectionKind::DuplicateHeader, Some(right));
    }
}

#[test]
fn a_second_header_is_read_by_the_same_grammar() {
    let signature =
        SignatureLocation::header("x-one", Encoding::Hex).or_header("x-two").prefix("v1=");
    let scheme = Scheme::hmac_sha256("acme", signature).build().unwrap();
    let signed = SigningRequest::new(b"{}").sign(&scheme, &secret("one key")).unwrap();
    let (_, value) = signed.first().unwrap().clone();
    let known = Custom::new(scheme, secret("one key")).unwrap();
    let receiver = Receiver::new(known);
    let verdict = |headers: &[(&str, &str)]| receiver.verify(headers, "{}", NOW);
    verdict(&[("x-two", &value)]).unwrap();
    let bare = value.strip_prefix("v1=").unwrap();
    let rejection = rejects(verdict(&[("x-two", bare)]), RejectionKind::MalformedHeader);
    assert_eq!(rejection.location(), Some("x-two"), "{rejection}");
}
