//! The receiver of many tenants.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::builder::TenantsBuilder;
use super::cache::{Cache, CacheEntry};
use super::resolver::{KeyResolver, Resolve, Tenant};
use super::source::{TenantFrom, TenantSource};
use super::tenant_sender::{MakeSender, TenantSender};
use crate::error::{ConfigError, Rejection, RejectionKind};
use crate::headers::Headers;
use crate::keys::Keyring;
use crate::receive::receiver::Receiver;
use crate::receive::settings::Settings;
use crate::senders::Sender;
use crate::time::Clock;

/// How long it is cached that a tenant is unknown.
const UNKNOWN_TTL: Duration = Duration::from_secs(30);

/// Receives what one sender delivers for many tenants, each with keys of its own.
///
/// An adapter takes it in place of a [`Receiver`]. The tenant is part of every dedup key, so that events
/// of two tenants never meet. A request for an unknown tenant is rejected like one with a wrong
/// signature, after the same work.
///
/// ```
/// use countersign::tenants::{KeyResolver, TenantFrom, Tenants};
/// use countersign::{ConfigError, MemoryStore, senders};
///
/// fn receive(keys: impl KeyResolver) -> Result<Tenants, ConfigError> {
///     let from = TenantFrom::PathPrefix("/webhooks/stripe/".to_owned());
///     Tenants::builder(from, keys, |keys| senders::STRIPE.keys(keys))
///         .configure(|receiver| receiver.dedup(MemoryStore::default()).endpoint("stripe"))
///         .build()
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Tenants {
    pub(super) source: Arc<TenantSource>,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) sender: Arc<MakeSender>,
    pub(super) settings: Settings,
    /// Receives for unknown tenants: it rejects every request, after the usual work.
    pub(super) unknown_tenant: Arc<Receiver>,
    pub(super) cache: Arc<Cache<Arc<Receiver>>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) cache_ttl: Duration,
}

impl Tenants {
    /// Returns a builder for the tenants that `keys` knows; `sender` makes the sender with a tenant's
    /// keys.
    pub fn builder<S: Sender>(
        from: TenantFrom,
        keys: impl KeyResolver,
        sender: impl Fn(Keyring) -> Result<S, ConfigError> + Send + Sync + 'static,
    ) -> TenantsBuilder {
        TenantsBuilder::new(from, keys, sender)
    }

    /// Drops the cached keys of `tenant`, so that they are resolved again: after a key was revoked.
    pub fn invalidate(&self, tenant: &str) {
        self.cache.invalidate(tenant);
    }

    /// Returns the receiver for the tenant that a request names.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::MissingHeader`] and the like if the request names none, and
    /// [`RejectionKind::KeysUnavailable`] if its keys are unavailable.
    pub async fn receiver<H: Headers + ?Sized>(
        &self,
        head: &H,
    ) -> Result<Arc<Receiver>, Rejection> {
        match self.source.read(head)? {
            Some(tenant) => self.for_tenant(&tenant).await,
            None => Ok(Arc::clone(&self.unknown_tenant)),
        }
    }

    /// The receiver for unknown tenants: like any tenant's but for its keys.
    pub(crate) const fn unknown_tenant(&self) -> &Arc<Receiver> {
        &self.unknown_tenant
    }

    fn receiver_of(&self, sender: Arc<dyn Sender>, tenant: &str) -> Receiver {
        Receiver::with_settings(sender, &self.settings).for_tenant(tenant)
    }

    async fn for_tenant(&self, tenant: &str) -> Result<Arc<Receiver>, Rejection> {
        let unavailable =
            |why: String| Rejection::new(RejectionKind::KeysUnavailable).with_detail(why);
        loop {
            match self.cache.look(tenant, self.clock.now()) {
                CacheEntry::Known(receiver) => return Ok(receiver),
                CacheEntry::Unknown => return Ok(Arc::clone(&self.unknown_tenant)),
                // Whoever asks for the keys may be gone, and then the next one asks.
                CacheEntry::Wait(answered) => answered.await,
                CacheEntry::LimitReached => {
                    return Err(unavailable("too many are asked for".to_owned()));
                }
                CacheEntry::Lookup(mut asked) => {
                    let found = self.resolver.resolve(tenant).await;
                    let found = found.map_err(|error| unavailable(error.to_string()))?;
                    let now = self.clock.now();
                    let Some(Tenant { name, keys }) = found else {
                        if asked.is_unknown(now.saturating_add(UNKNOWN_TTL)) {
                            return Ok(Arc::clone(&self.unknown_tenant));
                        }
                        continue;
                    };
                    let sender = (self.sender)(keys)
                        .map_err(|error| unavailable(format!("those found do not fit: {error}")))?;
                    let sender = TenantSender::new(sender, |verifier| verifier.of_tenant(&name));
                    let receiver = Arc::new(self.receiver_of(Arc::new(sender), &name));
                    if asked.is_known(Arc::clone(&receiver), now.saturating_add(self.cache_ttl)) {
                        return Ok(receiver);
                    }
                }
            }
        }
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("endpoint", &self.unknown_tenant.endpoint())
            .field("cache_ttl", &self.cache_ttl)
            .finish_non_exhaustive()
    }
}
