//! Form bodies, `application/x-www-form-urlencoded`.

pub(crate) use crate::body::form::decode_form_text;

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
