//! When a request is fresh, when a key is valid, and which key it was.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use countersign::omniai::OmniAi;
use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest, TimestampFormat,
    Tolerance,
};
use countersign::senders::Sender;
use countersign::{Custom, Delivery, Key, Keyring, Rejection, RejectionKind, Secret, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::Config;

use common::receive;

const NOW: u64 = 1_700_000_000;

fn secret() -> Secret {
    Secret::new("a secret of twenty-four b").unwrap()
}

/// A sender whose time stands in `x-time`, signed with its body.
fn timed(unit: TimestampFormat) -> SchemeBuilder {
    Scheme::hmac_sha256("timed", SignatureLocation::header("x-signature", Encoding::Hex))
        .timestamp_header("x-time", unit)
        .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body])
}

/// Receives a request that is rightly signed over `time`, whatever that is.
fn receive_at(scheme: SchemeBuilder, time: &str, now: Timestamp) -> Result<Delivery, Rejection> {
    let plain =
        Scheme::hmac_sha256("timed", SignatureLocation::header("x-signature", Encoding::Hex))
            .signs([Part::Header("x-time".into()), Part::Literal(".".into()), Part::Body])
            .build()
            .unwrap();
    let time = [("x-time", time)];
    let mut headers = SigningRequest::new(b"{}").headers(&time).sign(&plain, &secret()).unwrap();
    headers.extend(time.map(|(name, value)| (name.to_owned(), value.to_owned())));
    receive(&Custom::new(scheme.build().unwrap(), secret()).unwrap(), &headers, b"{}", now)
}

#[track_caller]
fn fresh(answer: Result<Delivery, Rejection>) {
    assert_eq!(answer.map(|delivery| delivery.body().clone()).unwrap(), "{}");
}

#[track_caller]
fn rejected(answer: Result<Delivery, Rejection>, kind: RejectionKind) {
    let rejection = answer.unwrap_err();
    assert_eq!(rejection.kind(), kind, "{rejection}");
}

#[test]
fn what_is_no_time_is_rejected_though_signed() {
    for time in [
        "-9223372036854775808",
        "9223372036854775807",
        "18446744073709551616",
        "1000000000000000",
        "+1",
        "+1700000000",
        "-1700000000",
        "01",
        "01700000000",
        "00",
        " 1700000000",
        "1700000000 ",
        "1_700_000_000",
        "1,700,000,000",
        "1700000000.0",
        "1.7e9",
        "0x6553f100",
        "1700000000abc",
        "NaN",
        "inf",
        "١٧٠٠٠٠٠٠٠٠",
        "１７００００００００",
        "1700000000\u{a0}",
        "2023-11-14T22:13:20Z",
    ] {
        for unit in [TimestampFormat::Seconds, TimestampFormat::Millis] {
            let rejection = receive_at(timed(unit), time, Timestamp::from_secs(NOW)).unwrap_err();
            assert_eq!(rejection.kind(), RejectionKind::MalformedHeader, "{time}");
            assert_eq!(rejection.status(), 400);
        }
    }
    let now = Timestamp::from_secs(NOW);
    rejected(receive_at(timed(TimestampFormat::Seconds), "", now), RejectionKind::MissingHeader);
}

#[test]
fn the_ends_of_time_are_judged_without_a_panic() {
    let at = |time, now| receive_at(timed(TimestampFormat::Seconds), time, now);
    let (first, last) = (Timestamp::from_millis(0), Timestamp::from_millis(u64::MAX));
    fresh(at("0", first));
    rejected(at("999999999999999", first), RejectionKind::FutureTimestamp);
    rejected(at("999999999999999", last), RejectionKind::StaleTimestamp);
    rejected(at("0", last), RejectionKind::StaleTimestamp);
    let forever =
        timed(TimestampFormat::Seconds).tolerance(Tolerance::new(Duration::MAX, Duration::MAX));
    fresh(receive_at(forever.clone(), "0", last));
    fresh(receive_at(forever, "999999999999999", first));
}

proptest! {
    #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_time_is_its_digits(number in 0_u64..1_000_000_000_000_000) {
        let text = number.to_string();
        let secs = Timestamp::parse(text.as_bytes(), TimestampFormat::Seconds);
        prop_assert_eq!(secs, Some(Timestamp::from_secs(number)));
        let millis = Timestamp::parse(text.as_bytes(), TimestampFormat::Millis);
        prop_assert_eq!(millis, Some(Timestamp::from_millis(number)));
    }

    #[test]
    fn nothing_else_is_a_time(text in "[0-9+._ eE-]{0,17}|\\PC{0,6}") {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let shortest = text == "0" || !text.starts_with('0');
        let is_time = digits && shortest && (1..=15).contains(&text.len());
        let parsed = Timestamp::parse(text.as_bytes(), TimestampFormat::Seconds);
        prop_assert_eq!(parsed.is_some(), is_time);
    }

    #[test]
    fn freshness_is_the_tolerance_both_ends_in_it(
        past in 0_u64..1000, future in 0_u64..1000, shift in -1100_i64..1100,
    ) {
        let signed = NOW.checked_add_signed(shift).unwrap();
        for (unit, scale) in [(TimestampFormat::Seconds, 1000), (TimestampFormat::Millis, 1)] {
            let span = |count| Duration::from_millis(count * scale);
            let scheme = timed(unit).tolerance(Tolerance::new(span(past), span(future)));
            let now = Timestamp::from_millis(NOW * scale);
            let answer = receive_at(scheme, &signed.to_string(), now);
            let kind = answer.map(|delivery| delivery.timestamp()).map_err(|no| no.kind());
            prop_assert_eq!(kind, if shift < -past.cast_signed() {
                Err(RejectionKind::StaleTimestamp)
            } else if shift > future.cast_signed() {
                Err(RejectionKind::FutureTimestamp)
            } else {
                Ok(Some(Timestamp::from_millis(signed * scale)))
            });
        }
    }
}

#[test]
fn five_minutes_both_ways_unless_set() {
    let at = |time: u64| {
        receive_at(timed(TimestampFormat::Seconds), &time.to_string(), Timestamp::from_secs(NOW))
    };
    fresh(at(NOW - 300));
    rejected(at(NOW - 301), RejectionKind::StaleTimestamp);
    fresh(at(NOW + 300));
    rejected(at(NOW + 301), RejectionKind::FutureTimestamp);
}

#[test]
fn milliseconds_are_judged_as_milliseconds() {
    let now = NOW * 1000 + 250;
    let at = |time: u64| {
        receive_at(timed(TimestampFormat::Millis), &time.to_string(), Timestamp::from_millis(now))
    };
    fresh(at(now - 300_000));
    rejected(at(now - 300_001), RejectionKind::StaleTimestamp);
    fresh(at(now + 300_000));
    rejected(at(now + 300_001), RejectionKind::FutureTimestamp);
    rejected(at(NOW), RejectionKind::StaleTimestamp);
}

#[test]
fn seconds_are_judged_in_whole_seconds() {
    let at = |now| {
        receive_at(timed(TimestampFormat::Seconds), "1700000000", Timestamp::from_millis(now))
    };
    fresh(at((NOW + 300) * 1000 + 999));
    rejected(at((NOW + 301) * 1000), RejectionKind::StaleTimestamp);
    fresh(at((NOW - 300) * 1000));
    rejected(at((NOW - 300) * 1000 - 1), RejectionKind::FutureTimestamp);
}

/// Receives a body that holds its own time, at a time in milliseconds.
fn receive_body(body: &str, unit: TimestampFormat, now: u64) -> Result<Delivery, Rejection> {
    let scheme =
        Scheme::hmac_sha256("timed", SignatureLocation::header("x-signature", Encoding::Hex))
            .timestamp_field("/at", unit)
            .build()
            .unwrap();
    let headers = SigningRequest::new(body.as_bytes()).sign(&scheme, &secret()).unwrap();
    let sender = Custom::new(scheme, secret()).unwrap();
    receive(&sender, &headers, body.as_bytes(), Timestamp::from_millis(now))
}

#[test]
fn a_time_in_the_body_is_a_number_or_rfc_3339() {
    let at = |body, unit| receive_body(body, unit, NOW * 1000).unwrap().timestamp();
    let expected = Some(Timestamp::from_secs(NOW));
    assert_eq!(at(r#"{"at":1700000000}"#, TimestampFormat::Seconds), expected);
    assert_eq!(at(r#"{"at":"1700000000"}"#, TimestampFormat::Seconds), expected);
    assert_eq!(at(r#"{"at":1700000000000}"#, TimestampFormat::Millis), expected);
    assert_eq!(at(r#"{"at":"2023-11-14T22:13:20Z"}"#, TimestampFormat::Seconds), expected);
    assert_eq!(at(r#"{"at":"2023-11-14T23:13:20+01:00"}"#, TimestampFormat::Seconds), expected);
    let finer = at(r#"{"at":"2023-11-14T22:13:20.125Z"}"#, TimestampFormat::Millis);
    assert_eq!(finer, Some(Timestamp::from_millis(NOW * 1000 + 125)));
}

#[test]
fn a_time_in_the_body_is_judged_after_the_signature() {
    let body = r#"{"at":"2023-11-14T22:13:20Z"}"#;
    let at = |now| receive_body(body, TimestampFormat::Seconds, now);
    assert!(at((NOW + 300) * 1000).is_ok());
    rejected(at((NOW + 301) * 1000), RejectionKind::StaleTimestamp);
    assert!(at((NOW - 300) * 1000).is_ok());
    rejected(at((NOW - 301) * 1000), RejectionKind::FutureTimestamp);
    for (body, kind) in [
        (r#"{"at":1,"at":1700000000}"#, RejectionKind::MissingTimestamp),
        (r#"{"at":-1}"#, RejectionKind::MissingTimestamp),
        (r#"{"at":"1969-12-31T23:59:59Z"}"#, RejectionKind::MissingTimestamp),
        (r#"{"at":"0"}"#, RejectionKind::StaleTimestamp),
    ] {
        rejected(receive_body(body, TimestampFormat::Seconds, NOW * 1000), kind);
    }
}

#[test]
fn a_time_in_the_body_keeps_both_ends_of_the_tolerance_to_the_millisecond() {
    let body = r#"{"at":"2023-11-14T22:13:20.500Z"}"#;
    let signed = NOW * 1000 + 500;
    for unit in [TimestampFormat::Millis, TimestampFormat::Seconds] {
        let at = |now| receive_body(body, unit, now);
        assert!(at(signed + 300_000).is_ok(), "{unit:?}: exactly as old as may be");
        assert!(at(signed - 300_000).is_ok(), "{unit:?}: exactly as far ahead as may be");
    }
}

/// Keys from 0 on, each valid for a thousand seconds; where one ends, the next begins.
fn ring(count: u64) -> Keyring {
    let time = |second| Timestamp::from_secs(second);
    Keyring::new((0..count).map(|at| {
        Key::new(format!("key {at}"), Secret::new(format!("secret {at}")).unwrap())
            .not_before(time(at * 1000))
            .not_after(time((at + 1) * 1000))
    }))
    .unwrap()
}

/// Which key matches a request made with secret `number`, in milliseconds, for both kinds of
/// credential.
fn key_at(number: u64, now: u64) -> Result<String, RejectionKind> {
    let signed =
        Scheme::hmac_sha256("keys", SignatureLocation::header("x-signature", Encoding::Base64));
    let signed = Custom::new(signed.build().unwrap(), ring(8)).unwrap();
    let token = OmniAi::new("x-token", ring(8)).unwrap();
    let [first, second] = [&signed as &dyn Sender, &token].map(|sender| {
        let secret = Secret::new(format!("secret {number}")).unwrap();
        let headers = SigningRequest::new(b"").sign(sender.verifier().scheme(), &secret).unwrap();
        let answer = receive(sender, &headers, b"", Timestamp::from_millis(now));
        answer.map(|delivery| delivery.key_name().to_owned()).map_err(|rejection| rejection.kind())
    });
    assert_eq!(first, second);
    first
}

#[test]
fn the_key_that_matched_is_named() {
    for number in 0..8 {
        assert_eq!(key_at(number, number * 1_000_000 + 5), Ok(format!("key {number}")));
    }
}

#[test]
fn both_ends_of_a_window_belong_to_it() {
    assert_eq!(key_at(1, 999_999), Err(RejectionKind::SignatureMismatch));
    assert_eq!(key_at(1, 1_000_000), Ok("key 1".to_owned()));
    assert_eq!(key_at(0, 1_000_000), Ok("key 0".to_owned()));
    assert_eq!(key_at(0, 1_000_001), Err(RejectionKind::SignatureMismatch));
    assert_eq!(key_at(7, 8_000_000), Ok("key 7".to_owned()));
    assert_eq!(key_at(7, 8_000_001), Err(RejectionKind::UnknownKey));
}

#[test]
fn a_plain_secret_is_a_key_named_default() {
    let delivery =
        receive_at(timed(TimestampFormat::Seconds), "0", Timestamp::from_secs(0)).unwrap();
    assert_eq!(delivery.key_name(), "default");
}

#[test]
fn in_a_rotation_either_signature_will_do() {
    let scheme = |keys: Keyring| {
        let signature = SignatureLocation::header("x-signature", Encoding::Hex).versioned("v1");
        Custom::new(Scheme::hmac_sha256("keys", signature).build().unwrap(), keys).unwrap()
    };
    let one = |name: &str| {
        Keyring::new([Key::new(name, Secret::new(format!("secret {name}")).unwrap())]).unwrap()
    };
    let sign = |name: &str| {
        let secret = Secret::new(format!("secret {name}")).unwrap();
        SigningRequest::new(b"")
            .sign(scheme(one(name)).verifier().scheme(), &secret)
            .unwrap()
            .remove(0)
            .1
    };
    let both = [("x-signature", format!("{} {}", sign("old"), sign("new")))];
    for name in ["old", "new"] {
        let answer = receive(&scheme(one(name)), &both, b"", Timestamp::from_secs(NOW));
        assert_eq!(answer.unwrap().key_name(), name);
    }
    let answer = receive(&scheme(one("third")), &both, b"", Timestamp::from_secs(NOW));
    rejected(answer, RejectionKind::SignatureMismatch);
}
