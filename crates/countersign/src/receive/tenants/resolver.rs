//! Finding the keys of a tenant.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::error::ConfigError;
use crate::keys::Keyring;

/// Finds the keys of a tenant: in a database, a vault, a fetched key set.
///
/// ```
/// use countersign::tenants::{KeyResolver, ResolveError, Tenant};
/// use countersign::Secret;
///
/// struct Table;
///
/// impl KeyResolver for Table {
///     async fn resolve(&self, name: &str) -> Result<Option<Tenant>, ResolveError> {
///         match name {
///             "acme" => Ok(Some(Tenant::new("acme", Secret::new("read from a table")?))),
///             _ => Ok(None),
///         }
///     }
/// }
/// ```
pub trait KeyResolver: Send + Sync + 'static {
    /// The tenant that `name` means, with its keys, or `None` if it means none.
    ///
    /// `name` is what an unverified request says: printable ASCII, up to 128 bytes. Where several
    /// names mean one tenant, such as the ids of its keys, give that tenant's own name with each: an
    /// event is known under it, whichever name it comes by.
    ///
    /// # Errors
    ///
    /// A [`ResolveError`] if that cannot be told now; the sender is answered 503.
    fn resolve(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<Tenant>, ResolveError>> + Send;
}

/// A tenant with its keys.
#[derive(Debug)]
pub struct Tenant {
    pub(super) name: Box<str>,
    pub(super) keys: Keyring,
}

impl Tenant {
    /// The tenant of this name, by which its events are known, and its keys.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, keys: impl Into<Keyring>) -> Self {
        Self { name: name.into(), keys: keys.into() }
    }
}

/// Why a tenant's keys cannot be had now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolveError(Box<str>);

impl ResolveError {
    /// For the operator; it holds no secret.
    #[must_use]
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ResolveError {}

/// Keys that are found but cannot be used.
impl From<ConfigError> for ResolveError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}

pub(super) type Resolving<'r> =
    Pin<Box<dyn Future<Output = Result<Option<Tenant>, ResolveError>> + Send + 'r>>;

/// [`KeyResolver`] behind a pointer.
pub(super) trait Resolve: Send + Sync {
    fn resolve<'r>(&'r self, tenant: &'r str) -> Resolving<'r>;
}

impl<R: KeyResolver> Resolve for R {
    fn resolve<'r>(&'r self, tenant: &'r str) -> Resolving<'r> {
        Box::pin(KeyResolver::resolve(self, tenant))
    }
}
