//! Secrets that must be rejected in the configuration.

use countersign::{ConfigErrorKind as Kind, Key as RingKey, Keyring, Secret, Timestamp, senders};

use crate::forge::{By, NOW};
use crate::shape::{Key, Made, SHAPES, Shape};

/// A class of invalid secrets, and the kind of the error.
type Wrong = (&'static str, fn(&Shape) -> Vec<String>, Kind);

const CLASSES: [Wrong; 6] = [
    ("secret-empty", |_| vec![String::new()], Kind::EmptySecret),
    ("secret-blank", blank, Kind::EmptySecret),
    ("secret-prefix-only", prefix_only, Kind::EmptySecret),
    ("secret-zeros", zeros, Kind::EmptySecret),
    ("secret-other-form", other_form, Kind::InvalidSecret),
    ("secret-cut", cut, Kind::InvalidSecret),
];

fn blank(_: &Shape) -> Vec<String> {
    [" ", "\t\r\n ", "\0", "\0\0\0\0", "\u{feff}", "\u{a0}\u{3000}"].map(ToOwned::to_owned).into()
}

fn prefix_only(shape: &Shape) -> Vec<String> {
    match shape.key {
        Key::Base64("") | Key::Hex | Key::Text => Vec::new(),
        Key::Base64(prefix) => vec![prefix.to_owned()],
    }
}

fn zeros(shape: &Shape) -> Vec<String> {
    match shape.key {
        Key::Text => Vec::new(),
        Key::Hex => vec!["00".repeat(32), "00".to_owned()],
        Key::Base64(prefix) => {
            vec![format!("{prefix}AAAA"), format!("{prefix}{}=", "A".repeat(43))]
        }
    }
}

fn other_form(shape: &Shape) -> Vec<String> {
    match shape.key {
        Key::Text if shape.made == Made::Token => {
            vec![" outer".to_owned(), "outer\n".to_owned(), "sécret".to_owned(), "a\0b".to_owned()]
        }
        Key::Text => Vec::new(),
        Key::Hex => vec!["whsec_00".to_owned(), "xyz".to_owned(), "0x00".to_owned()],
        Key::Base64(prefix) => vec![format!("{prefix}n0t base-64"), format!("other_{prefix}YWJj")],
    }
}

fn cut(shape: &Shape) -> Vec<String> {
    let secret = shape.secret(By::Own);
    let odd = |secret: &str| secret[..secret.len() - 1].to_owned();
    match (shape.made, shape.key) {
        (Made::Ed25519 | Made::P256, _) => vec![secret[..secret.len() - 4].to_owned()],
        (_, Key::Hex) => vec![odd(&secret)],
        // Base64 with one character expired.
        (_, Key::Base64(_)) => vec![secret.trim_end_matches('=')[..secret.len() - 3].to_owned()],
        (_, Key::Text) => Vec::new(),
    }
}

#[test]
fn every_invalid_secret_is_rejected_at_startup() {
    for (class, secrets, kind) in CLASSES {
        let mut applied = 0;
        for shape in SHAPES {
            for secret in secrets(shape) {
                let error = shape.known(&secret).unwrap_err();
                assert_eq!(error.kind(), kind, "{}, {class}, {secret:?}: {error}", shape.name);
                let text = error.to_string();
                let is_printed =
                    !secret.trim().is_empty() && secret.len() > 6 && text.contains(&secret);
                assert!(!is_printed, "{}, {class}: {text}", shape.name);
                applied += 1;
            }
        }
        assert!(applied > 0, "{class} applies to no sender");
    }
}

#[test]
fn a_sender_that_signs_its_url_requires_one() {
    let mut missing = 0;
    for shape in SHAPES {
        let sender = senders::find(shape.name).unwrap();
        assert_eq!(sender.requires_public_url(), shape.signs.contains("{url}"), "{}", shape.name);
        let secret = || Secret::new(shape.secret(By::Own)).unwrap();
        // Without a URL, but with what else is required.
        let config = || {
            if sender.requires_header() { sender.example_config() } else { sender.config() }
        };
        for setup in [config(), config().with_public_url("")] {
            match setup.keys(secret()) {
                Ok(_) => assert!(!sender.requires_public_url(), "{}", shape.name),
                Err(error) => {
                    assert_eq!(error.kind(), Kind::MissingSetting, "{}: {error}", shape.name);
                    missing += 1;
                }
            }
        }
    }
    assert_eq!(missing, 2 * 5);
}

/// During a rotation either key is accepted and named; an expired key is not.
#[test]
fn every_sender_can_change_its_keys() {
    for shape in crate::all_shapes() {
        let now = Timestamp::from_secs(NOW);
        let key =
            |name: &'static str, by| RingKey::new(name, Secret::new(shape.secret(by)).unwrap());
        let receiver = |keys: Vec<RingKey>| {
            let setup = shape.config();
            countersign::Receiver::new(setup.keys(Keyring::new(keys).unwrap()).unwrap())
        };
        let both = receiver(vec![key("old", By::Stranger), key("new", By::Own)]);
        let plan = shape.good();
        for (by, name) in [(By::Own, "new"), (By::Stranger, "old")] {
            let delivery = plan.clone().signed(by).request().verdict(&both, now).unwrap();
            assert_eq!(delivery.key_name(), name, "{}", shape.name);
        }
        let expired = Timestamp::from_secs(NOW - 1);
        let ended =
            receiver(vec![key("old", By::Stranger).not_after(expired), key("new", By::Own)]);
        let rejection =
            plan.clone().signed(By::Stranger).request().verdict(&ended, now).unwrap_err();
        let mismatch = countersign::RejectionKind::SignatureMismatch;
        assert_eq!(rejection.kind(), mismatch, "{}: {rejection}", shape.name);
        let none = receiver(vec![key("old", By::Own).not_after(expired)]);
        let rejection = plan.request().verdict(&none, now).unwrap_err();
        let unknown = countersign::RejectionKind::UnknownKey;
        assert_eq!(rejection.kind(), unknown, "{}: {rejection}", shape.name);
    }
}
