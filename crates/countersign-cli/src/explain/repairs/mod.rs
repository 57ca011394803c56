//! The repairs: each undoes one mistake, and carries the finding that names the mistake.

pub(crate) mod body;
pub(crate) mod config;
mod found_signature;
pub(crate) mod headers;
pub(crate) mod secret;
mod secret_forms;
mod signature;
mod signed_content;
mod signed_headers;
mod signing;
mod suggested_fields;
mod token;
mod url;
mod visit;
mod wrapped;
