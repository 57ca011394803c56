//! The forms in which a secret may be written: escaped, in PEM, or in another encoding.

use countersign::scheme::{Algorithm, KeyFormat};

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::Candidate;
use crate::explain::text::credential::{base64_decoded, base64_text, hex_decoded, hex_text};
use crate::explain::text::escapes::{percent_decoded, without_entities};

/// The prefix of the secrets of Standard Webhooks, Stripe and others.
pub(super) const PREFIX: &[u8] = b"whsec_";

/// A repaired secret, and the finding that names the mistake.
pub(super) type SecretRepair = (Vec<u8>, Finding);

/// Returns the secrets of which the configured one is an escape.
pub(super) fn unescaped(candidate: &Candidate) -> Vec<SecretRepair> {
    let mut list = escaped(candidate);
    list.extend(in_pem(candidate));
    list
}

/// Returns the secrets of which the configured one is a decoding or an encoding.
pub(super) fn recoded(candidate: &Candidate) -> Vec<SecretRepair> {
    // A token is compared as it is; its encoding is found by its header.
    if candidate.scheme.algorithm() == Algorithm::StaticToken {
        return Vec::new();
    }
    encodings(candidate)
}

/// Undoes the escapes of a shell, an editor or HTML.
fn escaped(candidate: &Candidate) -> Vec<SecretRepair> {
    let mut list = Vec::new();
    let escaped = || {
        Finding::proved(
            FindingKind::SecretEscaped,
            "The configured secret has escapes in it, such as `&lt;` for `<`, `%2F` for `/`, or the two characters `\\n` for a line break.",
            "Configure the secret exactly as the sender shows it; look for a template, a URL or a YAML file that escapes it.",
        )
    };
    let secret = &candidate.secret;
    for end in ["\\r\\n", "\\n"] {
        if let Some(inner) = secret.strip_suffix(end.as_bytes()) {
            list.push((inner.into(), escaped()));
        }
    }
    let Ok(text) = std::str::from_utf8(secret) else { return list };
    if let Some(inner) = without_entities(text) {
        list.push((inner.into(), escaped()));
    }
    if let Some(inner) = percent_decoded(text) {
        list.push((inner, escaped()));
    }
    list
}

/// Takes a public key out of its PEM armor ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)).
fn in_pem(candidate: &Candidate) -> Option<SecretRepair> {
    let text = std::str::from_utf8(&candidate.secret).ok()?.replace("\\n", "\n");
    if !text.trim_start().starts_with("-----BEGIN ") {
        return None;
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let line: String = lines.collect();
    let key = match candidate.shape.key {
        // The key itself is at the end of the structure around it.
        KeyFormat::Hex => base64_decoded(line.as_bytes())
            .and_then(|der| der.split_last_chunk::<32>().map(|(_, key)| hex_text(key))),
        _ => Some(line),
    };
    let finding = Finding::proved(
        FindingKind::SecretInPem,
        "The configured key is in PEM, between two lines of dashes.",
        "Configure the key as the sender shows it: the base64 between these lines in one line, or for a key in hexadecimal its last 32 bytes.",
    );
    Some((key?.into(), finding))
}

/// Undoes a decoding that only one side applies.
fn encodings(candidate: &Candidate) -> Vec<SecretRepair> {
    let secret = &candidate.secret;
    let bare = secret.strip_prefix(PREFIX).unwrap_or(secret);
    // Encodes a key as a secret from which the verifier decodes that key.
    let wrap = |key: &[u8]| match candidate.shape.key {
        KeyFormat::Hex => hex_text(key).into_bytes(),
        KeyFormat::Base64 { .. } => base64_text(key).into_bytes(),
        _ => key.to_vec(),
    };
    let key = match candidate.shape.key {
        KeyFormat::Hex => hex_decoded(secret),
        KeyFormat::Base64 { prefix } => {
            base64_decoded(secret.strip_prefix(prefix.as_bytes()).unwrap_or(secret))
        }
        _ => Some(secret.to_vec()),
    };
    let decodes_itself = candidate.shape.key != KeyFormat::Text;
    let mut list = Vec::new();
    // The signer used the text as the key.
    if decodes_itself && key.is_some() {
        for text in [&secret[..], bare] {
            list.push((wrap(text), not_decoded_by_signer(candidate.shape.key)));
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
        list.push((wrap(secret), decoded_twice()));
        return list;
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
    list
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
