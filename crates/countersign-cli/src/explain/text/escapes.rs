//! Undoes the escapes of HTML and of URLs.

/// The entities that escape text in HTML; `&amp;` is the last, so that no other is made from it.
const ENTITIES: [(&str, &str); 8] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&#x2F;", "/"),
    ("&amp;", "&"),
];

/// Returns the text with its entities decoded; `None` if it has none.
pub(crate) fn without_entities(text: &str) -> Option<String> {
    let decoded = ENTITIES
        .iter()
        .fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    (decoded != text).then_some(decoded)
}

/// Returns the bytes of a percent-encoded text; `None` if it has no escape or a malformed one.
pub(crate) fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    if !text.contains('%') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = if *first == b'%' {
            let (digits, tail) = tail.split_first_chunk::<2>()?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            tail
        } else {
            bytes.push(*first);
            tail
        };
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{percent_decoded, without_entities};

    #[test]
    fn entities_are_decoded_once() {
        assert_eq!(without_entities("a &lt; b &amp;lt; c").as_deref(), Some("a < b &lt; c"));
        assert_eq!(without_entities("a & b"), None);
    }

    #[test]
    fn a_malformed_escape_is_not_decoded() {
        assert_eq!(percent_decoded("%7B%22a%22%3A1%7D").as_deref(), Some(&b"{\"a\":1}"[..]));
        for text in ["plain", "100%", "%zz"] {
            assert_eq!(percent_decoded(text), None, "{text}");
        }
    }
}
