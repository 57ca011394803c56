//! Each kind of rejection, with the kind that the operator sees and the status that the sender sees.

#![allow(clippy::unwrap_used)]

mod common;

use countersign::ainexlayer::{AiNexLayer, FieldLocation};
use countersign::omniai::OmniAi;
use countersign::scheme::{Encoding, SigningRequest};
use countersign::senders::Sender;
use countersign::{
    Delivery, Headers, Key, Keyring, Receiver, Rejection, RejectionKind, Secret, StandardWebhooks,
    Timestamp, senders,
};

use common::{CAP, receive};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &[u8] = br#"{"type":"user.created"}"#;

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn sender() -> StandardWebhooks {
    StandardWebhooks::new(secret(SECRET)).unwrap()
}

/// The headers of an authentic request: id, time, signature.
fn signed(body: &[u8]) -> Vec<(String, String)> {
    let request = SigningRequest::new(body).id("msg_1").timestamp(NOW);
    request.sign(sender().verifier().scheme(), &secret(SECRET)).unwrap()
}

/// The headers of an authentic request, and one more.
fn signed_with(name: &str, value: &str) -> Vec<(String, String)> {
    let mut headers = signed(BODY);
    headers.push((name.to_owned(), value.to_owned()));
    headers
}

#[track_caller]
fn rejects(result: Result<Delivery, Rejection>, kind: RejectionKind, status: u16) {
    let rejection = result.unwrap_err();
    assert_eq!(rejection.kind(), kind, "{rejection}");
    assert_eq!(rejection.status(), status, "{rejection}");
}

#[track_caller]
fn rejects_headers(headers: &(impl Headers + ?Sized), kind: RejectionKind, status: u16) {
    rejects(receive(&sender(), headers, BODY, NOW), kind, status);
}

#[test]
fn an_authentic_request_is_accepted() {
    assert_eq!(receive(&sender(), &signed(BODY), BODY, NOW).unwrap().body(), BODY);
}

#[test]
fn only_post_is_accepted() {
    let receiver = Receiver::new(sender());
    receiver.check_method("POST").unwrap();
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "POST ", ""] {
        let rejection = receiver.check_method(method).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::MethodNotAllowed, "{method}");
        assert_eq!(rejection.status(), 405, "{method}");
    }
}

#[test]
fn every_header_is_required_once_and_not_empty() {
    for at in 0..3 {
        let mut missing = signed(BODY);
        let (name, value) = missing.remove(at);
        rejects_headers(&missing, RejectionKind::MissingHeader, 401);

        let mut empty = missing.clone();
        empty.insert(at, (name.clone(), String::new()));
        rejects_headers(&empty, RejectionKind::MissingHeader, 401);

        rejects_headers(&signed_with(&name, &value), RejectionKind::DuplicateHeader, 400);
        rejects_headers(
            &signed_with(&name.to_uppercase(), &value),
            RejectionKind::DuplicateHeader,
            400,
        );
        rejects_headers(&signed_with(&name, ""), RejectionKind::DuplicateHeader, 400);

        let mut unreadable = missing.clone();
        unreadable.push((name.clone(), format!("{value}\u{7f}")));
        rejects_headers(&unreadable, RejectionKind::MalformedHeader, 400);

        let rejection = receive(&sender(), &missing, BODY, NOW).unwrap_err();
        assert_eq!(rejection.location(), Some(&*name));
    }
}

#[test]
fn a_header_map_is_read_in_the_same_way() {
    let mut headers = http::HeaderMap::new();
    for (name, value) in signed(BODY) {
        let name: http::HeaderName = name.parse().unwrap();
        headers.insert(name, value.parse().unwrap());
    }
    assert_eq!(receive(&sender(), &headers, BODY, NOW).unwrap().body(), BODY);
    headers.append("webhook-id", "msg_2".parse().unwrap());
    rejects_headers(&headers, RejectionKind::DuplicateHeader, 400);
    headers.remove("webhook-id");
    rejects_headers(&headers, RejectionKind::MissingHeader, 401);
    headers.insert("webhook-id", http::HeaderValue::from_bytes(b"msg_\xff").unwrap());
    rejects_headers(&headers, RejectionKind::MalformedHeader, 400);
}

#[test]
fn a_static_token_is_required_once_and_not_empty() {
    let sender = OmniAi::new("x-secret", secret("a token")).unwrap();
    let token = ("x-secret", "a token");
    let rejects = |headers: &[(&str, &str)], kind, status| {
        rejects(receive(&sender, headers, BODY, NOW), kind, status);
    };
    rejects(&[], RejectionKind::MissingHeader, 401);
    rejects(&[("x-secret", "")], RejectionKind::MissingHeader, 401);
    rejects(&[("x-secret", "another")], RejectionKind::SignatureMismatch, 401);
    rejects(&[token, token], RejectionKind::DuplicateHeader, 400);
    rejects(&[token, ("content-encoding", "gzip")], RejectionKind::UnsupportedEncoding, 415);
}

#[test]
fn a_signature_of_something_else_is_rejected() {
    let scheme = sender();
    let foreign = secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    let request = SigningRequest::new(BODY).id("msg_1").timestamp(NOW);
    let forged = request.sign(scheme.verifier().scheme(), &foreign).unwrap();
    rejects_headers(&forged, RejectionKind::SignatureMismatch, 401);
    rejects_headers(&signed(b"{}"), RejectionKind::SignatureMismatch, 401);
    rejects_headers(&signed(b""), RejectionKind::SignatureMismatch, 401);
}

#[test]
fn a_truncated_or_extended_signature_is_malformed() {
    let headers = signed(BODY);
    let (_, whole) = headers.last().unwrap();
    for length in 1..whole.len() {
        let mut cut = headers.clone();
        cut.last_mut().unwrap().1.truncate(length);
        rejects_headers(&cut, RejectionKind::MalformedHeader, 400);
    }
    for longer in ["=", "A", "AAAA", ",", "\"", "\t"] {
        let mut headers = headers.clone();
        headers.last_mut().unwrap().1.push_str(longer);
        rejects_headers(&headers, RejectionKind::MalformedHeader, 400);
    }
}

#[test]
fn a_time_out_of_tolerance_is_rejected() {
    let later = Timestamp::from_secs(NOW.as_secs() + 301);
    let earlier = Timestamp::from_secs(NOW.as_secs() - 301);
    let at = |now| receive(&sender(), &signed(BODY), BODY, now);
    rejects(at(later), RejectionKind::StaleTimestamp, 401);
    rejects(at(earlier), RejectionKind::FutureTimestamp, 401);
}

#[test]
fn a_key_outside_of_its_validity_is_unknown() {
    let ring = Keyring::new([Key::new("old", secret(SECRET)).not_after(Timestamp::from_secs(1))]);
    let sender = StandardWebhooks::new(ring.unwrap()).unwrap();
    rejects(receive(&sender, &signed(BODY), BODY, NOW), RejectionKind::UnknownKey, 401);
    let ring = Keyring::new([Key::new("old", secret("token")).not_after(Timestamp::from_secs(1))]);
    let sender = OmniAi::new("x-secret", ring.unwrap()).unwrap();
    let result = receive(&sender, &[("x-secret", "token")], BODY, NOW);
    rejects(result, RejectionKind::UnknownKey, 401);
}

#[test]
fn two_families_of_headers_are_not_mixed() {
    for name in ["svix-id", "svix-timestamp", "svix-signature", "Svix-Id"] {
        rejects_headers(&signed_with(name, "msg_1"), RejectionKind::MixedHeaderFamilies, 400);
        rejects_headers(&signed_with(name, ""), RejectionKind::MixedHeaderFamilies, 400);
    }
    let own: Vec<_> = signed(BODY)
        .into_iter()
        .map(|(name, value)| (name.replace("webhook", "svix"), value))
        .collect();
    rejects_headers(&own, RejectionKind::MissingHeader, 401);
}

#[test]
fn only_unencoded_bodies_are_accepted() {
    for coding in ["gzip", "br", "zstd", "deflate", "X-Gzip", "identity, gzip", "UTF-8,br"] {
        let headers = signed_with("content-encoding", coding);
        rejects_headers(&headers, RejectionKind::UnsupportedEncoding, 415);
    }
    let mut twice = signed_with("content-encoding", "identity");
    twice.push(("content-encoding".to_owned(), "identity".to_owned()));
    rejects_headers(&twice, RejectionKind::UnsupportedEncoding, 415);
    for coding in ["identity", "Identity", "UTF-8", "utf8", "none", "text/plain", "unknown", ""] {
        let headers = signed_with("content-encoding", coding);
        assert_eq!(receive(&sender(), &headers, BODY, NOW).unwrap().body(), BODY);
    }
}

#[test]
fn a_content_length_over_the_limit_is_rejected_before_the_body() {
    for length in [CAP as u64 + 1, u64::from(u32::MAX), u64::MAX] {
        let headers = signed_with("content-length", &length.to_string());
        let rejection = sender().verifier().open(&headers, NOW, CAP).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::BodyTooLarge, "{length}");
        assert_eq!(rejection.status(), 413);
    }
}

#[test]
fn a_content_length_is_one_number() {
    for length in ["", "-1", "+1", "1.0", "1e3", "0x10", " 23", "23, 23", "٢٣"] {
        let headers = signed_with("content-length", length);
        rejects_headers(&headers, RejectionKind::MalformedHeader, 400);
    }
    let mut twice = signed_with("content-length", "23");
    twice.push(("content-length".to_owned(), "23".to_owned()));
    rejects_headers(&twice, RejectionKind::DuplicateHeader, 400);
}

#[test]
fn the_body_limit_counts_received_bytes() {
    let body = vec![b'x'; CAP];
    assert_eq!(receive(&sender(), &signed(&body), &body, NOW).unwrap().body(), &body);

    for headers in [signed(&body), signed_with("content-length", "1")] {
        let sender = sender();
        let mut verifier = sender.verifier().open(&headers, NOW, CAP).unwrap();
        for piece in body.chunks(CAP / 4) {
            verifier.update(piece.to_vec()).unwrap();
        }
        let rejection = verifier.update(vec![b'x']).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::BodyTooLarge);
        assert_eq!(rejection.status(), 413);
    }
}

#[test]
fn a_body_of_another_length_than_announced_was_altered_here() {
    let headers = signed_with("content-length", &BODY.len().to_string());
    assert_eq!(receive(&sender(), &headers, BODY, NOW).unwrap().body(), BODY);
    let result = receive(&sender(), &headers, &BODY[1..], NOW);
    rejects(result, RejectionKind::BodyAltered, 500);
    let result = receive(&sender(), &headers, &[b'x'; BODY.len()], NOW);
    rejects(result, RejectionKind::SignatureMismatch, 401);
}

#[test]
fn a_body_that_is_not_utf_8_is_verified_like_any_other() {
    for body in [&b"\xff\xfe\x00"[..], b"\xef\xbb\xbf", b"\xc3\x28", b"\0", b""] {
        let delivery = receive(&sender(), &signed(body), body, NOW).unwrap();
        assert_eq!(delivery.body(), body);
        let rejection = delivery.event::<serde_json::Value>().unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::Undecodable);
        assert_eq!(rejection.status(), 422);
    }
    let (sent, replaced) = (b"\xff", "\u{fffd}".as_bytes());
    let result = receive(&sender(), &signed(sent), replaced, NOW);
    rejects(result, RejectionKind::SignatureMismatch, 401);
}

#[test]
fn a_timestamp_in_the_body_is_required() {
    let sender = AiNexLayer::builder(secret("a secret"))
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("")
        .event_type(FieldLocation::Absent)
        .event_id(FieldLocation::Absent)
        .time(FieldLocation::field("/time"))
        .build()
        .unwrap();
    for body in ["", "{}", "[]", r#"{"time":null}"#, r#"{"time":"soon"}"#, r#"{"time":1e9}"#] {
        let headers = SigningRequest::new(body.as_bytes())
            .sign(sender.verifier().scheme(), &secret("a secret"))
            .unwrap();
        let result = receive(&sender, &headers, body.as_bytes(), NOW);
        rejects(result, RejectionKind::MissingTimestamp, 401);
    }
}

/// Svix accepts the header names of Standard Webhooks as well as its own, but not both in one request;
/// Standard Webhooks accepts only its own names.
#[test]
fn svix_accepts_webhook_names_and_never_both_families_at_once() {
    let svix = senders::SVIX.keys(secret(SECRET)).unwrap();
    let webhook_names = signed(BODY);
    let svix_names: Vec<_> = webhook_names
        .iter()
        .map(|(name, value)| (name.replace("webhook-", "svix-"), value.clone()))
        .collect();
    for headers in [&webhook_names, &svix_names] {
        assert_eq!(receive(&svix, headers, BODY, NOW).unwrap().body(), BODY);
    }
    for (own, other) in [(&webhook_names, &svix_names), (&svix_names, &webhook_names)] {
        for header in other {
            let mut mixed = own.clone();
            mixed.push(header.clone());
            rejects(receive(&svix, &mixed, BODY, NOW), RejectionKind::MixedHeaderFamilies, 400);
        }
    }
    rejects(receive(&sender(), &svix_names, BODY, NOW), RejectionKind::MissingHeader, 401);
}
