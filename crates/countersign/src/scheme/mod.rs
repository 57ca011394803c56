//! How a sender signs, as data: one value drives verification, signing and diagnosis.

mod accessors;
mod algorithm;
mod body_digest;
mod builder;
mod compile;
mod compiled;
pub(crate) mod content;
mod event_types;
pub(crate) mod form;
mod form_content;
mod items;
mod key_form;
mod location;
mod part;
mod part_rules;
mod public_url;
#[expect(clippy::module_inception, reason = "each type is in the file of its name")]
mod scheme;
mod signed_fields;
#[cfg(feature = "sign")]
mod signed_parts;
#[cfg(feature = "sign")]
mod signing_request;
mod signed_url;
mod url_query;

pub use self::accessors::{
    Credential, KeyFormat, Location, PartRef, SignatureGrammar, SignedTimestamp, TimestampLocation,
};
pub use self::algorithm::Algorithm;
pub use self::builder::SchemeBuilder;
pub(crate) use self::compile::MAX_ID_BYTES;
pub(crate) use self::compiled::{CompiledLocation, CompiledSignature, CompiledTimestamp};
pub(crate) use self::event_types::EventTypes;
pub use self::items::Items;
pub(crate) use self::items::{CompiledItems, PlaceOfItems};
pub(crate) use self::key_form::KeyForm;
pub(crate) use self::location::Grammar;
pub use self::location::SignatureLocation;
pub use self::part::Part;
pub(crate) use self::part::SignedPart;
pub(crate) use self::public_url::{Ports, PublicUrl, redacted};
pub use self::scheme::Scheme;
pub use self::signed_fields::Field;
#[cfg(feature = "sign")]
pub use self::signed_parts::SignedParts;
pub(crate) use self::signed_url::SignedUrl;
#[cfg(feature = "sign")]
pub use self::signing_request::SigningRequest;
pub use crate::body::BodyFormat;
pub use crate::crypto::encoding::Encoding;
pub use crate::time::{TimestampFormat, Tolerance};
