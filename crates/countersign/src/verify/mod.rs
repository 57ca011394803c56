//! From a request to a [`Delivery`]: its headers, its body, and the comparison between them.

pub(crate) mod body;
mod delivery;
pub(crate) mod headers;
pub(crate) mod key;
pub(crate) mod metadata;
pub(crate) mod signature_header;
mod signed_prefix;
mod splicing;
mod streaming;
mod verifier;

pub use self::delivery::{Delivery, FromDelivery};
pub(crate) use self::delivery::{HeaderText, MAX_ID_BYTES};
pub use self::streaming::StreamingVerifier;
pub use self::verifier::Verifier;
