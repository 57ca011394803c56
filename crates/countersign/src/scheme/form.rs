//! Form bodies, `application/x-www-form-urlencoded`.

use crate::crypto::encoding::decode_hex_secret;

/// The largest number of fields in a form. Twilio sends some dozens.
///
/// The fields are sorted before anything is verified, so an attacker chooses how many there are.
const MAX_FORM_FIELDS: usize = 1000;

/// Returns the fields of a form in the order of name and value, each once, as names and values without
/// separators.
///
/// `None` if the form has too many fields, or a `%` without two hexadecimal digits after it.
pub(super) fn form_text(body: &[u8]) -> Option<Vec<u8>> {
    let pairs = || body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    if pairs().nth(MAX_FORM_FIELDS).is_some() {
        return None;
    }
    let mut fields = Vec::new();
    for pair in pairs() {
        let mut sides = pair.splitn(2, |byte| *byte == b'=');
        let mut side = || decode_form_text(sides.next().unwrap_or_default());
        fields.push((side()?, side()?));
    }
    fields.sort_unstable();
    fields.dedup();
    Some(fields.into_iter().flat_map(|(name, value)| [name, value]).flatten().collect())
}

/// Decodes one name or value of a form
/// ([WHATWG URL](https://url.spec.whatwg.org/#application/x-www-form-urlencoded)).
pub(crate) fn decode_form_text(mut text: &[u8]) -> Option<Vec<u8>> {
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
