//! Form bodies, `application/x-www-form-urlencoded`
//! ([WHATWG URL](https://url.spec.whatwg.org/#application/x-www-form-urlencoded)).

use std::borrow::Cow;

use crate::crypto::encoding::decode_hex_secret;

/// The largest number of fields in a form. Senders send some dozens.
///
/// A form of a megabyte could otherwise hold half a million fields, at some hundred bytes of memory each.
pub(super) const MAX_FIELDS: usize = 10_000;

/// Decodes one name or value of a form; `None` if it has a `%` without two hexadecimal digits after it.
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

/// Checks that every parser reads the same text from `form`.
///
/// Other parsers keep a malformed escape as text, or replace bytes that are not UTF-8.
///
/// # Errors
///
/// What is wrong, and with which field.
pub(super) fn check(form: &[u8]) -> Result<(), Cow<'static, str>> {
    for (at, pair) in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).enumerate() {
        if at == MAX_FIELDS {
            return Err(format!("the form has more than {MAX_FIELDS} fields").into());
        }
        let field = at + 1;
        let decoded = decode_form_text(pair)
            .ok_or_else(|| format!("field {field} of the form has a `%` without two digits"))?;
        // Neither `=` nor an escape of a part of a character separates the name from the value.
        if std::str::from_utf8(&decoded).is_err() {
            return Err(format!("field {field} of the form is not UTF-8").into());
        }
    }
    Ok(())
}

/// Returns the values of all fields named `name` in a form that [`check`] accepts.
pub(super) fn values<'f>(form: &'f [u8], name: &str) -> impl Iterator<Item = Cow<'f, str>> {
    form_urlencoded::parse(form).filter_map(move |(own, value)| (own == name).then_some(value))
}
