//! Repairs of the secret.

use crate::explain::context::Context;
use crate::explain::finding::{Finding, FindingKind, shown_beside};
use crate::explain::model::Candidate;
use crate::explain::repairs::secret_forms::{self, PREFIX, SecretRepair};

/// Returns candidates with another secret, frequent mistakes first.
pub(crate) fn repairs(candidate: &Candidate, context: &Context<'_>) -> Vec<Candidate> {
    let mut repairs = Repairs { candidate, list: Vec::new() };
    repairs.around();
    repairs.extend(secret_forms::unescaped(candidate));
    repairs.prefixes();
    repairs.extend(secret_forms::recoded(candidate));
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

    fn extend(&mut self, list: Vec<SecretRepair>) {
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
