//! Lone surrogates: escapes of one half of a character.

use std::borrow::Cow;

/// Returns a JSON document with the escape `\ufffd` in place of each escape of a lone surrogate.
pub(super) fn without_lone_surrogates(json: &str) -> Cow<'_, str> {
    let mut replaced = String::new();
    // The position up to which the document is in `replaced`.
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest.as_bytes())) {
        at += found;
        match unit(json, at) {
            None => at += 2,
            Some(0xd800..=0xdbff) if matches!(unit(json, at + 6), Some(0xdc00..=0xdfff)) => {
                at += 12
            }
            Some(0xd800..=0xdfff) => {
                replaced.push_str(json.get(copied..at).unwrap_or_default());
                replaced.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            Some(_) => at += 6,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    replaced.push_str(json.get(copied..).unwrap_or_default());
    Cow::Owned(replaced)
}

/// Returns the UTF-16 code unit of the escape `\uXXXX` at this position.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix("\\u")?;
    u16::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::without_lone_surrogates;

    #[track_caller]
    fn replaces(json: &str, expected: &str) {
        assert_eq!(without_lone_surrogates(json), expected);
    }

    #[test]
    fn lone_surrogates_are_replaced() {
        replaces(r#""\ud83d""#, r#""\ufffd""#);
        replaces(r#""\uDE00""#, r#""\ufffd""#);
        replaces(r#""\ud83d\ud83d\ude00\ude00""#, r#""\ufffd\ud83d\ude00\ufffd""#);
        replaces(r#"["a\ud83db","c"]"#, r#"["a\ufffdb","c"]"#);
        replaces(r#""\ud83d\n\ude00""#, r#""\ufffd\n\ufffd""#);
    }

    #[test]
    fn pairs_and_other_escapes_are_kept() {
        for json in
            [r#""\ud83d\ude00""#, r#""\\ud83d""#, r#""\n\u00e9""#, "\"é\"", r#""\\\\ud83d""#, ""]
        {
            replaces(json, json);
        }
        replaces(r#""\\\ud83d""#, r#""\\\ufffd""#);
    }
}
