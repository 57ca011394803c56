//! The id and the type of an event, as an operator searches for them.

/// The most of an id or a type that is kept for an operator to search by, in bytes.
const MAX_SEARCHABLE_BYTES: usize = 255;

/// Returns an id or a type as an operator searches for it: shortened, and without the character that no
/// column of PostgreSQL can hold.
pub(crate) fn searchable(text: &str) -> Box<str> {
    text_within(text, MAX_SEARCHABLE_BYTES).replace('\0', "\u{fffd}").into()
}

/// Returns the longest beginning of `text` with at most `bytes` bytes.
pub(crate) fn text_within(text: &str, bytes: usize) -> &str {
    let ends = text.char_indices().map(|(start, letter)| start + letter.len_utf8());
    let end = ends.take_while(|end| *end <= bytes).last().unwrap_or_default();
    text.get(..end).unwrap_or_default()
}
