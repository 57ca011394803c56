//! Hashes, MACs, public-key signatures and text encodings.

pub(crate) mod asymmetric;
pub(crate) mod encoding;
pub(crate) mod mac;
