//! The errors of the two moments at which something can be wrong: a request, and the configuration.
//!
//! Both are opaque and have a `Copy` kind. Their text is for the operator: it names the place
//! and the next step, and never holds a secret, a signature or a piece of a body.

mod config_error;
mod config_error_kind;
mod rejection;
mod rejection_kind;
mod validation;

pub use self::config_error::ConfigError;
pub use self::config_error_kind::ConfigErrorKind;
pub(crate) use self::rejection::RETRY_AFTER;
pub use self::rejection::Rejection;
pub use self::rejection_kind::RejectionKind;
pub(crate) use self::validation::Validation;
