//! How the text of a configured secret becomes the bytes of a key.

/// How the text of a configured secret becomes the bytes of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyForm {
    /// The key is the text itself.
    AsGiven,
    /// The key is decoded from hexadecimal.
    Hex,
    /// The key is decoded from base64, after a prefix that may be absent.
    Base64 { prefix: &'static str },
}
