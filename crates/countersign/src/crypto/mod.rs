//! Hashes, MACs, signatures and encodings.

pub(crate) mod asymmetric;
pub(crate) mod encoding;
pub(crate) mod mac;
