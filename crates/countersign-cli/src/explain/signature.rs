//! The signature written otherwise than the sender writes it.

use super::credential::{self, credentials, encode};
use super::finding::Finding;
use super::form::is_long_enough;
use super::parts::Parts;

/// The signature header as the sender would write it.
pub(super) fn repairs(parts: &Parts, list: &mut Vec<Parts>) {
    let algorithm = parts.scheme.algorithm();
    let Some(at) = &parts.form.at else { return };
    let Some(value) = parts.head.first(&at.header) else { return };
    for found in credentials(value, |bytes| is_long_enough(algorithm, bytes)) {
        let right = encode(&found.bytes, at.encoding);
        let is_encoded_so = right.eq_ignore_ascii_case(found.text)
            && (found.encoding == countersign::scheme::Encoding::Hex || right == found.text);
        let time = at.time(value);
        let Some(mended) = at.value(time, &right) else { continue };
        if mended == value {
            continue;
        }
        let is_prefixed_so = at.value(time, found.text).as_deref() == Some(value);
        let mut repaired = None;
        if !is_encoded_so {
            let finding = Finding::proved(
                "signature_encoding",
                format!(
                    "The signature is written in {}, where this sender writes {}.",
                    credential::name(found.encoding),
                    credential::name(at.encoding)
                ),
                format!(
                    "Write it in {}; if it is a sender of your own, set its encoding to `{}`.",
                    credential::name(at.encoding),
                    credential::code(found.encoding)
                ),
            );
            repaired = Some(parts.head(parts.head.with(&at.header, mended.clone()), finding));
        }
        if !is_prefixed_so {
            let finding = prefix(at.before_time.as_deref(), &at.before, &found);
            let mut mended = parts.head(parts.head.with(&at.header, mended), finding);
            if let Some(encoded) = repaired {
                mended.found.splice(
                    parts.found.len()..parts.found.len(),
                    encoded.found.into_iter().skip(parts.found.len()),
                );
            }
            repaired = Some(mended);
        }
        list.extend(repaired);
    }
}

fn prefix(before_time: Option<&str>, before: &str, found: &credential::Credential<'_>) -> Finding {
    let wanted = match before_time {
        Some(time) => format!("`{time}<time>{before}`"),
        None if before.is_empty() => "nothing".to_owned(),
        None => format!("`{before}`"),
    };
    let problem = if found.before.is_empty() && found.after.is_empty() {
        format!(
            "The signature stands alone in its header, where this sender writes {wanted} in front."
        )
    } else {
        format!(
            "Something else stands around the signature than this sender writes, which is {wanted} in front and nothing behind."
        )
    };
    Finding::proved(
        "signature_prefix",
        problem,
        format!(
            "Send the header on as it was received; whatever signs test requests must write {wanted} before the signature."
        ),
    )
}
