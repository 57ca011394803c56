//! The builder of a receiver.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::receiver::Receiver;
use super::settings::{Settings, StoreSetting};
use super::unnamed::UnnamedEndpoint;
use crate::dedup::DedupStore;
use crate::error::{ConfigError, Validation};
use crate::senders::Sender;

impl Receiver {
    /// Creates a receiver of what `sender` delivers, with a [`MemoryStore`](crate::MemoryStore) of its
    /// own.
    pub fn new(sender: impl Sender) -> Self {
        Self::builder(sender).build_unchecked()
    }

    /// Returns a builder for a receiver of what `sender` delivers.
    pub fn builder(sender: impl Sender) -> ReceiverBuilder {
        ReceiverBuilder::new(Arc::new(sender))
    }
}

/// Builds a [`Receiver`]. Settings may come in any order; [`build`](Self::build) validates them
/// together.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::{ConfigErrorKind, MemoryStore, Receiver, Secret, senders};
///
/// let stripe = senders::STRIPE.keys(Secret::new("whsec_of_your_endpoint")?)?;
/// let receiver = Receiver::builder(stripe.clone())
///     .dedup(MemoryStore::default())
///     .endpoint("billing")
///     .lease(Duration::from_secs(30))
///     .build()?;
/// assert_eq!(receiver.endpoint(), "billing");
///
/// let error = Receiver::builder(stripe)
///     .retention(Duration::from_secs(60))
///     .store_timeout(Duration::ZERO)
///     .build()
///     .unwrap_err();
/// assert!(error.kinds().eq([ConfigErrorKind::OutOfRange, ConfigErrorKind::RetentionTooShort]));
/// # Ok::<(), countersign::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ReceiverBuilder {
    pub(super) sender: Arc<dyn Sender>,
    pub(super) settings: Settings,
}

impl ReceiverBuilder {
    pub(crate) fn new(sender: Arc<dyn Sender>) -> Self {
        Self { sender, settings: Settings::default() }
    }

    /// Remembers handled events in `store`; unless set, each receiver that is built has a
    /// [`MemoryStore`](crate::MemoryStore) of its own.
    ///
    /// Receivers of one sender that share a store need different [`endpoint`](Self::endpoint)s. [Choosing
    /// a store] compares the stores.
    ///
    /// [Choosing a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md
    pub fn dedup(mut self, store: impl DedupStore) -> Self {
        self.settings.store = StoreSetting::Shared(Arc::new(store));
        self.settings.is_store_set = true;
        self
    }

    /// Runs the handler for every delivery, however often an event is retried or replayed.
    pub fn danger_without_dedup(mut self) -> Self {
        self.settings.store = StoreSetting::None;
        self
    }

    /// Names the endpoint in dedup keys, logs and metrics.
    ///
    /// Two receivers that share a store under one name treat each other's events as duplicates. Replicas of
    /// one endpoint have the same name.
    ///
    /// Without a name, logs and metrics have the sender's name. With a store set by [`dedup`](Self::dedup),
    /// dedup keys then depend on the key that verified the delivery, and on the path of the public URL if
    /// one is configured, so that a retry that is signed with another key, after a rotation, is handled
    /// again. Name the endpoint to deduplicate across rotations.
    pub fn endpoint(mut self, name: impl Into<Arc<str>>) -> Self {
        self.settings.endpoint = Some(name.into());
        self
    }

    /// Sets how long handled events are remembered; the shortest safe duration unless set.
    ///
    /// The retention must cover the sender's retry window, and the whole time in which a signed timestamp
    /// is fresh.
    pub const fn retention(mut self, retention: Duration) -> Self {
        self.settings.retention = Some(retention);
        self
    }

    /// Sets how long a claim lasts without being renewed: after a crash, the event's next delivery is
    /// handled once the lease has expired.
    ///
    /// The lease must be longer than the contract's response deadline and the store's timeout together.
    /// Unless set it is derived from them.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = Some(lease);
        self
    }

    /// Sets how long one call of the store may take before the sender gets 503; 2 s unless set.
    pub const fn store_timeout(mut self, timeout: Duration) -> Self {
        self.settings.store_timeout = timeout;
        self
    }

    /// Sets how long a body may take to arrive before the sender gets 408; 10 s unless set.
    pub const fn body_timeout(mut self, timeout: Duration) -> Self {
        self.settings.body_timeout = timeout;
        self
    }

    /// Sets how long a handler may run before it is cancelled and its claim released; 15 minutes
    /// unless set.
    ///
    /// The sender gets its response long before, see
    /// [`Contract::response_deadline`](crate::Contract::response_deadline).
    pub const fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handler_timeout = timeout;
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names every wrong setting:
    ///
    /// - [`OutOfRange`](crate::ConfigErrorKind::OutOfRange) for a timeout of zero, and for a lease that
    ///   is too short;
    /// - [`RetentionTooShort`](crate::ConfigErrorKind::RetentionTooShort) for a retention that is too
    ///   short;
    /// - [`EndpointNotNamed`](crate::ConfigErrorKind::EndpointNotNamed) if neither this endpoint nor that
    ///   of another receiver in this process has a name, and both have the same sender, a key in common
    ///   and the same store. A receiver that was dropped does not count. For one endpoint with several
    ///   receivers, clone one.
    pub fn build(self) -> Result<Receiver, ConfigError> {
        let mut validation = Validation::default();
        let scheme = self.sender.verifier().scheme();
        self.settings.validate(self.sender.contract(), scheme, &mut validation);
        let unnamed = match (&self.settings.endpoint, &self.settings.store) {
            (None, StoreSetting::Shared(store)) => {
                validation.check(UnnamedEndpoint::register(self.sender.verifier(), store))
            }
            _ => None,
        };
        validation.finish(Some(()))?;
        Ok(self.build_unchecked().with_registration(unnamed))
    }

    /// Builds from settings that are known to be valid, for a receiver that shares its store with no other.
    pub(crate) fn build_unchecked(self) -> Receiver {
        Receiver::with_settings(self.sender, &self.settings)
    }
}

impl fmt::Debug for ReceiverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiverBuilder")
            .field("sender", &self.sender.verifier().scheme().sender())
            .field("endpoint", &self.settings.endpoint)
            .finish_non_exhaustive()
    }
}
