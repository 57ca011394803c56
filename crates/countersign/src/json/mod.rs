//! JSON pointers into a body, and types for event payloads.

pub(crate) mod open_enum;
mod patch;
pub(crate) mod pointer;
mod raw_json;
mod walk;

pub use self::patch::Patch;
pub use self::raw_json::RawJson;
