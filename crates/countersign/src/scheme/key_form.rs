//! How a configured secret becomes a key.

/// How the configured secret becomes the MAC's key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum KeyForm {
    AsGiven,
    Hex,
    Base64 { prefix: &'static str },
}
