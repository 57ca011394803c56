//! The rule against splicing: no byte may move from one signed value to another.

use memchr::memchr;

use crate::scheme::SignedPart;

/// Returns whether the signed content can be split into its parts in only one way at `part`, whose
/// bytes are `value`.
///
/// The signed content has exactly one reading: its bytes determine where each signed value begins and
/// ends. Without that, an attacker could move bytes from one value to its neighbour, for example the
/// end of an id to the start of the body, and the signature would still match.
///
/// The content is read from the left up to the body, and from the right down to the body. The body
/// itself may hold anything, since it is what remains between the two. `before` is the signed text
/// directly before `part`, empty directly after the body; `rest` are the parts after `part`.
///
/// | `part` | its neighbour | has one reading |
/// |---|---|---|
/// | literal or body | any | always: a literal is configured, the body is the remainder |
/// | URL | any | always: its forms are configured, and none is the beginning of another |
/// | time before the body | a literal that begins with a non-digit | always: the literal ends the digits, and an RFC 3339 time ends with its offset |
/// | value before the body | any other literal | if the literal does not begin inside the value |
/// | time before the body | no literal | always: the time has a fixed width |
/// | id of a fixed length before the body | any | always: the length ends the id |
/// | id that may hold the separator | a literal, a time in digits, a literal | if no separated time begins inside the id, see [`is_ended_by_time`] |
/// | value after the body | text before it | if that text does not end again inside the value |
/// | time after the body | the body | always: the time has a fixed width |
///
/// The forms of the URL, the bounds of ids and those of the fields of a body are tried by the tests
/// `urls`, `grammars` and `fields`: each splits every text over a small alphabet in every way.
///
/// [`SchemeBuilder::build`] rejects schemes with any other case, such as two headers without a literal
/// between them.
///
/// [`SchemeBuilder::build`]: crate::scheme::SchemeBuilder::build
#[inline]
pub(crate) fn is_unambiguous(
    part: &SignedPart,
    value: &[u8],
    before: &[u8],
    after_body: bool,
    rest: &[SignedPart],
) -> bool {
    match (part, rest) {
        (SignedPart::Literal(_) | SignedPart::Url | SignedPart::Body, _) => true,
        _ if after_body => before.is_empty() || !ends_again(value, before),
        (SignedPart::Timestamp, [SignedPart::Literal(after), ..])
            if !after.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            true
        }
        (_, [SignedPart::Literal(after), ..]) => !begins_early(value, after.as_bytes()),
        _ => true,
    }
}

/// Returns whether the first separated time after the start of the signed id is `time` itself, where
/// the id may hold the text that separates it.
///
/// `rest` are the parts after the id: a literal, the time and another literal, as
/// [`SchemeBuilder::build`] checks. Every accepted time of the scheme has the width of `time`. So the
/// content has exactly one reading, whatever the body holds: the id ends where, for the first time, the
/// literal, that many digits and the other literal follow. An id in which they occur earlier is
/// rejected. No occurrence begins inside the id and ends in the body, since all are equally long.
///
/// [`SchemeBuilder::build`]: crate::scheme::SchemeBuilder::build
pub(crate) fn is_ended_by_time(id: &[u8], time: &[u8], rest: &[SignedPart]) -> bool {
    let [SignedPart::Literal(before), _, SignedPart::Literal(after), ..] = rest else {
        return false;
    };
    let content = [id, before.as_bytes(), time, after.as_bytes()].concat();
    let is_time_at = |at: usize| {
        let rest = content.get(at..).and_then(|rest| rest.strip_prefix(before.as_bytes()));
        let split = rest.and_then(|rest| rest.split_at_checked(time.len()));
        split.is_some_and(|(digits, rest)| {
            digits.iter().all(u8::is_ascii_digit) && rest.starts_with(after.as_bytes())
        })
    };
    (1..id.len()).all(|at| !is_time_at(at))
}

/// Returns whether `separator` occurs in `value` followed by `separator` before the end of `value`.
///
/// The occurrence may reach beyond the value: `..` begins inside `a.` where `a...` is signed.
fn begins_early(value: &[u8], separator: &[u8]) -> bool {
    if let [byte] = separator {
        return memchr(*byte, value).is_some();
    }
    (0..value.len()).any(|at| {
        let (_, rest) = value.split_at(at);
        let overlap = separator.strip_prefix(rest);
        rest.starts_with(separator) || overlap.is_some_and(|tail| separator.starts_with(tail))
    })
}

/// Returns whether `separator`, written before `value`, occurs again within or overlapping `value`.
///
/// The occurrence may begin before the value: `..` ends again inside `.a` where `...a` is signed.
fn ends_again(value: &[u8], separator: &[u8]) -> bool {
    (1..=value.len()).any(|end| {
        let (start, _) = value.split_at(end);
        let overlap = separator.strip_suffix(start);
        start.ends_with(separator) || overlap.is_some_and(|head| separator.ends_with(head))
    })
}

#[cfg(test)]
mod tests {
    use super::is_unambiguous;
    use crate::headers::HeaderIndex;
    use crate::scheme::SignedPart;

    fn id() -> SignedPart {
        SignedPart::Id(HeaderIndex::new().add("x-id").unwrap())
    }

    fn header() -> SignedPart {
        SignedPart::Header(HeaderIndex::new().add("x-header").unwrap())
    }

    fn literal(text: &'static str) -> SignedPart {
        SignedPart::Literal(text.into())
    }

    /// `part` before the body, with `after` between it and the body.
    fn before_body(part: &SignedPart, value: &str, after: &'static str) -> bool {
        is_unambiguous(part, value.as_bytes(), b"", false, &[literal(after), SignedPart::Body])
    }

    /// `part` at the end, with `before` between the body and it.
    fn after_body(part: &SignedPart, value: &str, before: &str) -> bool {
        is_unambiguous(part, value.as_bytes(), before.as_bytes(), true, &[])
    }

    #[test]
    fn an_id_without_the_separator_has_one_reading() {
        assert!(before_body(&id(), "msg_1", "."));
    }

    #[test]
    fn an_id_that_holds_the_separator_has_two() {
        assert!(!before_body(&id(), "msg.1", "."));
        assert!(!before_body(&id(), "msg_1.", "."));
    }

    #[test]
    fn a_header_that_holds_a_longer_separator_has_two() {
        assert!(!before_body(&header(), "a::b", "::"));
        assert!(before_body(&header(), "a:b", "::"));
    }

    #[test]
    fn a_value_whose_end_completes_the_separator_early_has_two() {
        assert!(!before_body(&header(), "a:", "::"));
        assert!(before_body(&header(), "a:", ":;"));
    }

    #[test]
    fn a_value_equal_to_the_start_of_the_separator_has_two_if_the_separator_repeats_it() {
        assert!(!before_body(&header(), ":", "::"));
        assert!(before_body(&header(), ":", ":;"));
    }

    #[test]
    fn a_time_before_a_literal_has_one_reading() {
        assert!(before_body(&SignedPart::Timestamp, "1700000000", "."));
        assert!(before_body(&SignedPart::Timestamp, "2023-11-14T22:13:20.000Z", "."));
    }

    #[test]
    fn a_time_that_holds_a_literal_of_digits_has_two() {
        assert!(!before_body(&SignedPart::Timestamp, "1700000000", "0"));
        assert!(before_body(&SignedPart::Timestamp, "1700000000", "2"));
    }

    #[test]
    fn a_time_directly_beside_the_body_has_one_reading() {
        let time = SignedPart::Timestamp;
        assert!(is_unambiguous(&time, b"1700000000", b"", false, &[SignedPart::Body]));
        assert!(is_unambiguous(&time, b"1700000000", b"", true, &[]));
    }

    #[test]
    fn a_header_after_the_body_without_the_separator_has_one_reading() {
        assert!(after_body(&header(), "a", "."));
    }

    #[test]
    fn a_header_after_the_body_that_holds_the_text_before_it_has_two() {
        assert!(!after_body(&header(), "a.b", "."));
        assert!(!after_body(&header(), ".b", ".."));
        assert!(!after_body(&header(), ".", ".."));
    }

    #[test]
    fn a_time_after_the_body_that_holds_the_text_before_it_has_two() {
        assert!(!after_body(&SignedPart::Timestamp, "1700000000", "0"));
        assert!(after_body(&SignedPart::Timestamp, "1700000000", "."));
    }

    #[test]
    fn a_header_after_the_body_may_hold_the_literal_after_it() {
        assert!(is_unambiguous(&header(), b"a;b", b".", true, &[literal(";")]));
    }

    #[test]
    fn literals_and_the_body_always_have_one_reading() {
        assert!(before_body(&literal("v0:"), "v0:", ":"));
        assert!(after_body(&literal("."), ".", "."));
        assert!(is_unambiguous(&SignedPart::Body, b"..", b".", false, &[literal(".")]));
    }
}
