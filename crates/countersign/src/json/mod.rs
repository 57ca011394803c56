//! JSON pointers into a body, and types for event payloads.

mod document;
mod document_text;
pub(crate) mod canonical;
pub(crate) mod members;
pub(crate) mod open_enum;
mod patch;
pub(crate) mod places;
pub(crate) mod pointer;
mod raw_json;
mod surrogates;
mod walk;

pub(crate) use self::document::{BOM, document};
pub(crate) use self::document_text::{DOCUMENT_TEXT, from_text};
pub use self::patch::Patch;
pub use self::raw_json::RawJson;
