//! JSON: pointers into a body, and the types that event payloads are made of.

pub(crate) mod open_enum;
mod patch;
pub(crate) mod pointer;
mod raw_json;
mod walk;

pub use self::patch::Patch;
pub use self::raw_json::RawJson;
