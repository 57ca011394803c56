//! The keys that requests are verified with.

mod jwks;
mod secret;

pub use self::secret::{Key, Keyring, Secret};
pub(crate) use self::secret::{Window, is_blank};
