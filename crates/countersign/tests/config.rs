//! A wrong set-up is an error at start-up that names the setting and says what to do.

#![allow(clippy::unwrap_used)]

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use countersign::ainexlayer::{AiNexLayer, Builder, FieldLocation};
use countersign::omniai::OmniAi;
use countersign::scheme::{Encoding, Scheme, SignatureLocation, TimestampFormat, Tolerance};
use countersign::senders::Verifier;
use countersign::{
    ConfigError, ConfigErrorKind, Contract, Custom, Key, Keyring, MemoryStore, Receiver,
    ReceiverBuilder, Secret, StandardWebhooks, Timestamp,
};

const NOTHING: Duration = Duration::ZERO;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn secret() -> Secret {
    Secret::new("a secret of twenty-four b").unwrap()
}

fn omniai() -> ReceiverBuilder {
    Receiver::builder(OmniAi::new("x-secret", secret()).unwrap())
}

fn ainexlayer() -> Builder {
    AiNexLayer::builder(secret())
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("")
        .assumed_envelope()
}

/// The error is of this kind, names this setting, and goes on to say what to do.
#[track_caller]
fn wrong<T: Debug>(result: Result<T, ConfigError>, kind: ConfigErrorKind, setting: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let message = error.to_string();
    let (what, to_do) = message.split_once(": ").unwrap();
    assert!(what.contains(setting), "{message}");
    assert!(to_do.len() > 8, "{message}");
}

/// A file with this text.
fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_secret_is_not_empty() {
    use ConfigErrorKind::EmptySecret;
    for blank in ["", " ", "\t \r\n"] {
        wrong(Secret::new(blank), EmptySecret, "secret");
    }
    wrong(StandardWebhooks::new(Secret::new("whsec_").unwrap()), EmptySecret, "standard-webhooks");
    // Cargo sets this one for every test, and to nothing.
    let name = "CARGO_PKG_LICENSE_FILE";
    wrong(Secret::from_env(name), EmptySecret, name);
    for (name, text) in [("empty", ""), ("line", "\n"), ("blank", "  \n")] {
        let path = file(name, text);
        wrong(Secret::from_file(&path), EmptySecret, path.to_str().unwrap());
    }
}

#[test]
fn a_secret_is_in_the_form_its_scheme_needs() {
    use ConfigErrorKind::InvalidSecret;
    for text in
        ["whsec_!", "whsec_A", "whsec_AAAA ", "whsec_====", "whsec_AAAAA", "plain text", "_-=="]
    {
        wrong(
            StandardWebhooks::new(Secret::new(text).unwrap()),
            InvalidSecret,
            "standard-webhooks",
        );
    }
    for text in [" token", "token\t", "tok\u{e9}n", "to\nken"] {
        wrong(OmniAi::new("x-secret", Secret::new(text).unwrap()), InvalidSecret, "`default`");
    }
    for (name, text) in [("space", " secret\n"), ("tab", "secret\t"), ("lines", "secret\n\n")] {
        let path = file(name, text);
        wrong(Secret::from_file(&path), InvalidSecret, path.to_str().unwrap());
    }
}

#[test]
fn a_secret_can_be_read() {
    use ConfigErrorKind::UnreadableSecret;
    wrong(Secret::from_env("COUNTERSIGN_NO_SUCH"), UnreadableSecret, "COUNTERSIGN_NO_SUCH");
    wrong(Secret::from_file("no/such/file"), UnreadableSecret, "no/such/file");
    let text = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bytes");
    fs::write(&text, b"\xff\xfe").unwrap();
    wrong(Secret::from_file(&text), UnreadableSecret, text.to_str().unwrap());
    for (name, text) in [("plain", "secret"), ("unix", "secret\n"), ("dos", "secret\r\n")] {
        assert!(Secret::from_file(file(name, text)).is_ok(), "{name}");
    }
    assert!(Secret::from_env("CARGO_PKG_NAME").is_ok());
}

#[test]
fn a_key_ring_has_one_to_eight_keys_that_can_be_told_apart() {
    use ConfigErrorKind::InvalidKeyring;
    let key = |name: &str| Key::new(name, secret());
    let ring = |count| Keyring::new((0..count).map(|at| key(&at.to_string())));
    wrong(ring(0), InvalidKeyring, "0 keys");
    wrong(ring(9), InvalidKeyring, "9 keys");
    assert!(ring(1).is_ok() && ring(8).is_ok());
    wrong(Keyring::new([key("a"), key("b"), key("a")]), InvalidKeyring, "`a`");
    let time = Timestamp::from_secs;
    let never = key("a").not_before(time(2)).not_after(time(1));
    wrong(Keyring::new([never]), InvalidKeyring, "`a`");
    assert!(Keyring::new([key("a").not_before(time(1)).not_after(time(1))]).is_ok());
}

#[test]
fn settings_without_a_default_are_given() {
    use ConfigErrorKind::{InvalidHeaderName, MissingSetting};
    wrong(OmniAi::new("", secret()), MissingSetting, "`secret_header`");
    wrong(OmniAi::new("x secret", secret()), InvalidHeaderName, "`x secret`");
    wrong(ainexlayer().signature_header("x:y").build(), InvalidHeaderName, "`x:y`");
    let token = Scheme::static_token("acme", SignatureLocation::token("x-token")).build().unwrap();
    wrong(Custom::danger_unauthenticated(token), MissingSetting, "authenticates");
    let open = Scheme::danger_unauthenticated("acme").build().unwrap();
    wrong(Verifier::new(open, secret()), ConfigErrorKind::InvalidScheme, "no key");
}

#[test]
fn an_empty_header_name_is_told_by_its_setting() {
    let named = |builder: Builder, setting| {
        let error = builder.build().unwrap_err();
        assert!(error.to_string().contains(setting), "{error}");
    };
    named(ainexlayer().signature_header(""), "signature_header");
    named(ainexlayer().event_type(FieldLocation::header("")), "event_type");
    named(ainexlayer().event_id(FieldLocation::header("")), "event_id");
    named(ainexlayer().time(FieldLocation::header("")), "time");
}

#[test]
fn pointers_are_json_pointers() {
    use ConfigErrorKind::InvalidPointer;
    wrong(ainexlayer().event_id(FieldLocation::field("id")).build(), InvalidPointer, "`id`");
    wrong(
        ainexlayer().event_type(FieldLocation::field("$.type")).build(),
        InvalidPointer,
        "`$.type`",
    );
    wrong(ainexlayer().time(FieldLocation::field("/~")).build(), InvalidPointer, "`/~`");
    wrong(ainexlayer().payload("data").build(), InvalidPointer, "`data`");
}

#[test]
fn events_are_remembered_while_they_may_come_again() {
    use ConfigErrorKind::RetentionTooShort;
    let moment = Duration::from_nanos(1);
    wrong(omniai().retention(NOTHING).build(), RetentionTooShort, "`retention`");
    wrong(omniai().retention(DAY - moment).build(), RetentionTooShort, "`retention`");
    assert!(omniai().retention(DAY).build().is_ok());

    let wide = Tolerance::new(DAY * 10, DAY * 20);
    let wide = || {
        Receiver::builder(
            StandardWebhooks::with_tolerance("standard-webhooks", secret_64(), wide).unwrap(),
        )
    };
    wrong(wide().retention(DAY * 30 - moment).build(), RetentionTooShort, "`retention`");
    assert!(wide().retention(DAY * 30).build().is_ok());
}

fn secret_64() -> Secret {
    Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
}

#[test]
fn spans_and_limits_are_not_nothing() {
    use ConfigErrorKind::OutOfRange;
    let contract = Contract::builder;
    wrong(contract().max_body_size(0).build(), OutOfRange, "`max_body_size`");
    wrong(contract().response_deadline(NOTHING).build(), OutOfRange, "`response_deadline`");
    wrong(contract().retry_window(NOTHING).build(), OutOfRange, "`retry_window`");
    wrong(contract().digest_retention(NOTHING).build(), OutOfRange, "`digest_retention`");
    wrong(omniai().lease(NOTHING).build(), OutOfRange, "`lease`");
    wrong(omniai().store_timeout(NOTHING).build(), OutOfRange, "`store_timeout`");
    wrong(omniai().body_timeout(NOTHING).build(), OutOfRange, "`body_timeout`");
    wrong(omniai().handler_timeout(NOTHING).build(), OutOfRange, "`handler_timeout`");
    wrong(MemoryStore::new(0), OutOfRange, "capacity");
    assert!(contract().max_body_size(1).build().is_ok());
    assert!(MemoryStore::new(1).is_ok());
}

#[test]
fn a_lease_outlasts_the_answer_and_one_call_of_the_store() {
    use ConfigErrorKind::OutOfRange;
    // OmniAI is answered within 4 s, and the store within 2.
    wrong(omniai().lease(Duration::from_secs(6)).build(), OutOfRange, "`lease`");
    assert!(omniai().lease(Duration::from_millis(6001)).build().is_ok());
}

#[test]
fn a_store_timeout_too_long_for_the_lease_is_told_by_its_own_name() {
    let long = Duration::from_secs(20);
    for both in [omniai().lease(long).store_timeout(long), omniai().store_timeout(long).lease(long)]
    {
        wrong(both.build(), ConfigErrorKind::OutOfRange, "`store_timeout`");
    }
    assert!(omniai().store_timeout(long).build().is_ok(), "a lease that was not set follows");
    assert!(omniai().lease(long * 2).store_timeout(long).build().is_ok());
}

#[test]
fn a_scheme_says_why_it_is_rejected() {
    let hex = || SignatureLocation::header("x-signature", Encoding::Hex);
    let timed =
        Scheme::hmac_sha256("acme", hex()).timestamp_header("x-time", TimestampFormat::Seconds);
    wrong(timed.build(), ConfigErrorKind::InvalidScheme, "time");
    wrong(Scheme::hmac_sha256("", hex()).build(), ConfigErrorKind::InvalidScheme, "sender");
}
