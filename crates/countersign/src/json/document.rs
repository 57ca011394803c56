//! The text of a JSON document.

/// The byte order mark of UTF-8, which some senders write before a document.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Returns the text of a document without its byte order mark, which a parser may ignore
/// ([RFC 8259, section 8.1](https://www.rfc-editor.org/rfc/rfc8259#section-8.1)); `None` if it is not UTF-8.
pub(crate) fn document(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body.strip_prefix(BOM).unwrap_or(body)).ok()
}
