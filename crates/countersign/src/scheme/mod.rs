//! How a sender signs, as data: one value drives verifying, signing and explaining.

mod algorithm;
mod builder;
mod compile;
pub(crate) mod content;
pub(crate) mod form;
mod key_form;
mod location;
mod part;
mod public_url;
mod scheme;
#[cfg(feature = "sign")]
mod sign;
#[cfg(feature = "sign")]
mod signed_request;
pub(crate) mod signed_fields;

pub use self::algorithm::Algorithm;
pub use self::builder::SchemeBuilder;
pub(crate) use self::key_form::KeyForm;
pub use self::location::SignatureLocation;
pub(crate) use self::location::{CompiledLocation, CompiledSignature, CompiledTimestamp, Grammar};
pub(crate) use self::part::SignedPart;
pub use self::part::{Field, Part};
pub(crate) use self::public_url::PublicUrl;
pub use self::scheme::Scheme;
#[cfg(feature = "sign")]
pub use self::sign::SigningRequest;
#[cfg(feature = "sign")]
pub use self::signed_request::SignedRequest;
pub use crate::crypto::encoding::Encoding;
pub use crate::time::{TimestampFormat, Tolerance};
