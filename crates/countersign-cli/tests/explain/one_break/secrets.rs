//! Breaks of the secret.

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
        let is_text = recipe.secret.len() == 36;
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
