//! A wrong configuration is an error at startup that names the setting and says what to do.

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
    Admission, ConfigError, ConfigErrorKind, Contract, Custom, Key, Keyring, MemoryStore, Receiver,
    ReceiverBuilder, Secret, StandardWebhooks, Timestamp, senders,
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

/// Checks that the error has this kind, names this setting, and says what to do.
#[track_caller]
fn rejects<T: Debug>(result: Result<T, ConfigError>, kind: ConfigErrorKind, setting: &str) {
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
        rejects(Secret::new(blank), EmptySecret, "secret");
    }
    rejects(
        StandardWebhooks::new(Secret::new("whsec_").unwrap()),
        EmptySecret,
        "standard-webhooks",
    );
    // Cargo sets this one for every test, and to nothing.
    let name = "CARGO_PKG_LICENSE_FILE";
    rejects(Secret::from_env(name), EmptySecret, name);
    for (name, text) in [("empty", ""), ("line", "\n"), ("blank", "  \n")] {
        let path = file(name, text);
        rejects(Secret::from_file(&path), EmptySecret, path.to_str().unwrap());
    }
}

#[test]
fn a_secret_has_the_form_that_its_scheme_needs() {
    use ConfigErrorKind::InvalidSecret;
    for text in
        ["whsec_!", "whsec_A", "whsec_AAAA ", "whsec_====", "whsec_AAAAA", "plain text", "_-=="]
    {
        rejects(
            StandardWebhooks::new(Secret::new(text).unwrap()),
            InvalidSecret,
            "standard-webhooks",
        );
    }
    for text in [" token", "token\t", "tok\u{e9}n", "to\nken"] {
        rejects(OmniAi::new("x-secret", Secret::new(text).unwrap()), InvalidSecret, "`default`");
    }
    for (name, text) in [("space", " secret\n"), ("tab", "secret\t"), ("lines", "secret\n\n")] {
        let path = file(name, text);
        rejects(Secret::from_file(&path), InvalidSecret, path.to_str().unwrap());
    }
}

#[test]
fn a_secret_is_read_from_the_environment_or_a_file() {
    use ConfigErrorKind::UnreadableSecret;
    rejects(Secret::from_env("COUNTERSIGN_NO_SUCH"), UnreadableSecret, "COUNTERSIGN_NO_SUCH");
    rejects(Secret::from_file("no/such/file"), UnreadableSecret, "no/such/file");
    let text = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bytes");
    fs::write(&text, b"\xff\xfe").unwrap();
    rejects(Secret::from_file(&text), UnreadableSecret, text.to_str().unwrap());
    for (name, text) in [("plain", "secret"), ("unix", "secret\n"), ("dos", "secret\r\n")] {
        assert!(Secret::from_file(file(name, text)).is_ok(), "{name}");
    }
    assert!(Secret::from_env("CARGO_PKG_NAME").is_ok());
}

#[test]
fn a_keyring_has_one_to_eight_keys_with_different_names() {
    use ConfigErrorKind::InvalidKeyring;
    let key = |name: &str| Key::new(name, secret());
    let ring = |count| Keyring::new((0..count).map(|at| key(&at.to_string())));
    rejects(ring(0), InvalidKeyring, "0 keys");
    rejects(ring(9), InvalidKeyring, "9 keys");
    assert!(ring(1).is_ok() && ring(8).is_ok());
    rejects(Keyring::new([key("a"), key("b"), key("a")]), InvalidKeyring, "`a`");
    let time = Timestamp::from_secs;
    let never = key("a").not_before(time(2)).not_after(time(1));
    rejects(Keyring::new([never]), InvalidKeyring, "`a`");
    assert!(Keyring::new([key("a").not_before(time(1)).not_after(time(1))]).is_ok());
}

#[test]
fn settings_without_a_default_are_required() {
    use ConfigErrorKind::{InvalidHeaderName, MissingSetting};
    rejects(OmniAi::new("", secret()), MissingSetting, "`secret_header`");
    rejects(OmniAi::new("x secret", secret()), InvalidHeaderName, "`x secret`");
    rejects(ainexlayer().signature_header("x:y").build(), InvalidHeaderName, "`x:y`");
    let token = Scheme::static_token("acme", SignatureLocation::token("x-token")).build().unwrap();
    rejects(Custom::danger_unauthenticated(token), MissingSetting, "authenticates");
    let open = Scheme::danger_unauthenticated("acme").build().unwrap();
    rejects(Verifier::new(open, secret()), ConfigErrorKind::InvalidScheme, "no key");
}

#[test]
fn an_empty_header_name_is_reported_by_its_setting() {
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
    rejects(ainexlayer().event_id(FieldLocation::field("id")).build(), InvalidPointer, "`id`");
    rejects(
        ainexlayer().event_type(FieldLocation::field("$.type")).build(),
        InvalidPointer,
        "`$.type`",
    );
    rejects(ainexlayer().time(FieldLocation::field("/~")).build(), InvalidPointer, "`/~`");
    rejects(ainexlayer().payload("data").build(), InvalidPointer, "`data`");
}

#[test]
fn the_retention_covers_the_retry_window() {
    use ConfigErrorKind::RetentionTooShort;
    let moment = Duration::from_nanos(1);
    rejects(omniai().retention(NOTHING).build(), RetentionTooShort, "`retention`");
    rejects(omniai().retention(DAY - moment).build(), RetentionTooShort, "`retention`");
    assert!(omniai().retention(DAY).build().is_ok());

    let wide = Tolerance::new(DAY * 10, DAY * 20);
    let wide = || {
        Receiver::builder(
            StandardWebhooks::with_tolerance("standard-webhooks", secret_64(), wide).unwrap(),
        )
    };
    rejects(wide().retention(DAY * 30 - moment).build(), RetentionTooShort, "`retention`");
    assert!(wide().retention(DAY * 30).build().is_ok());
}

fn secret_64() -> Secret {
    Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
}

#[test]
fn durations_and_limits_are_not_zero() {
    use ConfigErrorKind::OutOfRange;
    let contract = Contract::builder;
    rejects(contract().max_body_size(0).build(), OutOfRange, "`max_body_size`");
    rejects(contract().response_deadline(NOTHING).build(), OutOfRange, "`response_deadline`");
    rejects(contract().retry_window(NOTHING).build(), OutOfRange, "`retry_window`");
    assert!(
        contract().automatic_retry_horizon(NOTHING).build().is_ok(),
        "a sender may never retry"
    );
    rejects(contract().digest_retention(NOTHING).build(), OutOfRange, "`digest_retention`");
    rejects(omniai().lease(NOTHING).build(), OutOfRange, "`lease`");
    rejects(omniai().store_timeout(NOTHING).build(), OutOfRange, "`store_timeout`");
    rejects(omniai().body_timeout(NOTHING).build(), OutOfRange, "`body_timeout`");
    rejects(omniai().handler_timeout(NOTHING).build(), OutOfRange, "`handler_timeout`");
    rejects(MemoryStore::new(0), OutOfRange, "capacity");
    assert!(contract().max_body_size(1).build().is_ok());
    assert!(MemoryStore::new(1).is_ok());
}

#[test]
fn a_sender_does_not_retry_by_itself_for_longer_than_in_all() {
    let moment = Duration::from_millis(1);
    let window = || Contract::builder().retry_window(DAY);
    let longer = window().automatic_retry_horizon(DAY + moment).build();
    rejects(longer, ConfigErrorKind::OutOfRange, "`automatic_retry_horizon`");
    let whole = window().automatic_retry_horizon(DAY).build().unwrap();
    assert_eq!(whole.automatic_retry_horizon(), DAY);
    assert_eq!(window().build().unwrap().automatic_retry_horizon(), DAY, "if it is not known");
}

#[test]
fn a_lease_exceeds_the_response_deadline_and_one_store_call() {
    use ConfigErrorKind::OutOfRange;
    // OmniAI is answered within 4 s, and the store within 2.
    rejects(omniai().lease(Duration::from_secs(6)).build(), OutOfRange, "`lease`");
    assert!(omniai().lease(Duration::from_millis(6001)).build().is_ok());
}

#[test]
fn a_store_timeout_too_long_for_the_lease_is_reported_by_its_name() {
    let long = Duration::from_secs(20);
    for both in [omniai().lease(long).store_timeout(long), omniai().store_timeout(long).lease(long)]
    {
        rejects(both.build(), ConfigErrorKind::OutOfRange, "`store_timeout`");
    }
    assert!(omniai().store_timeout(long).build().is_ok(), "a lease that was not set follows");
    assert!(omniai().lease(long * 2).store_timeout(long).build().is_ok());
}

#[test]
fn a_scheme_error_says_what_is_wrong() {
    let hex = || SignatureLocation::header("x-signature", Encoding::Hex);
    let timed =
        Scheme::hmac_sha256("acme", hex()).timestamp_header("x-time", TimestampFormat::Seconds);
    rejects(timed.build(), ConfigErrorKind::InvalidScheme, "time");
    rejects(Scheme::hmac_sha256("", hex()).build(), ConfigErrorKind::InvalidScheme, "sender");
}

#[test]
fn an_undocumented_sender_of_the_catalogue_names_every_missing_setting() {
    let error = senders::AINEXLAYER.keys(secret()).unwrap_err();
    assert!(error.kinds().all(|kind| kind == ConfigErrorKind::MissingSetting), "{error}");
    let settings = ["header", "encoding", "prefix", "event_type", "event_id", "time"]
        .map(|name| format!("`with_{name}`"));
    for setting in &settings {
        assert!(error.to_string().contains(setting), "{setting}: {error}");
    }
    assert_eq!(error.kinds().count(), settings.len());
    assert_eq!(AiNexLayer::builder(secret()).build().unwrap_err().kinds().count(), settings.len());
}

#[test]
fn receivers_of_one_builder_have_memory_stores_of_their_own() {
    let builder = omniai();
    let receivers = [builder.clone().build().unwrap(), builder.build().unwrap()];
    let headers = [("x-secret", "a secret of twenty-four b")];
    for receiver in receivers {
        let body = br#"{"event":"lead.created","data":{"leadId":"1"}}"#;
        let delivery = receiver.verify(&headers[..], &body[..], Timestamp::from_secs(0)).unwrap();
        let mut claim = std::pin::pin!(receiver.claim(&delivery));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let std::task::Poll::Ready(Ok(Admission::Proceed(_))) =
            std::future::Future::poll(claim.as_mut(), &mut context)
        else {
            panic!("the event is new to this receiver");
        };
    }
}
