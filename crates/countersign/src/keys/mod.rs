//! Secrets, keys and keyrings: what requests are verified with.

mod jwks;
mod key;
mod keyring;
mod secret;

pub use self::key::Key;
pub(crate) use self::key::Window;
pub use self::keyring::Keyring;
pub use self::secret::Secret;
pub(crate) use self::secret::is_blank;
