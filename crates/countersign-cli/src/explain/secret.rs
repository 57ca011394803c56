//! What may have happened to the secret on its way into the set-up.

use super::credential::{base64_decoded, base64_text, hex_decoded, hex_text};
use super::finding::{Finding, shown_beside};
use super::form::KeyForm;
use super::parts::Parts;
use super::question::Asked;

/// The prefix of the secrets of Standard Webhooks, Stripe and others.
const PREFIX: &[u8] = b"whsec_";

/// The secret repaired in each way, what happens often first.
pub(super) fn repairs(parts: &Parts, asked: &Asked<'_>) -> Vec<Parts> {
    let mut repairs = Repairs { parts, list: Vec::new() };
    repairs.around();
    repairs.prefixes();
    repairs.encodings();
    repairs.others(asked);
    repairs.list
}

/// The secret repaired in ways that are rare and many, so that they are tried alone and late.
pub(super) fn rare(parts: &Parts) -> Vec<Parts> {
    let mut repairs = Repairs { parts, list: Vec::new() };
    repairs.letters();
    repairs.list
}

struct Repairs<'p> {
    parts: &'p Parts,
    list: Vec<Parts>,
}

impl Repairs<'_> {
    fn push(&mut self, secret: impl Into<Vec<u8>>, finding: Finding) {
        let secret = secret.into();
        let is_new = secret != **self.parts.secret
            && !secret.is_empty()
            && self.list.iter().all(|parts| **parts.secret != *secret);
        if is_new {
            self.list.push(self.parts.secret(secret, finding));
        }
    }

    /// White space and quotes.
    fn around(&mut self) {
        let secret = self.parts.secret.clone();
        let space = || {
            Finding::proved(
                "secret_whitespace",
                "White space or a line end stands around the configured secret, and is taken for part of it.",
                "Store the secret without it: write it with `printf %s`, not `echo`, and check for blanks at both ends.",
            )
        };
        let plain = secret.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&secret);
        self.push(plain.trim_ascii(), space());
        if let Ok(text) = std::str::from_utf8(plain) {
            let all: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
            self.push(all, space());
        }
        let quoted = plain.trim_ascii();
        for quote in [b'"', b'\'', b'`'] {
            if let [first, inner @ .., last] = quoted
                && (*first, *last) == (quote, quote)
            {
                self.push(
                    inner.trim_ascii(),
                    Finding::proved(
                        "secret_quoted",
                        "Quotes stand around the configured secret, and are taken for part of it.",
                        "Remove the quotes: env files of Docker and systemd's `EnvironmentFile` differ in whether they strip them.",
                    ),
                );
            }
        }
        // The other way: the sender was given it with a line end.
        for end in ["\n", "\r\n", " "] {
            self.push(
                [&secret, end.as_bytes()].concat(),
                Finding::proved(
                    "secret_whitespace",
                    "The sender signs with the secret and white space or a line end behind it.",
                    "Set the secret anew on the sender's side, without a blank or line end at its end.",
                ),
            );
        }
    }

    fn prefixes(&mut self) {
        let secret = self.parts.secret.clone();
        let doubled = || {
            Finding::proved(
                "secret_prefix_doubled",
                "The secret's prefix `whsec_` stands twice in the configured secret.",
                "Configure the secret exactly as the sender shows it, with one prefix.",
            )
        };
        let wrong = || {
            Finding::proved(
                "secret_prefix_wrong",
                "Something stands before the configured secret that is no part of it.",
                "Configure the secret exactly as the sender signs with it: without a label such as `v1,` or a `whsec_` that is not the sender's.",
            )
        };
        let mut rest: &[u8] = &secret;
        let mut count = 0;
        while let Some(inner) = rest.strip_prefix(PREFIX) {
            rest = inner;
            count += 1;
        }
        if count > 1 {
            self.push([PREFIX, rest].concat(), doubled());
            self.push(rest, doubled());
        }
        if count == 1 {
            self.push(rest, wrong());
        }
        for label in
            [&b"v1,"[..], b"v1a,", b"v1=", b"v0=", b"sha256=", b"Bearer ", b"whpk_", b"whsk_"]
        {
            if let Some(inner) = secret.strip_prefix(label) {
                self.push(inner, wrong());
                self.push(inner.strip_prefix(PREFIX).unwrap_or(inner), wrong());
            }
        }
        let (head, tail) = secret.split_at(secret.len().min(PREFIX.len()));
        if head.eq_ignore_ascii_case(PREFIX) {
            self.push([PREFIX, tail].concat(), wrong());
        }
        // NAME=value, as it stands in an env file.
        if let Some(at) = secret.iter().position(|byte| *byte == b'=')
            && let (name, [_, value @ ..]) = secret.split_at(at)
            && name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        {
            self.push(value.trim_ascii(), wrong());
        }
        self.push(
            [PREFIX, &secret].concat(),
            Finding::proved(
                "secret_prefix_missing",
                "The configured secret lacks its prefix `whsec_`, which is part of this sender's key.",
                "Configure the secret exactly as the sender shows it, with `whsec_` in front.",
            ),
        );
    }

    /// What is decoded here and not there, or the other way.
    fn encodings(&mut self) {
        let secret = self.parts.secret.clone();
        let bare = secret.strip_prefix(PREFIX).unwrap_or(&secret);
        // What the verifier takes for a key's bytes.
        let wrap = |key: &[u8]| match self.parts.form.key {
            KeyForm::Text => key.to_vec(),
            KeyForm::Hex => hex_text(key).into_bytes(),
            KeyForm::Base64(_) => base64_text(key).into_bytes(),
        };
        let key = match self.parts.form.key {
            KeyForm::Text => Some(secret.to_vec()),
            KeyForm::Hex => hex_decoded(&secret),
            KeyForm::Base64(prefix) => {
                base64_decoded(secret.strip_prefix(prefix.as_bytes()).unwrap_or(&secret))
            }
        };
        let decodes_itself = self.parts.form.key != KeyForm::Text;
        let mut list = Vec::new();
        // The signer took the text for the key.
        if decodes_itself && key.is_some() {
            for text in [&secret[..], bare] {
                list.push((wrap(text), not_decoded_by_the_signer(self.parts.form.key)));
            }
        }
        // The text is what the signer's key is written as, in another form.
        let decoded_bare = [
            base64_decoded(bare).map(|key| (key, "base64")),
            hex_decoded(bare).map(|key| (key, "hexadecimal")),
        ];
        for (inner, how) in decoded_bare.into_iter().flatten() {
            if decodes_itself {
                list.push((wrap(&inner), other_form(how)));
            } else {
                list.push((inner, not_decoded_here(how)));
            }
        }
        let Some(key) = key else {
            // It cannot be decoded: it may have been already.
            list.push((wrap(&secret), decoded_twice()));
            self.extend(list);
            return;
        };
        if decodes_itself {
            for twice in [base64_decoded(&key), hex_decoded(&key)].into_iter().flatten() {
                list.push((wrap(&twice), decoded_twice()));
            }
        } else {
            for text in [base64_text(&key), hex_text(&key)] {
                list.push((text.clone().into_bytes(), decoded_twice()));
                list.push(([PREFIX, text.as_bytes()].concat(), decoded_twice()));
            }
        }
        self.extend(list);
    }

    fn extend(&mut self, list: Vec<(Vec<u8>, Finding)>) {
        list.into_iter().for_each(|(secret, finding)| self.push(secret, finding));
    }

    /// The other secrets that were given.
    fn others(&mut self, asked: &Asked<'_>) {
        for (name, secret) in asked.others {
            let called = match shown_beside(name, &asked.hidden) {
                Some(name) => format!("`{name}`"),
                None => "another name".to_owned(),
            };
            self.push(
                secret.to_vec(),
                Finding::proved(
                    "other_key",
                    format!("The request is signed with the secret of {called}, not with the one of this endpoint."),
                    "Check which tenant, account or environment the endpoint's URL stands in, or give this endpoint that secret.",
                ),
            );
        }
    }

    /// A letter too many or too few, or in the other case.
    fn letters(&mut self) {
        let secret = self.parts.secret.clone();
        let case = || {
            Finding::proved(
                "secret_case",
                "The configured secret has letters in the wrong case.",
                "Copy the secret anew from the sender; nothing on the way may change its case.",
            )
        };
        self.push(secret.to_ascii_lowercase(), case());
        self.push(secret.to_ascii_uppercase(), case());
        let copied = |what: &str| {
            Finding::proved(
                "secret_cut",
                format!("The configured secret has a character too {what} at one of its ends."),
                "Copy the secret anew and whole from the sender.",
            )
        };
        if let [inner @ .., _] = secret.as_slice() {
            self.push(inner, copied("many"));
        }
        if let [_, inner @ ..] = secret.as_slice() {
            self.push(inner, copied("many"));
        }
        for letter in b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+/=-_" {
            self.push([&secret, &[*letter][..]].concat(), copied("few"));
        }
    }
}

fn not_decoded_here(how: &str) -> Finding {
    Finding::proved(
        "secret_not_decoded",
        format!(
            "The sender signs with the bytes that the secret stands for in {how}; here its text is taken for the key."
        ),
        format!(
            "Decode it where it is set up: {how} is `.base64_key(\"\")` or `.hex_key()` in a scheme of your own. If the sender is in the catalogue, have the signer use the text."
        ),
    )
}

fn not_decoded_by_the_signer(key: KeyForm) -> Finding {
    let how = if key == KeyForm::Hex { "hexadecimal" } else { "base64" };
    Finding::proved(
        "secret_not_decoded",
        format!(
            "The request is signed with the secret's text; this sender's key is what the text stands for in {how}."
        ),
        format!(
            "Have whatever signed the request decode the secret from {how} first, without its prefix."
        ),
    )
}

fn other_form(how: &str) -> Finding {
    Finding::proved(
        "secret_not_decoded",
        format!(
            "The secret is written in {how}, which is not the form that this sender's secrets have."
        ),
        "Copy the secret from the sender as it shows it, without converting it.",
    )
}

fn decoded_twice() -> Finding {
    Finding::proved(
        "secret_decoded_twice",
        "The secret is decoded once too often: what is configured has been decoded before, or the signer decodes it again.",
        "Configure the secret as the text that the sender shows; what needs to be decoded is decoded here.",
    )
}
