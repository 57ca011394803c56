//! Freshness of timestamps, validity of keys, and the name of the matching key.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use countersign::omniai::OmniAi;
use countersign::scheme::{
    Encoding, Part, Scheme, SchemeBuilder, SignatureLocation, SigningRequest, TimestampFormat,
    Tolerance,
};
use countersign::senders::Sender;
use countersign::testing::TestKeys;
use countersign::{
    Custom, Delivery, Key, Keyring, Receiver, Rejection, RejectionKind, Secret, StandardWebhooks,
    Timestamp, senders,
};
use proptest::prelude::*;
use proptest::test_runner::Config;

use common::receive;

const NOW: u64 = 1_700_000_000;

fn secret() -> Secret {
    Secret::new("a secret of twenty-four b").unwrap()
}

/// A sender with a timestamp in `x-time`, signed with the body.
fn timed(unit: TimestampFormat) -> SchemeBuilder {
    Scheme::hmac_sha256("timed", SignatureLocation::header("x-signature", Encoding::Hex))
        .timestamp_header("x-time", unit)
        .signs([Part::Timestamp, Part::Literal(".".into()), Part::Body])
}

/// Verifies a request that is correctly signed over `time`, which may be invalid.
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
fn accepts(result: Result<Delivery, Rejection>) {
    assert_eq!(result.map(|delivery| delivery.body().clone()).unwrap(), "{}");
}

#[track_caller]
fn rejects(result: Result<Delivery, Rejection>, kind: RejectionKind) {
    let rejection = result.unwrap_err();
    assert_eq!(rejection.kind(), kind, "{rejection}");
}

#[test]
fn an_invalid_timestamp_is_rejected_even_if_signed() {
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
    rejects(receive_at(timed(TimestampFormat::Seconds), "", now), RejectionKind::MissingHeader);
}

#[test]
fn the_smallest_and_largest_times_do_not_panic() {
    let at = |time, now| receive_at(timed(TimestampFormat::Seconds), time, now);
    let (first, last) = (Timestamp::from_millis(0), Timestamp::from_millis(u64::MAX));
    accepts(at("0", first));
    rejects(at("999999999999999", first), RejectionKind::FutureTimestamp);
    rejects(at("999999999999999", last), RejectionKind::StaleTimestamp);
    rejects(at("0", last), RejectionKind::StaleTimestamp);
    let forever =
        timed(TimestampFormat::Seconds).tolerance(Tolerance::new(Duration::MAX, Duration::MAX));
    accepts(receive_at(forever.clone(), "0", last));
    accepts(receive_at(forever, "999999999999999", first));
}

proptest! {
    #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_timestamp_is_its_digits(number in 0_u64..1_000_000_000_000_000) {
        let text = number.to_string();
        let secs = Timestamp::parse(text.as_bytes(), TimestampFormat::Seconds);
        prop_assert_eq!(secs, Some(Timestamp::from_secs(number)));
        let millis = Timestamp::parse(text.as_bytes(), TimestampFormat::Millis);
        prop_assert_eq!(millis, Some(Timestamp::from_millis(number)));
    }

    #[test]
    fn nothing_else_is_a_timestamp(text in "[0-9+._ eE-]{0,17}|\\PC{0,6}") {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let shortest = text == "0" || !text.starts_with('0');
        let is_time = digits && shortest && (1..=15).contains(&text.len());
        let parsed = Timestamp::parse(text.as_bytes(), TimestampFormat::Seconds);
        prop_assert_eq!(parsed.is_some(), is_time);
    }

    #[test]
    fn the_tolerance_is_inclusive_at_both_ends(
        past in 0_u64..1000, future in 0_u64..1000, shift in -1100_i64..1100,
    ) {
        let signed = NOW.checked_add_signed(shift).unwrap();
        for (unit, scale) in [(TimestampFormat::Seconds, 1000), (TimestampFormat::Millis, 1)] {
            let duration = |count| Duration::from_millis(count * scale);
            let scheme = timed(unit).tolerance(Tolerance::new(duration(past), duration(future)));
            let now = Timestamp::from_millis(NOW * scale);
            let result = receive_at(scheme, &signed.to_string(), now);
            let kind = result.map(|delivery| delivery.timestamp()).map_err(|no| no.kind());
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
fn the_default_tolerance_is_five_minutes_both_ways() {
    let at = |time: u64| {
        receive_at(timed(TimestampFormat::Seconds), &time.to_string(), Timestamp::from_secs(NOW))
    };
    accepts(at(NOW - 300));
    rejects(at(NOW - 301), RejectionKind::StaleTimestamp);
    accepts(at(NOW + 300));
    rejects(at(NOW + 301), RejectionKind::FutureTimestamp);
}

#[test]
fn milliseconds_are_compared_as_milliseconds() {
    let now = NOW * 1000 + 250;
    let at = |time: u64| {
        receive_at(timed(TimestampFormat::Millis), &time.to_string(), Timestamp::from_millis(now))
    };
    accepts(at(now - 300_000));
    rejects(at(now - 300_001), RejectionKind::StaleTimestamp);
    accepts(at(now + 300_000));
    rejects(at(now + 300_001), RejectionKind::FutureTimestamp);
    rejects(at(NOW), RejectionKind::StaleTimestamp);
}

#[test]
fn seconds_are_compared_in_whole_seconds() {
    let at = |now| {
        receive_at(timed(TimestampFormat::Seconds), "1700000000", Timestamp::from_millis(now))
    };
    accepts(at((NOW + 300) * 1000 + 999));
    rejects(at((NOW + 301) * 1000), RejectionKind::StaleTimestamp);
    accepts(at((NOW - 300) * 1000));
    rejects(at((NOW - 300) * 1000 - 1), RejectionKind::FutureTimestamp);
}

/// Verifies a body with a timestamp in it at `now`, in milliseconds.
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
fn a_timestamp_in_the_body_is_a_number_or_rfc_3339() {
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
fn a_timestamp_in_the_body_is_checked_after_the_signature() {
    let body = r#"{"at":"2023-11-14T22:13:20Z"}"#;
    let at = |now| receive_body(body, TimestampFormat::Seconds, now);
    assert!(at((NOW + 300) * 1000).is_ok());
    rejects(at((NOW + 301) * 1000), RejectionKind::StaleTimestamp);
    assert!(at((NOW - 300) * 1000).is_ok());
    rejects(at((NOW - 301) * 1000), RejectionKind::FutureTimestamp);
    for (body, kind) in [
        (r#"{"at":1,"at":1700000000}"#, RejectionKind::MissingTimestamp),
        (r#"{"at":-1}"#, RejectionKind::MissingTimestamp),
        (r#"{"at":"1969-12-31T23:59:59Z"}"#, RejectionKind::MissingTimestamp),
        (r#"{"at":"0"}"#, RejectionKind::StaleTimestamp),
    ] {
        rejects(receive_body(body, TimestampFormat::Seconds, NOW * 1000), kind);
    }
}

#[test]
fn the_tolerance_of_a_timestamp_in_the_body_is_inclusive_to_the_millisecond() {
    let body = r#"{"at":"2023-11-14T22:13:20.500Z"}"#;
    let signed = NOW * 1000 + 500;
    for unit in [TimestampFormat::Millis, TimestampFormat::Seconds] {
        let at = |now| receive_body(body, unit, now);
        assert!(at(signed + 300_000).is_ok(), "{unit:?}: the oldest that is allowed");
        assert!(at(signed - 300_000).is_ok(), "{unit:?}: the furthest ahead that is allowed");
    }
}

/// Keys with consecutive validities of a thousand seconds each.
fn ring(count: u64) -> Keyring {
    let time = |second| Timestamp::from_secs(second);
    Keyring::new((0..count).map(|at| {
        Key::new(format!("key {at}"), Secret::new(format!("secret {at}")).unwrap())
            .not_before(time(at * 1000))
            .not_after(time((at + 1) * 1000))
    }))
    .unwrap()
}

/// The name of the key that matches a request signed with secret `number` at `now`, in milliseconds:
/// the same for signatures and tokens.
fn key_at(number: u64, now: u64) -> Result<String, RejectionKind> {
    let signed =
        Scheme::hmac_sha256("keys", SignatureLocation::header("x-signature", Encoding::Base64));
    let signed = Custom::new(signed.build().unwrap(), ring(8)).unwrap();
    let token = OmniAi::new("x-token", ring(8)).unwrap();
    let [first, second] = [&signed as &dyn Sender, &token].map(|sender| {
        let secret = Secret::new(format!("secret {number}")).unwrap();
        let headers = SigningRequest::new(b"").sign(sender.verifier().scheme(), &secret).unwrap();
        let result = receive(sender, &headers, b"", Timestamp::from_millis(now));
        result.map(|delivery| delivery.key_name().to_owned()).map_err(|rejection| rejection.kind())
    });
    assert_eq!(first, second);
    first
}

#[test]
fn the_matching_key_is_named() {
    for number in 0..8 {
        assert_eq!(key_at(number, number * 1_000_000 + 5), Ok(format!("key {number}")));
    }
}

#[test]
fn the_validity_of_a_key_is_inclusive_at_both_ends() {
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
fn in_a_rotation_either_signature_is_accepted() {
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
        let result = receive(&scheme(one(name)), &both, b"", Timestamp::from_secs(NOW));
        assert_eq!(result.unwrap().key_name(), name);
    }
    let result = receive(&scheme(one("third")), &both, b"", Timestamp::from_secs(NOW));
    rejects(result, RejectionKind::SignatureMismatch);
}

/// A receiver with a signature scheme and keys of these lengths, each named by its length.
fn with_key_lengths(lengths: &[usize]) -> Receiver {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    let scheme = Scheme::hmac_sha256("keys", signature).build().unwrap();
    let keys = lengths
        .iter()
        .map(|length| Key::new(length.to_string(), Secret::new("k".repeat(*length)).unwrap()));
    Receiver::new(Custom::new(scheme, Keyring::new(keys).unwrap()).unwrap())
}

#[test]
fn a_key_below_24_bytes_is_weak() {
    let receiver = with_key_lengths(&[1, 23, 24, 32]);
    assert_eq!(receiver.weak_keys().collect::<Vec<_>>(), ["1", "23"]);
    assert_eq!(with_key_lengths(&[24]).weak_keys().count(), 0);
}

#[test]
fn the_decoded_bytes_of_a_key_decide_whether_it_is_weak() {
    // 24 and 23 bytes in base64: both texts are longer than 24 characters.
    for (secret, weak) in [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=", 1),
    ] {
        let sender = StandardWebhooks::new(Secret::new(secret).unwrap()).unwrap();
        assert_eq!(Receiver::new(sender).weak_keys().count(), weak, "{secret}");
    }
}

#[test]
fn a_public_key_is_never_weak() {
    let keys = TestKeys::new(&senders::DISCORD.config().scheme().unwrap(), 1).unwrap();
    let receiver = Receiver::new(senders::DISCORD.keys(keys.receiver()).unwrap());
    assert_eq!(receiver.weak_keys().count(), 0);
}
