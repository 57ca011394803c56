//! Which schemes are valid, and that one signature authenticates one request.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;

use common::{CAP, receive};
use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest, TimestampFormat,
};
use countersign::senders::Sender;
use countersign::{ConfigErrorKind, Custom, RejectionKind, Secret, Timestamp};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &[u8] = b"{\"a\":1.5}";

fn secret() -> Secret {
    Secret::new("a secret of twenty-four b").unwrap()
}

fn hex() -> SignatureLocation {
    SignatureLocation::header("x-signature", Encoding::Hex)
}

fn over(parts: &[Part]) -> SchemeBuilder {
    Scheme::hmac_sha256("acme", hex()).signs(parts.to_vec())
}

fn literal(text: &'static str) -> Part {
    Part::Literal(text.into())
}

fn header(name: &'static str) -> Part {
    Part::Header(name.into())
}

fn pairs() -> SchemeBuilder {
    Scheme::hmac_sha256("acme", hex().pairs("v1"))
        .timestamp_pair("t", TimestampFormat::Seconds)
        .signs([Part::Timestamp, literal("."), Part::Body])
}

#[track_caller]
fn rejects(scheme: SchemeBuilder, kind: ConfigErrorKind, about: &str) {
    let error = scheme.build().unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(about), "{error}");
}

#[track_caller]
fn displays(scheme: SchemeBuilder, text: &str) {
    assert_eq!(scheme.build().unwrap().to_string(), text);
}

#[test]
fn a_scheme_displays_what_is_signed_and_where() {
    displays(
        Scheme::hmac_sha256("acme", hex()),
        "HMAC-SHA256 over `{body}`, in header `x-signature`",
    );
    let parts = [header("X-Path"), literal("\n"), Part::Timestamp, literal("."), Part::Body];
    displays(
        over(&parts).timestamp_header("X-Time", TimestampFormat::Seconds),
        "HMAC-SHA256 over `{x-path}\n{x-time}.{body}`, in header `x-signature`",
    );
    displays(
        over(&[Part::Id, literal(":"), Part::Body]).id_header("X-Id"),
        "HMAC-SHA256 over `{x-id}:{body}`, in header `x-signature`",
    );
    displays(pairs(), "HMAC-SHA256 over `{timestamp}.{body}`, in header `x-signature`");
    displays(
        Scheme::static_token("acme", SignatureLocation::token("X-Token")),
        "static token in header `x-token`",
    );
    displays(Scheme::danger_unauthenticated("acme"), "no authentication");
}

#[test]
fn conflicting_parts_are_rejected_at_startup() {
    use ConfigErrorKind::InvalidScheme;
    rejects(over(&[]), InvalidScheme, "body");
    rejects(over(&[literal(".")]), InvalidScheme, "body must be signed");
    rejects(over(&[Part::Body, literal("."), Part::Body]), InvalidScheme, "exactly once");
    rejects(over(&[header("x-a"), Part::Body]), InvalidScheme, "touch");
    rejects(over(&[header("x-a"), literal(""), Part::Body]), InvalidScheme, "touch");
    rejects(over(&[Part::Body, header("x-a")]), InvalidScheme, "touch");
    rejects(over(&[Part::Timestamp, literal("."), Part::Body]), InvalidScheme, "where it is");
    rejects(over(&[Part::Id, literal("."), Part::Body]), InvalidScheme, "which header");
    let id = [Part::Id, literal("."), Part::Body];
    rejects(over(&id).id_field("/id"), InvalidScheme, "which header");
    let unsigned = over(&[Part::Body]).timestamp_header("x-time", TimestampFormat::Seconds);
    rejects(unsigned, InvalidScheme, "not signed");
    let token = || Scheme::static_token("acme", SignatureLocation::token("x-token"));
    rejects(
        token().timestamp_header("x-time", TimestampFormat::Seconds),
        InvalidScheme,
        "not signed",
    );
    rejects(
        token().timestamp_field("/time", TimestampFormat::Seconds),
        InvalidScheme,
        "not signed",
    );
    let timed = over(&[Part::Timestamp, literal("."), Part::Body]);
    rejects(timed.timestamp_pair("t", TimestampFormat::Seconds), InvalidScheme, "pairs");
    rejects(Scheme::hmac_sha256("", hex()), InvalidScheme, "name");
    for odd in [hex().prefix("é"), hex().prefix("\n"), hex().versioned(""), hex().pairs("a=b")] {
        rejects(Scheme::hmac_sha256("acme", odd), InvalidScheme, "prefix, version or name");
    }
}

#[test]
fn invalid_header_names_are_rejected_at_startup() {
    use ConfigErrorKind::{InvalidHeaderName, InvalidPointer};
    for name in ["", "x a", "x:a", "x-é", "x\n", "\"x\""] {
        let signature = SignatureLocation::header(name, Encoding::Hex);
        rejects(Scheme::hmac_sha256("acme", signature), InvalidHeaderName, "header name");
        rejects(over(&[Part::Body]).id_header(name), InvalidHeaderName, "header name");
        rejects(over(&[Part::Body]).event_type_header(name), InvalidHeaderName, "header name");
        rejects(over(&[Part::Body]).conflicting_headers([name]), InvalidHeaderName, "header name");
    }
    for pointer in ["", "id", "/~2"] {
        rejects(over(&[Part::Body]).id_field(pointer), InvalidPointer, "JSON pointer");
        rejects(over(&[Part::Body]).event_type_field(pointer), InvalidPointer, "JSON pointer");
        rejects(over(&[Part::Body]).payload_field(pointer), InvalidPointer, "JSON pointer");
        let timed = over(&[Part::Body]).timestamp_field(pointer, TimestampFormat::Seconds);
        rejects(timed, InvalidPointer, "JSON pointer");
    }
}

#[test]
fn a_token_cannot_be_in_a_list() {
    for token in [
        SignatureLocation::token("x-token").versioned("v1"),
        SignatureLocation::token("x-token").pairs("v1"),
    ] {
        rejects(Scheme::static_token("acme", token), ConfigErrorKind::InvalidScheme, "token");
    }
}

#[test]
fn the_pairs_of_timestamp_and_signature_have_different_names() {
    for name in ["v1", "", "a b", "t="] {
        let scheme = Scheme::hmac_sha256("acme", hex().pairs("v1"))
            .timestamp_pair(name, TimestampFormat::Seconds)
            .signs([Part::Timestamp, literal("."), Part::Body]);
        rejects(scheme, ConfigErrorKind::InvalidScheme, "name");
    }
}

#[test]
fn a_timestamp_in_the_body_is_not_signed_again() {
    let scheme = over(&[Part::Timestamp, literal("."), Part::Body]);
    let scheme = scheme.timestamp_field("/time", TimestampFormat::Seconds);
    rejects(scheme, ConfigErrorKind::InvalidScheme, "time");
}

#[test]
fn a_signed_id_has_at_most_256_bytes() {
    let scheme = over(&[Part::Id, literal("."), Part::Body]).id_header("x-id").build().unwrap();
    let sender = Custom::new(scheme.clone(), secret()).unwrap();
    for length in [1, 256, 257] {
        let id = "i".repeat(length);
        let headers = SigningRequest::new(BODY).id(&id).sign(&scheme, &secret()).unwrap();
        let answer = receive(&sender, &headers, BODY, NOW);
        let found = answer.map(|delivery| delivery.signed_id().map(|id| id.len()));
        let expected =
            if length > 256 { Err(RejectionKind::MalformedHeader) } else { Ok(Some(length)) };
        assert_eq!(found.map_err(|rejection| rejection.kind()), expected);
    }
}

/// Signs every small request and checks that no two are accepted under the same signature, so that
/// moving bytes between parts never yields another valid request.
#[track_caller]
fn no_two_share_a_signature(separators: [&'static str; 2], order: [Part; 3]) {
    let [left, middle, right] = order;
    let parts = [left, literal(separators[0]), middle, literal(separators[1]), right];
    let scheme = over(&parts).build().unwrap();
    let sender = Custom::new(scheme.clone(), secret()).unwrap();
    let pieces = ["a", ":", ".", "a:", ":a", "a.", ".a", "::", "..", "a:a", "a.a", ":a.", ".a:"];
    let mut taken = HashMap::new();
    for (first, second, body) in triples(pieces) {
        let values = [("x-first", first), ("x-second", second)];
        let unsigned = SigningRequest::new(body.as_bytes()).headers(&values);
        let mut headers = unsigned.sign(&scheme, &secret()).unwrap();
        headers.extend(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
        if receive(&sender, &headers, body.as_bytes(), NOW).is_ok() {
            let request = (first, second, body);
            if let Some(other) = taken.insert(headers.remove(0).1, request) {
                panic!("{scheme}: one signature for {other:?} and {request:?}");
            }
        }
    }
    assert!(!taken.is_empty());
}

fn triples<T: Copy, const N: usize>(items: [T; N]) -> impl Iterator<Item = (T, T, T)> {
    items.into_iter().flat_map(move |a| {
        items.into_iter().flat_map(move |b| items.into_iter().map(move |c| (a, b, c)))
    })
}

#[test]
fn bytes_do_not_move_between_parts() {
    no_two_share_a_signature([".", "."], [header("x-first"), header("x-second"), Part::Body]);
    no_two_share_a_signature([":", "."], [header("x-second"), header("x-first"), Part::Body]);
}

#[test]
fn bytes_do_not_move_over_a_long_separator() {
    no_two_share_a_signature(["::", ".."], [header("x-first"), header("x-second"), Part::Body]);
}

#[test]
fn bytes_do_not_move_out_of_the_body_into_later_parts() {
    no_two_share_a_signature([".", ":"], [Part::Body, header("x-first"), header("x-second")]);
    no_two_share_a_signature([".", "."], [header("x-first"), Part::Body, header("x-second")]);
}

#[test]
fn a_value_that_holds_its_separator_is_malformed() {
    let scheme = over(&[Part::Id, literal("."), Part::Body]).id_header("x-id").build().unwrap();
    let sender = Custom::new(scheme.clone(), secret()).unwrap();
    let headers = SigningRequest::new(BODY).id("a.b").sign(&scheme, &secret()).unwrap();
    let rejection = receive(&sender, &headers, BODY, NOW).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::MalformedHeader);
    assert_eq!(rejection.location(), Some("x-id"));
}

#[test]
fn parts_may_follow_the_body() {
    let parts = [Part::Timestamp, literal("."), Part::Body, literal("\n"), Part::Id, literal("!")];
    let scheme = over(&parts)
        .timestamp_header("x-time", TimestampFormat::Seconds)
        .id_header("x-id")
        .build()
        .unwrap();
    let sender = Custom::new(scheme.clone(), secret()).unwrap();
    let request = SigningRequest::new(BODY).timestamp(NOW);
    let headers = request.id("id-1").sign(&scheme, &secret()).unwrap();
    assert_eq!(receive(&sender, &headers, BODY, NOW).unwrap().signed_id().as_deref(), Some("id-1"));

    let mut verifier = sender.verifier().open(&headers, NOW, CAP).unwrap();
    for piece in BODY.chunks(2) {
        verifier.update(piece).unwrap();
    }
    assert_eq!(verifier.finalize().unwrap().body(), BODY);

    let mut other = headers.clone();
    other[0].1 = "id-2".to_owned();
    let rejection = receive(&sender, &other, BODY, NOW).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::SignatureMismatch);
    other.remove(0);
    let rejection = receive(&sender, &other, BODY, NOW).unwrap_err();
    assert_eq!(rejection.kind(), RejectionKind::MissingHeader);
}

#[test]
fn a_time_without_a_literal_does_not_end_the_value_beside_it() {
    let timed =
        |parts: [Part; 4]| over(&parts).timestamp_header("x-time", TimestampFormat::Seconds);
    let before = timed([header("x-first"), Part::Timestamp, literal("."), Part::Body]);
    rejects(before, ConfigErrorKind::InvalidScheme, "touch");
    let after = timed([Part::Body, literal("."), Part::Timestamp, header("x-first")]);
    rejects(after, ConfigErrorKind::InvalidScheme, "touch");

    timed([Part::Timestamp, header("x-first"), literal("."), Part::Body]).build().unwrap();
    timed([Part::Body, literal("."), header("x-first"), Part::Timestamp]).build().unwrap();
}
