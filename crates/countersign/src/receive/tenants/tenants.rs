//! The receiver of many tenants.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, CacheEntry};
use super::resolver::{Resolve, Tenant};
use super::source::TenantSource;
use super::tenant_sender::{MakeSender, TenantSender};
use crate::error::{ConfigError, Rejection, RejectionKind, Validation};
use crate::headers::Headers;
use crate::receive::receiver::Receiver;
use crate::receive::settings::Settings;
use crate::senders::Sender;
use crate::time::Clock;

/// The time for which it is cached that a tenant is unknown.
const UNKNOWN_TTL: Duration = Duration::from_secs(30);

/// Receives the deliveries of one sender to many tenants, each with keys of its own.
///
/// An adapter takes it in place of a [`Receiver`]. The tenant is part of every dedup key, so that events
/// of two tenants are never duplicates. A request for an unknown tenant is rejected like one with a
/// wrong signature, after the same work. See [the guide].
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
///
/// [the guide]: https://github.com/countersign/countersign/blob/main/docs/tenants.md
#[derive(Clone)]
#[must_use]
pub struct Tenants {
    pub(super) source: Arc<TenantSource>,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) sender: Arc<MakeSender>,
    pub(super) settings: Arc<Settings>,
    /// The receiver for unknown tenants, which rejects every request after the usual work.
    pub(super) unknown_tenant: Arc<Receiver>,
    pub(super) cache: Arc<Cache<Arc<Receiver>>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) cache_ttl: Duration,
}

impl Tenants {
    /// Drops the cached keys of `tenant`, so that they are resolved again.
    ///
    /// Call this after a key was revoked.
    pub fn invalidate(&self, tenant: &str) {
        self.cache.invalidate(tenant);
    }

    /// Returns the receiver for the tenant that a request names.
    ///
    /// # Errors
    ///
    /// - [`RejectionKind::MissingHeader`], [`RejectionKind::DuplicateHeader`] or
    ///   [`RejectionKind::MalformedHeader`] if the request does not name a tenant.
    /// - [`RejectionKind::KeysUnavailable`] if the tenant's keys cannot be resolved.
    pub async fn receiver<H: Headers + ?Sized>(
        &self,
        head: &H,
    ) -> Result<Arc<Receiver>, Rejection> {
        match self.source.read(head)? {
            Some(tenant) => self.for_tenant(&tenant).await,
            None => Ok(Arc::clone(&self.unknown_tenant)),
        }
    }

    /// Returns the receiver for unknown tenants, which differs from a tenant's in its keys alone.
    pub(crate) const fn unknown_tenant(&self) -> &Arc<Receiver> {
        &self.unknown_tenant
    }

    /// Returns the tenant's receiver, unless the settings are wrong for the contract of its sender.
    fn receiver_of(&self, sender: Arc<dyn Sender>, tenant: &str) -> Result<Receiver, ConfigError> {
        let mut validation = Validation::default();
        let scheme = sender.verifier().scheme();
        self.settings.validate(sender.contract(), scheme, &mut validation);
        validation.finish(Some(Receiver::with_settings(sender, &self.settings).for_tenant(tenant)))
    }

    /// Returns the receiver of a tenant; the one for unknown tenants if there is none of this name.
    pub(crate) async fn for_tenant(&self, tenant: &str) -> Result<Arc<Receiver>, Rejection> {
        let unavailable = |detail: String| {
            Rejection::new(RejectionKind::KeysUnavailable)
                .with_detail(format!("check the key resolver: {detail}"))
        };
        loop {
            match self.cache.entry(tenant, self.clock.now()) {
                CacheEntry::Known(receiver) => return Ok(receiver),
                CacheEntry::Unknown => return Ok(Arc::clone(&self.unknown_tenant)),
                // The other caller may be cancelled. Then the next one looks the tenant up.
                CacheEntry::Wait(ended) => ended.await,
                CacheEntry::LimitReached => {
                    return Err(unavailable("too many lookups are in flight".to_owned()));
                }
                CacheEntry::Lookup(mut lookup) => {
                    let resolved = self.resolver.resolve(tenant).await;
                    let resolved = resolved.map_err(|error| unavailable(error.to_string()))?;
                    let now = self.clock.now();
                    let Some(Tenant { name, keys }) = resolved else {
                        if lookup.store_unknown(now.saturating_add(UNKNOWN_TTL)) {
                            return Ok(Arc::clone(&self.unknown_tenant));
                        }
                        continue;
                    };
                    let sender = (self.sender)(keys).map_err(|error| {
                        unavailable(format!("the resolved keys do not fit the sender: {error}"))
                    })?;
                    let sender = TenantSender::new(sender, |verifier| verifier.of_tenant(&name));
                    let receiver = self.receiver_of(Arc::new(sender), &name);
                    let receiver =
                        Arc::new(receiver.map_err(|error| unavailable(error.to_string()))?);
                    if lookup.store_known(Arc::clone(&receiver), now.saturating_add(self.cache_ttl))
                    {
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
