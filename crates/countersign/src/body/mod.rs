//! From the bytes of a body to the event in it: the formats of bodies, and how each is decoded.
//!
//! Every body has one [`Reading`](reading::Reading), which only the sender's formats and the body's own
//! bytes decide. Both are covered by the signature or configured; the request's content type is neither.

pub(crate) mod content_type;
mod decode;
mod file_part;
pub(crate) mod form;
mod format;
mod multipart;
mod own_names;
pub(crate) mod reading;
mod undecodable;

pub(crate) use self::decode::{decode_form, decode_json};
pub use self::file_part::FilePart;
pub use self::format::BodyFormat;
pub(crate) use self::format::BodyFormats;
