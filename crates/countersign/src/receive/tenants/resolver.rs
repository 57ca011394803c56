//! The application's lookup of a tenant's keys.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::error::ConfigError;
use crate::keys::Keyring;

/// Resolves the keys of a tenant: from a database, a vault, a fetched key set.
///
/// [Many tenants] is the guide.
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
///
/// [Many tenants]: https://github.com/countersign/countersign/blob/main/docs/tenants.md
pub trait KeyResolver: Send + Sync + 'static {
    /// Returns the tenant called `name` with its keys, or `None` if there is no such tenant.
    ///
    /// `name` is unverified input from a request: printable ASCII, up to 128 bytes. Where several names
    /// denote one tenant, such as the ids of its keys, return the tenant's own name for each of them: it
    /// is part of the dedup key, and an event that is delivered under two names is still one event.
    ///
    /// # Errors
    ///
    /// A [`ResolveError`] if the keys are unavailable now. The sender gets 503.
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
    /// Creates a tenant from its own name, which is part of its dedup keys, and its keys.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, keys: impl Into<Keyring>) -> Self {
        Self { name: name.into(), keys: keys.into() }
    }
}

/// Why a tenant's keys are unavailable.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ResolveError(Box<str>);

impl ResolveError {
    /// Creates an error from a message for the operator, which must not hold a secret.
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

/// Keys that are resolved but cannot be used.
impl From<ConfigError> for ResolveError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}

pub(super) type Resolving<'r> =
    Pin<Box<dyn Future<Output = Result<Option<Tenant>, ResolveError>> + Send + 'r>>;

/// An object-safe [`KeyResolver`].
pub(super) trait Resolve: Send + Sync {
    fn resolve<'r>(&'r self, tenant: &'r str) -> Resolving<'r>;
}

impl<R: KeyResolver> Resolve for R {
    fn resolve<'r>(&'r self, tenant: &'r str) -> Resolving<'r> {
        Box::pin(KeyResolver::resolve(self, tenant))
    }
}
