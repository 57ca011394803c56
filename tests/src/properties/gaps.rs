//! What the crates are known to let through, each to be deleted here once it is closed there.

/// serde_json skips strings without reading them, so a body that is not UTF-8 can still fit a type
/// that does not read all of it; an event as a whole, and a naive reader, refuse it.
pub(super) fn is_not_utf8(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_err()
}

/// A derived struct takes an array for its fields in order; an event as a whole does not.
pub(super) fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// The `time` crate takes any byte between date and time; RFC 3339 has `T` there.
pub(super) fn with_separator(time: &str) -> String {
    time.chars().enumerate().map(|(at, letter)| if at == 10 { 'T' } else { letter }).collect()
}

/// A pointer's escapes are looked for after others were taken out, so `~~10` passes for one.
pub(super) fn has_joined_escapes(pointer: &str) -> bool {
    pointer.contains("~~10")
}

/// Bytes can move between signed parts if a header follows the body, if the literal after a part
/// ends as it begins (`::`), or if the literal after the time begins with a digit.
pub(super) fn parts_can_shift(parts: &str) -> bool {
    const VALUES: [char; 4] = ['i', 'h', 't', 'b'];
    let body_then_header = parts
        .find('b')
        .is_some_and(|body| parts.get(body..).unwrap_or_default().contains(['i', 'h']));
    let overlaps = parts.split(VALUES).any(|literal| {
        (1..literal.len())
            .any(|end| literal.get(..end).is_some_and(|start| literal.ends_with(start)))
    });
    let digit_by_time = (b'0'..=b'9')
        .map(char::from)
        .any(|digit| parts.contains(&format!("t{digit}")) || parts.contains(&format!("{digit}t")));
    body_then_header || overlaps || digit_by_time
}
