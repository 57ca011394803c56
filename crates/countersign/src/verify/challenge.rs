//! The texts that a key may sign as a challenge, apart from bodies.

/// The longest challenge that is signed, in bytes. X's are about 50 bytes long.
const MAX_BYTES: usize = 128;

/// Returns whether `text` may be signed as a challenge: up to 128 letters, digits, `-`, `_` and `=`.
///
/// Where one key signs challenges and bodies, such a text is never accepted as a body. No event is one: each
/// is a JSON object.
pub(crate) fn is_challenge(text: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&text.len()) && is_word(text)
}

/// Returns whether `text` has only letters, digits, `-`, `_` and `=`: nothing that separates signed values.
pub(crate) fn is_word(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(byte))
}
