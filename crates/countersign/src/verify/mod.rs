//! From a request to a [`Delivery`]: its headers, its body, and the comparison between them.
//!
//! The stages in order, each in a file of its own: `verification` holds the entry points; `headers`
//! checks what the headers alone decide, with `metadata`, `signature_header` and `splicing`;
//! `streaming` takes a body in pieces; `body` compares it with the credential.

mod body;
mod challenge;
mod claimed_as;
mod content_coding;
mod delivery;
mod delivery_fields;
mod first_key;
mod from_delivery;
mod gzip;
mod header_text;
mod headers;
mod item;
mod item_claims;
mod items;
mod key;
mod key_set;
mod metadata;
mod named_fields;
mod signature_header;
mod signed_content;
mod signed_prefix;
mod splicing;
mod stored_delivery;
mod streaming;
mod verification;
mod verifier;

pub(crate) use self::challenge::{is_challenge, is_word};
pub(crate) use self::claimed_as::{ClaimedAs, Redelivery};
pub use self::delivery::Delivery;
pub use self::from_delivery::FromDelivery;
pub use self::item::Item;
pub(crate) use self::item_claims::{ItemClaims, ItemFuture};
pub(crate) use self::stored_delivery::StoredDelivery;
pub use self::streaming::StreamingVerifier;
pub use self::verifier::Verifier;
