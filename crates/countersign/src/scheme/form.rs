//! Form bodies.

use crate::crypto::encoding::decode_hex_secret;

/// The most fields of a form: it is sorted before anything is verified. Twilio sends some dozens.
const MAX_FORM_FIELDS: usize = 1000;

/// A form's fields by name and value, each once, names and values joined without anything between.
///
/// `None` if it is no form: a `%` without two hexadecimal digits behind it; or has too many fields.
pub(super) fn form_text(body: &[u8]) -> Option<Vec<u8>> {
    let pairs = || body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    if pairs().nth(MAX_FORM_FIELDS).is_some() {
        return None;
    }
    let mut fields = Vec::new();
    for pair in pairs() {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let mut side = || form_decoded(sides.next().unwrap_or_default());
        fields.push((side()?, side()?));
    }
    fields.sort_unstable();
    fields.dedup();
    Some(fields.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect())
}

/// One name or value of `application/x-www-form-urlencoded`
/// ([WHATWG URL](https://url.spec.whatwg.org/#application/x-www-form-urlencoded)).
pub(crate) fn form_decoded(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let (byte, rest) = match first {
            b'+' => (b' ', rest),
            b'%' => {
                let (digits, rest) = rest.split_first_chunk::<2>()?;
                (*decode_hex_secret(digits)?.first()?, rest)
            }
            byte => (*byte, rest),
        };
        decoded.push(byte);
        text = rest;
    }
    Some(decoded)
}
