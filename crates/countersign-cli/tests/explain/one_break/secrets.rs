//! Breaks of the secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::KeyFormat;

use super::super::valid::Recipe;
use super::{OneBreak, genuine, one};

/// Breaks of the configured secret.
pub(crate) const SECRETS: &[OneBreak] = &[
    one("a line break after the secret", &["secret_whitespace"], |name, rng| {
        let mut case = genuine(name, rng);
        let secret = [case.secrets[0].1.as_slice(), b"\n"].concat();
        case.secret(secret);
        Some(case)
    }),
    one("the secret in quotes", &["secret_quoted"], |name, rng| {
        let mut case = genuine(name, rng);
        let secret = [b"\"", case.secrets[0].1.as_slice(), b"\""].concat();
        case.secret(secret);
        Some(case)
    }),
    one(
        "the two characters of an escaped line break after the secret",
        &["secret_escaped"],
        |name, rng| {
            let mut case = genuine(name, rng);
            let secret = [case.secrets[0].1.as_slice(), b"\\n"].concat();
            case.secret(secret);
            Some(case)
        },
    ),
    one("the secret escaped for HTML", &["secret_escaped"], |name, rng| {
        let mut recipe = Recipe::new(name, rng);
        let is_text =
            recipe.scheme().key_format() == KeyFormat::Text && recipe.secret == recipe.signing;
        recipe.secret = format!("a&lt;{}", recipe.secret);
        recipe.signing = format!("a<{}", recipe.signing);
        is_text.then(|| recipe.send())
    }),
    one("the public key in PEM", &["secret_in_pem"], |name, rng| {
        let mut case = genuine(name, rng);
        let key = String::from_utf8(case.secrets[0].1.clone()).ok()?;
        let pem = match name {
            "sendgrid" => key,
            "discord" => {
                let key: Vec<_> = (0..64)
                    .step_by(2)
                    .map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap())
                    .collect();
                let start =
                    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
                STANDARD.encode([&start, key.as_slice()].concat())
            }
            _ => return None,
        };
        let (first, second) = pem.split_at(pem.len() / 2);
        case.secret(format!(
            "-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n"
        ));
        Some(case)
    }),
    one("the secret's last character lost", &["secret_truncated"], |name, rng| {
        let mut case = genuine(name, rng);
        let mut secret = case.secrets[0].1.clone();
        secret.pop();
        case.secret(secret);
        Some(case)
    }),
    one("the secret in lower case", &["secret_case"], |name, rng| {
        let mut recipe = Recipe::new(name, rng);
        if recipe.signing != recipe.secret {
            return None;
        }
        let upper = recipe.secret.to_uppercase();
        let is_text = recipe.scheme().key_format() == KeyFormat::Text;
        recipe.signing.clone_from(&upper);
        recipe.secret = upper.to_lowercase();
        is_text.then(|| recipe.send())
    }),
    one("another tenant's secret", &["other_key"], |name, rng| {
        let mut case = genuine(name, rng);
        let right = case.secrets[0].1.clone();
        let other = Recipe::new(name, rng).secret.into_bytes();
        if other == right {
            return None;
        }
        case.secret(other);
        case.others.push(("tenant-b".to_owned(), right));
        Some(case)
    }),
];
