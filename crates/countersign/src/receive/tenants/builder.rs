//! The builder of a receiver of many tenants.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cache::Cache;
use super::resolver::{KeyResolver, Resolve};
use super::source::{TenantFrom, TenantSource};
use super::tenant_sender::{MakeSender, dummy_sender};
use super::tenants::Tenants;
use crate::error::{ConfigError, ConfigErrorKind, Validation};
use crate::keys::Keyring;
use crate::receive::builder::ReceiverBuilder;
use crate::receive::receiver::Receiver;
use crate::receive::settings::StoreSetting;
use crate::receive::unnamed::UnnamedEndpoint;
use crate::senders::Sender;
use crate::time::{Clock, MonotonicClock};

/// The default time for which a tenant's keys are cached.
const CACHE_TTL: Duration = Duration::from_secs(5 * 60);

/// The default number of cached tenants, and of cached unknown names.
const CACHE_CAPACITY: usize = 10_000;

impl Tenants {
    /// Returns a builder for the tenants whose keys `keys` resolves; `sender` creates the sender with a
    /// tenant's keys.
    pub fn builder<S: Sender>(
        from: TenantFrom,
        keys: impl KeyResolver,
        sender: impl Fn(Keyring) -> Result<S, ConfigError> + Send + Sync + 'static,
    ) -> TenantsBuilder {
        TenantsBuilder::new(from, keys, sender)
    }
}

/// Builds [`Tenants`]. Settings may come in any order; [`build`](Self::build) validates them together.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::tenants::{KeyResolver, TenantFrom, Tenants};
/// use countersign::{ConfigError, senders};
///
/// fn tenants(keys: impl KeyResolver) -> Result<Tenants, ConfigError> {
///     let from = TenantFrom::Header("x-key-id".to_owned());
///     Tenants::builder(from, keys, |keys| senders::STRIPE.keys(keys))
///         .configure(|receiver| receiver.endpoint("billing"))
///         .cache_ttl(Duration::from_secs(60))
///         .cache_capacity(1000)
///         .build()
/// }
/// ```
#[must_use = "a builder does nothing until it is built"]
pub struct TenantsBuilder {
    from: TenantFrom,
    resolver: Arc<dyn Resolve>,
    sender: Arc<MakeSender>,
    configure: Box<dyn FnOnce(ReceiverBuilder) -> ReceiverBuilder + Send>,
    cache_capacity: usize,
    cache_ttl: Duration,
    clock: Arc<dyn Clock>,
}

impl TenantsBuilder {
    pub(super) fn new<S: Sender>(
        from: TenantFrom,
        resolver: impl KeyResolver,
        sender: impl Fn(Keyring) -> Result<S, ConfigError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            from,
            resolver: Arc::new(resolver),
            sender: Arc::new(move |keys| {
                let sender = sender(keys)?;
                Ok(Arc::new(sender) as Arc<dyn Sender>)
            }),
            configure: Box::new(|receiver| receiver),
            cache_capacity: CACHE_CAPACITY,
            cache_ttl: CACHE_TTL,
            clock: Arc::new(MonotonicClock::default()),
        }
    }

    /// Sets the store, the endpoint's name and the timeouts, as for a single
    /// [`Receiver`](crate::Receiver). All tenants share them.
    ///
    /// Unless set, handled events are remembered in one [`MemoryStore`](crate::MemoryStore) for all.
    /// `configure` gets a builder whose sender is a placeholder: only the settings are kept. Further calls
    /// add to the settings.
    pub fn configure(
        mut self,
        configure: impl FnOnce(ReceiverBuilder) -> ReceiverBuilder + Send + 'static,
    ) -> Self {
        let earlier = self.configure;
        self.configure = Box::new(|receiver| configure(earlier(receiver)));
        self
    }

    /// Sets how many tenants are cached, and how many unknown names; 10 000 each unless set.
    pub const fn cache_capacity(mut self, tenants: usize) -> Self {
        self.cache_capacity = tenants;
        self
    }

    /// Sets how long a tenant's keys are cached before they are resolved again; five minutes unless
    /// set.
    pub const fn cache_ttl(mut self, ttl: Duration) -> Self {
        self.cache_ttl = ttl;
        self
    }

    /// Measures the age of cached keys with `clock`; a [`MonotonicClock`] unless set.
    pub fn cache_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names every wrong setting: those of
    /// [`ReceiverBuilder::build`](crate::ReceiverBuilder::build), and
    ///
    /// - [`OutOfRange`](ConfigErrorKind::OutOfRange) for a cache capacity or duration of zero;
    /// - [`InvalidHeaderName`](ConfigErrorKind::InvalidHeaderName) if the tenant's header has an invalid
    ///   name;
    /// - [`MissingSetting`](ConfigErrorKind::MissingSetting) if the tenant's path does not begin and end
    ///   with `/`;
    /// - [`EndpointNotNamed`](ConfigErrorKind::EndpointNotNamed) if neither this endpoint nor that of other
    ///   `Tenants` in this process has a name, and both have the same sender and the same store. `Tenants`
    ///   that were dropped do not count. For one endpoint with several routes, clone the `Tenants`;
    /// - every error of the sender's own settings.
    pub fn build(self) -> Result<Tenants, ConfigError> {
        let mut validation = Validation::default();
        validation.positive("cache_ttl", self.cache_ttl);
        if self.cache_capacity == 0 {
            validation.reject(
                ConfigErrorKind::OutOfRange,
                "`cache_capacity` is zero: set it to the number of tenants that are active at a time",
            );
        }
        let source = validation.check(TenantSource::parse(self.from));
        let unknown_tenant = validation.check(dummy_sender(&*self.sender)).map(|dummy| {
            let settings = (self.configure)(ReceiverBuilder::new(Arc::clone(&dummy))).settings;
            let scheme = dummy.verifier().scheme();
            settings.validate(dummy.contract(), scheme, &mut validation);
            let unnamed = match (&settings.endpoint, &settings.store) {
                (None, StoreSetting::Shared(store)) => {
                    validation.check(UnnamedEndpoint::register_tenants(scheme.sender(), store))
                }
                _ => None,
            };
            let settings = settings.with_one_store();
            (Receiver::with_settings(dummy, &settings).with_registration(unnamed), settings)
        });
        let (source, (unknown_tenant, settings)) = validation.finish(source.zip(unknown_tenant))?;
        Ok(Tenants {
            source: Arc::new(source),
            resolver: self.resolver,
            sender: self.sender,
            unknown_tenant: Arc::new(unknown_tenant),
            settings: Arc::new(settings),
            cache: Arc::new(Cache::new(self.cache_capacity)),
            clock: self.clock,
            cache_ttl: self.cache_ttl,
        })
    }
}

impl fmt::Debug for TenantsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantsBuilder").field("from", &self.from).finish_non_exhaustive()
    }
}
