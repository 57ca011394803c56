//! The values of a handshake's request: parameters, headers, and whether they fit a response.

use crate::headers::{Headers, is_printable};
use crate::scheme::form::decode_form_text;

/// The longest challenge that gets a response, in bytes. The challenges of known senders are far shorter.
const MAX_CHALLENGE_BYTES: usize = 1024;

/// Returns a challenge that is printable and short enough for a response.
pub(super) fn presentable(challenge: &[u8]) -> Option<&str> {
    let is_fit = (1..=MAX_CHALLENGE_BYTES).contains(&challenge.len()) && is_printable(challenge);
    if is_fit { std::str::from_utf8(challenge).ok() } else { None }
}

/// Returns a parameter of the query that occurs exactly once.
pub(super) fn parameter(head: &(impl Headers + ?Sized), name: &str) -> Option<Vec<u8>> {
    field(head.query()?.as_bytes(), name)
}

/// Returns a field of a query or form that occurs exactly once.
pub(super) fn field(pairs: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut found = pairs.split(|byte| *byte == b'&').filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (key, value) = pair.split_at(equals);
        (decode_form_text(key)? == name.as_bytes()).then(|| value.get(1..).unwrap_or_default())
    });
    let value = found.next()?;
    if found.next().is_some() { None } else { decode_form_text(value) }
}

/// Returns a header that occurs exactly once.
pub(super) fn header<'h>(head: &'h (impl Headers + ?Sized), name: &str) -> Option<&'h [u8]> {
    let (mut found, mut count) = (None, 0);
    head.each(|header, value| {
        if header.eq_ignore_ascii_case(name) {
            found = Some(value);
            count += 1;
        }
    });
    found.filter(|_| count == 1)
}

/// Returns whether a header has a name that begins with `prefix`, in any case.
pub(super) fn has_header_prefix(head: &(impl Headers + ?Sized), prefix: &str) -> bool {
    let mut found = false;
    head.each(|header, _| {
        let beginning = header.as_bytes().get(..prefix.len());
        found |= beginning.is_some_and(|text| text.eq_ignore_ascii_case(prefix.as_bytes()));
    });
    found
}
