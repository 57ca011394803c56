//! The settings of a receiver, and the defaults that are derived from its sender.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::Contract;
use crate::dedup::{MemoryStore, Store};
use crate::error::{ConfigErrorKind, Validation};
use crate::scheme::Scheme;
use crate::time::Tolerance;

/// The shortest and the longest default lease.
const DEFAULT_LEASES: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(60));

/// The settings that a [`ReceiverBuilder`](super::ReceiverBuilder) and a
/// [`TenantsBuilder`](super::TenantsBuilder) share.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) store: StoreSetting,
    /// Without a name, dedup keys depend on the key that verified the delivery.
    pub(crate) endpoint: Option<Arc<str>>,
    /// Whether the store was set.
    pub(crate) is_store_set: bool,
    /// Defaults to the shortest safe retention.
    pub(crate) retention: Option<Duration>,
    /// Defaults to a duration derived from the response deadline and the store's timeout.
    pub(crate) lease: Option<Duration>,
    pub(crate) store_timeout: Duration,
    pub(crate) body_timeout: Duration,
    pub(crate) handler_timeout: Duration,
}

/// The choice of a dedup store.
#[derive(Clone)]
pub(crate) enum StoreSetting {
    /// A memory store of each receiver's own.
    Default,
    /// A store that was set, or the one memory store of all tenants' receivers.
    Shared(Arc<dyn Store>),
    None,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: StoreSetting::Default,
            is_store_set: false,
            endpoint: None,
            retention: None,
            lease: None,
            store_timeout: Duration::from_secs(2),
            body_timeout: Duration::from_secs(10),
            handler_timeout: Duration::from_secs(15 * 60),
        }
    }
}

impl Settings {
    /// Returns the store; a new memory store unless one is set.
    pub(crate) fn store(&self) -> Option<Arc<dyn Store>> {
        match &self.store {
            StoreSetting::Default => Some(Arc::new(MemoryStore::default())),
            StoreSetting::Shared(store) => Some(Arc::clone(store)),
            StoreSetting::None => None,
        }
    }

    /// Returns the same settings with one store for all receivers that are built from them.
    pub(crate) fn with_one_store(self) -> Self {
        let store = self.store().map_or(StoreSetting::None, StoreSetting::Shared);
        Self { store, ..self }
    }

    /// Records every setting that is wrong for a sender with this contract and scheme.
    pub(crate) fn validate(
        &self,
        contract: &Contract,
        scheme: &Scheme,
        validation: &mut Validation,
    ) {
        validation.positive("store_timeout", self.store_timeout);
        validation.positive("body_timeout", self.body_timeout);
        validation.positive("handler_timeout", self.handler_timeout);
        let shortest = shortest_retention(contract, scheme);
        if let Some(retention) = self.retention.filter(|retention| *retention < shortest) {
            validation.reject(
                ConfigErrorKind::RetentionTooShort,
                format!(
                    "`retention` of {retention:?} is too short: `{}` may retry an event for {shortest:?}",
                    scheme.sender()
                ),
            );
        }
        let shortest = self.shortest_lease(contract);
        if let Some(lease) = self.lease.filter(|lease| *lease < shortest) {
            validation.reject(
                ConfigErrorKind::OutOfRange,
                format!(
                    "`lease` of {lease:?} is too short for `response_deadline` and `store_timeout` together: set at least {shortest:?}"
                ),
            );
        }
    }

    pub(crate) fn retention(&self, contract: &Contract, scheme: &Scheme) -> Duration {
        self.retention.unwrap_or_else(|| shortest_retention(contract, scheme))
    }

    pub(crate) fn timeouts(&self, contract: &Contract) -> Timeouts {
        let (shortest, longest) = DEFAULT_LEASES;
        let default = contract.response_deadline().saturating_mul(2).clamp(shortest, longest);
        let lease = self.lease.unwrap_or(default.max(self.shortest_lease(contract)));
        Timeouts {
            body: self.body_timeout,
            store: self.store_timeout,
            response: contract.response_deadline(),
            handler: self.handler_timeout,
            lease,
            renew: lease / 3,
            commit_retry: contract.retry_window(),
        }
    }

    /// Returns the shortest lease that covers the handler until the response deadline, and the commit
    /// after it.
    fn shortest_lease(&self, contract: &Contract) -> Duration {
        let covered = contract.response_deadline().saturating_add(self.store_timeout);
        covered.saturating_add(Duration::from_millis(1))
    }
}

fn shortest_retention(contract: &Contract, scheme: &Scheme) -> Duration {
    contract.retry_window().max(freshness_window(scheme))
}

/// Returns how long a captured request stays fresh: both sides of the tolerance.
pub(crate) fn freshness_window(scheme: &Scheme) -> Duration {
    scheme.tolerance().map_or(Duration::ZERO, Tolerance::window)
}

/// The durations that [`verify`](crate::adapter::verify) and [`drive`](crate::adapter::drive) enforce.
///
/// [`Receiver::timeouts`](crate::Receiver::timeouts) returns them; the methods of
/// [`ReceiverBuilder`](crate::ReceiverBuilder) set them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Timeouts {
    /// The time for the whole body to arrive.
    pub body: Duration,
    /// The time for one call of the store.
    pub store: Duration,
    /// The time from the claim to the response.
    pub response: Duration,
    /// The time from the handler's start to its end.
    pub handler: Duration,
    /// The time after which a claim that is not renewed expires.
    pub lease: Duration,
    /// The time between two renewals of the lease: a third of it.
    pub renew: Duration,
    /// The time for which a failed commit is retried.
    pub commit_retry: Duration,
}
