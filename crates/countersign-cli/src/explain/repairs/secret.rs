//! Repairs of the secret.

use crate::explain::text::credential::{base64_decoded, base64_text, hex_decoded, hex_text};
use countersign::scheme::{Algorithm, KeyFormat};

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind, shown_beside};
use crate::explain::model::Candidate;
use crate::explain::text::escapes::{percent_decoded, without_entities};

/// The prefix of the secrets of Standard Webhooks, Stripe and others.
const PREFIX: &[u8] = b"whsec_";

/// Returns candidates with another secret, frequent mistakes first.
pub(crate) fn repairs(candidate: &Candidate, context: &Context<'_>) -> Vec<Candidate> {
    let mut repairs = Repairs { candidate, list: Vec::new() };
    repairs.around();
    repairs.escaped();
    repairs.in_pem();
    repairs.prefixes();
    // A token is compared as it is; its encoding is found by its header.
    if candidate.scheme.algorithm() != Algorithm::StaticToken {
        repairs.encodings();
    }
    repairs.others(context);
    repairs.list
}

/// Returns candidates with the secret repaired in rare ways. They are many, so they are tried last and
/// not combined with other repairs.
pub(crate) fn rare(candidate: &Candidate) -> Vec<Candidate> {
    let mut repairs = Repairs { candidate, list: Vec::new() };
    repairs.letters();
    repairs.list
}

struct Repairs<'p> {
    candidate: &'p Candidate,
    list: Vec<Candidate>,
}

impl Repairs<'_> {
    fn push(&mut self, secret: impl Into<Vec<u8>>, finding: Finding) {
        let secret = secret.into();
        let is_new = secret != **self.candidate.secret
            && !secret.is_empty()
            && self.list.iter().all(|candidate| **candidate.secret != *secret);
        if is_new {
            self.list.push(self.candidate.with_secret(secret, finding));
        }
    }

    /// Removes white space and quotes, or adds the white space that the sender signs with.
    fn around(&mut self) {
        let secret = self.candidate.secret.clone();
        let space = || {
            Finding::proved(
                FindingKind::SecretWhitespace,
                "The configured secret has white space, a line break or a byte order mark in it, which is used as part of the key.",
                "Store the secret without white space: write it with `printf %s` instead of `echo`, and check both ends.",
            )
        };
        let plain = secret.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&secret);
        self.push(plain.trim_ascii(), space());
        if let Ok(text) = std::str::from_utf8(plain) {
            let all: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
            self.push(all, space());
        }
        let quoted = plain.trim_ascii();
        let with_space = if quoted == secret.as_slice() { "" } else { " and white space" };
        for quote in [b'"', b'\'', b'`'] {
            if let [first, inner @ .., last] = quoted
                && (*first, *last) == (quote, quote)
            {
                self.push(
                    inner.trim_ascii(),
                    Finding::proved(
                        FindingKind::SecretQuoted,
                        format!(
                            "The configured secret has quotes{with_space} around it, which are used as part of the key."
                        ),
                        "Remove the quotes: Docker's env files and systemd's `EnvironmentFile` differ in whether they strip quotes.",
                    ),
                );
            }
        }
        // The opposite mistake: the sender was given the secret with a line break.
        for end in ["\n", "\r\n", " "] {
            self.push(
                [&secret, end.as_bytes()].concat(),
                Finding::proved(
                    FindingKind::SecretWhitespace,
                    "The sender signs with the secret followed by white space or a line break.",
                    "Set the secret again in the sender's settings, without white space or a line break at its end.",
                ),
            );
        }
    }

    /// Undoes the escapes of a shell, an editor or HTML.
    fn escaped(&mut self) {
        let escaped = || {
            Finding::proved(
                FindingKind::SecretEscaped,
                "The configured secret has escapes in it, such as `&lt;` for `<`, `%2F` for `/`, or the two characters `\\n` for a line break.",
                "Configure the secret exactly as the sender shows it; look for a template, a URL or a YAML file that escapes it.",
            )
        };
        let secret = self.candidate.secret.clone();
        for end in ["\\r\\n", "\\n"] {
            if let Some(inner) = secret.strip_suffix(end.as_bytes()) {
                self.push(inner, escaped());
            }
        }
        let Ok(text) = std::str::from_utf8(&secret) else { return };
        if let Some(inner) = without_entities(text) {
            self.push(inner, escaped());
        }
        if let Some(inner) = percent_decoded(text) {
            self.push(inner, escaped());
        }
    }

    /// Takes a public key out of its PEM armor ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)).
    fn in_pem(&mut self) {
        let secret = self.candidate.secret.clone();
        let Ok(text) = std::str::from_utf8(&secret) else { return };
        let text = text.replace("\\n", "\n");
        if !text.trim_start().starts_with("-----BEGIN ") {
            return;
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let line: String = lines.collect();
        let key = match self.candidate.shape.key {
            // The key itself is at the end of the structure around it.
            KeyFormat::Hex => base64_decoded(line.as_bytes())
                .and_then(|der| der.split_last_chunk::<32>().map(|(_, key)| hex_text(key))),
            _ => Some(line),
        };
        if let Some(key) = key {
            self.push(
                key,
                Finding::proved(
                    FindingKind::SecretInPem,
                    "The configured public key is in PEM, between two lines of dashes.",
                    "Configure the key as the sender shows it: the base64 between these lines in one line, or for a key in hexadecimal its last 32 bytes.",
                ),
            );
        }
    }

    fn prefixes(&mut self) {
        let secret = self.candidate.secret.clone();
        let doubled = || {
            Finding::proved(
                FindingKind::SecretPrefixDoubled,
                "The configured secret has its prefix `whsec_` twice.",
                "Configure the secret exactly as the sender shows it, with one prefix.",
            )
        };
        let wrong = || {
            Finding::proved(
                FindingKind::SecretPrefixWrong,
                "The configured secret has a prefix that is not part of it.",
                "Configure the secret exactly as the sender uses it: without a label such as `v1,`, and without `whsec_` unless this sender uses it.",
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
        // NAME=value, as in an env file.
        if let Some(at) = secret.iter().position(|byte| *byte == b'=')
            && let (name, [_, value @ ..]) = secret.split_at(at)
            && name.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
        {
            self.push(value.trim_ascii(), wrong());
        }
        self.push(
            [PREFIX, &secret].concat(),
            Finding::proved(
                FindingKind::SecretPrefixMissing,
                "The configured secret lacks its prefix `whsec_`, which is part of this sender's key.",
                "Configure the secret exactly as the sender shows it, with `whsec_` in front.",
            ),
        );
    }

    /// Undoes a decoding that only one side applies.
    fn encodings(&mut self) {
        let secret = self.candidate.secret.clone();
        let bare = secret.strip_prefix(PREFIX).unwrap_or(&secret);
        // Encodes a key as a secret from which the verifier decodes that key.
        let wrap = |key: &[u8]| match self.candidate.shape.key {
            KeyFormat::Hex => hex_text(key).into_bytes(),
            KeyFormat::Base64 { .. } => base64_text(key).into_bytes(),
            _ => key.to_vec(),
        };
        let key = match self.candidate.shape.key {
            KeyFormat::Hex => hex_decoded(&secret),
            KeyFormat::Base64 { prefix } => {
                base64_decoded(secret.strip_prefix(prefix.as_bytes()).unwrap_or(&secret))
            }
            _ => Some(secret.to_vec()),
        };
        let decodes_itself = self.candidate.shape.key != KeyFormat::Text;
        let mut list = Vec::new();
        // The signer used the text as the key.
        if decodes_itself && key.is_some() {
            for text in [&secret[..], bare] {
                list.push((wrap(text), not_decoded_by_signer(self.candidate.shape.key)));
            }
        }
        // The text encodes the signer's key in another encoding.
        let decoded_bare = [
            base64_decoded(bare).map(|key| (key, "base64")),
            hex_decoded(bare).map(|key| (key, "hexadecimal")),
        ];
        for (inner, how) in decoded_bare.into_iter().flatten() {
            if decodes_itself {
                let text = wrap(&inner);
                // A lost `=` at the end is not another encoding.
                if !text.starts_with(bare) {
                    list.push((text, other_encoding(how)));
                }
            } else {
                list.push((inner, not_decoded_here(how)));
            }
        }
        let Some(key) = key else {
            // The secret cannot be decoded: it may have been decoded before.
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

    /// Tries the other secrets of the question.
    fn others(&mut self, context: &Context<'_>) {
        for (name, secret) in context.others {
            let described = match shown_beside(name, &context.hidden) {
                Some(name) => format!("`{name}`"),
                None => "another name".to_owned(),
            };
            self.push(
                secret.to_vec(),
                Finding::proved(
                    FindingKind::OtherKey,
                    format!("The request is signed with the secret of {described}, not with this endpoint's secret."),
                    "Check in which tenant, account or environment the endpoint's URL is configured, or configure that secret for this endpoint.",
                ),
            );
        }
    }

    /// Adds or removes a character at one end, or changes the case.
    fn letters(&mut self) {
        let secret = self.candidate.secret.clone();
        let case = || {
            Finding::proved(
                FindingKind::SecretCase,
                "The configured secret has letters in the wrong case.",
                "Copy the secret from the sender again, and check that nothing changes its case.",
            )
        };
        self.push(secret.to_ascii_lowercase(), case());
        self.push(secret.to_ascii_uppercase(), case());
        let copied = |what: &str| {
            Finding::proved(
                FindingKind::SecretTruncated,
                format!("The configured secret has one character too {what} at one end."),
                "Copy the whole secret from the sender again.",
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
        FindingKind::SecretNotDecoded,
        format!(
            "The sender signs with the bytes that the secret encodes in {how}; here the text itself is the key."
        ),
        "For a custom sender, decode the secret in its scheme, with `.base64_key(\"\")` or `.hex_key()`. For a sender of the catalogue, have the signer use the text.",
    )
}

fn not_decoded_by_signer(key: KeyFormat) -> Finding {
    let how = if key == KeyFormat::Hex { "hexadecimal" } else { "base64" };
    Finding::proved(
        FindingKind::SecretNotDecoded,
        format!(
            "The request is signed with the secret's text; this sender's key is the bytes that the text encodes in {how}."
        ),
        format!("Have the signer decode the secret from {how} first, without its prefix."),
    )
}

fn other_encoding(how: &str) -> Finding {
    Finding::proved(
        FindingKind::SecretNotDecoded,
        format!("The secret is written in {how}, in which this sender's secrets are not written."),
        "Copy the secret from the sender exactly as shown, without converting it.",
    )
}

fn decoded_twice() -> Finding {
    Finding::proved(
        FindingKind::SecretDecodedTwice,
        "The secret is decoded twice: the configured secret was decoded before, or the signer decodes it again.",
        "Configure the secret as the text that the sender shows; it is decoded here where needed.",
    )
}
