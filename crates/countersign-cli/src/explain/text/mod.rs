//! The text formats of requests: reading what was received and writing what may have been sent.

pub(crate) mod charset;
pub(crate) mod credential;
pub(crate) mod escapes;
pub(crate) mod form;
pub(crate) mod header_names;
pub(crate) mod json;
pub(crate) mod url;
