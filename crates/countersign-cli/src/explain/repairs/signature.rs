//! Repairs of the signature header's text.

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::model::Candidate;
use crate::explain::shape::CredentialHeader;
use crate::explain::text::credential::{self, credentials, encode, has_signature_length};

/// Adds candidates whose signature header is written as the sender would.
pub(crate) fn repairs(candidate: &Candidate, list: &mut Vec<Candidate>) {
    let algorithm = candidate.scheme.algorithm();
    let Some(at) = &candidate.shape.credential else { return };
    let Some(value) = candidate.head.first(&at.header) else { return };
    list.extend(without_blanks(candidate, at, value));
    for found in credentials(value, |bytes| has_signature_length(algorithm, bytes)) {
        let right = encode(&found.bytes, at.encoding);
        let has_encoding = right.eq_ignore_ascii_case(found.text)
            && (found.encoding == countersign::scheme::Encoding::Hex || right == found.text);
        let time = at.time(value);
        let Some(repaired_value) = at.value(time, &right) else { continue };
        if repaired_value == value {
            continue;
        }
        let has_prefix = at.value(time, found.text).as_deref() == Some(value);
        let mut repaired = None;
        if !has_encoding {
            let finding = Finding::proved(
                FindingKind::SignatureEncoding,
                format!(
                    "The signature is written in {}, but this sender writes {}.",
                    credential::name(found.encoding),
                    credential::name(at.encoding)
                ),
                format!(
                    "Have the signer write it in {}. For a custom sender, set the encoding to `{}`.",
                    credential::name(at.encoding),
                    credential::code(found.encoding)
                ),
            );
            repaired = Some(
                candidate
                    .with_head(candidate.head.with(&at.header, repaired_value.clone()), finding),
            );
        }
        if !has_prefix {
            let finding = prefix_finding(at.time_prefix.as_deref(), &at.prefix, &found);
            let mut repaired_value =
                candidate.with_head(candidate.head.with(&at.header, repaired_value), finding);
            if let Some(encoded) = repaired {
                repaired_value.findings.splice(
                    candidate.findings.len()..candidate.findings.len(),
                    encoded.findings.into_iter().skip(candidate.findings.len()),
                );
            }
            repaired = Some(repaired_value);
        }
        list.extend(repaired);
    }
}

/// Removes white space around the separators of pairs.
fn without_blanks(candidate: &Candidate, at: &CredentialHeader, value: &str) -> Option<Candidate> {
    let separator = at.pair_separator?;
    if at.allows_white_space {
        return None;
    }
    let items: Vec<_> = value.split(separator).map(str::trim).collect();
    let joined = items.join(separator.encode_utf8(&mut [0; 4]));
    if joined == value || joined == value.trim() {
        return None;
    }
    let finding = Finding::proved(
        FindingKind::PairWhitespace,
        format!(
            "The pairs in header `{}` have white space around a separator, which this sender's scheme does not have.",
            at.header
        ),
        "Pass on the header unchanged. If the sender writes white space there, add `allow_white_space()` to the `SignatureLocation` of its scheme, or `white_space = true` to `[signature]` in its file.",
    );
    Some(candidate.with_head(candidate.head.with(&at.header, joined), finding))
}

fn prefix_finding(
    time_prefix: Option<&str>,
    prefix: &str,
    found: &credential::Credential<'_>,
) -> Finding {
    let wanted = match time_prefix {
        Some(time) => format!("`{time}<time>{prefix}`"),
        None if prefix.is_empty() => "nothing".to_owned(),
        None => format!("`{prefix}`"),
    };
    let problem = if found.before.is_empty() && found.after.is_empty() {
        format!("The header has only the signature, but this sender writes {wanted} before it.")
    } else {
        format!(
            "The header has other text around the signature than this sender writes: {wanted} before it and nothing after it."
        )
    };
    Finding::proved(
        FindingKind::SignaturePrefix,
        problem,
        format!(
            "Pass on the header unchanged. A script that signs test requests must write {wanted} before the signature."
        ),
    )
}
