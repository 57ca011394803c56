//! The receiver: a sender, a dedup store, and the policy between them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::admission::Admission;
use super::claim::Claim;
use super::outcome::Outcome;
use super::settings::{Settings, StoreSetting, Timeouts, freshness_window};
use super::unnamed::UnnamedEndpoint;
use crate::contract::Contract;
#[cfg(feature = "metrics")]
use crate::dedup::StoreUsage;
use crate::dedup::{ClaimOutcome, Retention, Store, StoreError, StoreErrorKind, StoreId};
use crate::error::Rejection;
use crate::event::{EventKey, EventScope, Identity, tenant_scope};
use crate::headers::Headers;
use crate::scheme::Scheme;
use crate::senders::Sender;
use crate::time::Timestamp;
use crate::verify::{Delivery, StreamingVerifier, Verifier};

/// Receives the deliveries of one sender to one endpoint.
///
/// [`Receiver::new`] suits a single process that may forget the events it handled when it ends;
/// [`Receiver::builder`] takes a [store], an endpoint's name and timeouts. An adapter puts the receiver
/// in front of a route.
///
/// Without a framework, [`verify`](Self::verify) verifies a request ([`open`](Self::open) does where the
/// body arrives in pieces), and [`claim`](Self::claim) deduplicates:
///
/// ```
/// use countersign::{Admission, Outcome, Receiver, Timestamp};
///
/// async fn receive(
///     receiver: &Receiver,
///     headers: &[(String, String)],
///     body: Vec<u8>,
///     now: Timestamp,
/// ) -> Result<Outcome, Box<dyn std::error::Error>> {
///     let delivery = receiver.verify(headers, body, now)?;
///     let claim = match receiver.claim(&delivery).await? {
///         Admission::Proceed(claim) => claim,
///         Admission::Respond(outcome) => return Ok(outcome),
///     };
///     let succeeded = delivery.event::<serde_json::Value>().is_ok(); // the handler's work
///     if !succeeded {
///         claim.release().await?;
///         return Ok(Outcome::Failed);
///     }
///     claim.commit().await?;
///     Ok(Outcome::Handled)
/// }
/// ```
///
/// [store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md
#[derive(Clone)]
#[must_use]
pub struct Receiver {
    pub(super) sender: Arc<dyn Sender>,
    /// The sender's verifier, for the endpoint.
    verifier: Arc<Verifier>,
    store: Option<Arc<dyn Store>>,
    /// Whether the endpoint has a name of its own, or the receiver is a tenant's.
    is_named: bool,
    /// Whether the receiver was given its store.
    is_store_set: bool,
    endpoint: Arc<str>,
    /// Separates dedup keys: the endpoint's name and, where there are tenants, the tenant's. `None` without
    /// a name and with a store that others may share; then the key that verified a delivery separates them.
    scope: Option<EventScope>,
    #[expect(dead_code, reason = "keeps an unnamed endpoint registered while a clone lives")]
    unnamed: Option<Arc<UnnamedEndpoint>>,
    retention: Duration,
    timeouts: Timeouts,
}

impl Receiver {
    pub(crate) fn with_settings(sender: Arc<dyn Sender>, settings: &Settings) -> Self {
        let (contract, scheme) = (sender.contract(), sender.verifier().scheme());
        let endpoint = settings.endpoint.clone().unwrap_or_else(|| scheme.sender().into());
        let is_separate = match settings.store {
            // No other endpoint has this store, so its events need nothing that separates them.
            StoreSetting::Default => true,
            StoreSetting::Shared(_) | StoreSetting::None => settings.endpoint.is_some(),
        };
        Self {
            store: settings.store(),
            is_named: settings.endpoint.is_some(),
            is_store_set: settings.is_store_set,
            scope: is_separate.then(|| EventScope::new(&endpoint, scheme.sender())),
            unnamed: None,
            verifier: Arc::new(sender.verifier().at_endpoint(&endpoint)),
            endpoint,
            retention: settings.retention(contract, scheme),
            timeouts: settings.timeouts(contract),
            sender,
        }
    }

    /// Keeps an unnamed endpoint registered while the receiver or a clone of it lives.
    pub(super) fn with_registration(self, unnamed: Option<Arc<UnnamedEndpoint>>) -> Self {
        Self { unnamed, ..self }
    }

    /// Separates the dedup keys from those of every other tenant.
    pub(crate) fn for_tenant(self, tenant: &str) -> Self {
        let endpoint = tenant_scope(&self.endpoint, tenant);
        let scope = Some(EventScope::new(&endpoint, self.scheme().sender()));
        Self { scope, is_named: true, ..self }
    }

    /// Checks that the method is the one by which the sender delivers: `POST`, unless the scheme has
    /// another [method](Scheme::method).
    ///
    /// # Errors
    ///
    /// [`MethodNotAllowed`](crate::RejectionKind::MethodNotAllowed) for any other method.
    pub fn check_method(&self, method: &str) -> Result<(), Rejection> {
        let own = self.scheme().method();
        if method == own { Ok(()) } else { Err(Rejection::method_not_allowed(own)) }
    }

    /// Checks a request's headers, and returns the verifier that takes the body.
    ///
    /// The signed timestamp is compared with `now`.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] that names the header and what is wrong with it.
    pub fn open<'r, H: Headers + ?Sized>(
        &'r self,
        headers: &'r H,
        now: Timestamp,
    ) -> Result<StreamingVerifier<'r>, Rejection> {
        self.verifier.open(headers, now, self.contract().max_body_size())
    }

    /// Verifies a request whose body has arrived: [`open`](Self::open),
    /// [`update`](StreamingVerifier::update) and [`finalize`](StreamingVerifier::finalize) in one call.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] that names what is wrong.
    pub fn verify<H: Headers + ?Sized>(
        &self,
        headers: &H,
        body: impl Into<Bytes>,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        self.verifier.verify(headers, body, now, self.contract().max_body_size())
    }

    /// Claims the delivery's event in the store.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails. The response is that of `Outcome::from(&error)`.
    pub async fn claim(&self, delivery: &Delivery) -> Result<Admission, StoreError> {
        self.claim_event(self.event(delivery)?, delivery).await
    }

    /// Returns the key in the store of an event that the key called `key_name` verified, to look the event up
    /// in an [`InspectStore`](crate::dedup::InspectStore); `None` if there is no key of that name.
    ///
    /// A secret by itself is a key named `default`; an unauthenticated sender's key is named `none`. The
    /// event's key depends on it only at an endpoint [without a name](crate::ReceiverBuilder::endpoint).
    ///
    /// ```
    /// use countersign::dedup::{EventKey, Identity};
    /// use countersign::{MemoryStore, Receiver, Secret, senders};
    ///
    /// let stripe = senders::STRIPE.keys(Secret::new("whsec_of_your_endpoint")?)?;
    /// let receiver = Receiver::builder(stripe).dedup(MemoryStore::default()).endpoint("billing").build()?;
    /// let identity = Identity::id("evt_1");
    /// let expected = EventKey::new("billing", "stripe", &identity);
    /// assert_eq!(receiver.event_key(&identity, "default"), Some(expected));
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn event_key(&self, identity: &Identity, key_name: &str) -> Option<EventKey> {
        let key = self.verifier.key_number(key_name)?;
        Some(self.key(identity, &self.verifier.unnamed_scope(key)))
    }

    /// Returns the delivery's event as a claim that the store does not know yet.
    pub(crate) fn event(&self, delivery: &Delivery) -> Result<Claim, StoreError> {
        if delivery.sender() != self.scheme().sender()
            || delivery.tenant() != self.verifier.tenant()
        {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "the delivery belongs to another sender or tenant: claim it with the receiver that verified it",
            ));
        }
        let identity = self.sender.identity(delivery);
        Ok(Claim {
            store: self.store.clone(),
            key: self.key(&identity, &delivery.unnamed_scope()),
            fencing_token: None,
            takeover: false,
            lease: self.timeouts.lease,
            retention: self.with_horizon(self.retention(&identity)),
        })
    }

    /// Returns the key of the delivery's event in a store that other endpoints share, as they share an inbox.
    pub(super) fn key_in_shared_store(&self, delivery: &Delivery) -> EventKey {
        let identity = self.sender.identity(delivery);
        if self.is_named {
            return self.key(&identity, &delivery.unnamed_scope());
        }
        EventKey::of_unnamed(&delivery.unnamed_scope(), self.scheme().sender(), &identity)
    }

    /// Returns the key in the store of an event, or of an item of one, whose delivery has this
    /// [scope](Delivery::unnamed_scope) without a name.
    pub(super) fn key(&self, identity: &Identity, unnamed_scope: &[u8; 32]) -> EventKey {
        match &self.scope {
            Some(scope) => scope.key(identity),
            None => EventKey::of_unnamed(unnamed_scope, self.scheme().sender(), identity),
        }
    }

    /// Returns how long a handled event, or an item of one, is remembered.
    pub(super) fn retention(&self, identity: &Identity) -> Duration {
        if identity.is_short_lived() {
            self.contract().digest_retention().max(freshness_window(self.scheme()))
        } else {
            self.retention
        }
    }

    /// Returns what a commit passes to the store for an event that is remembered for `keep_for`.
    ///
    /// A captured request is fresh for a while: forgetting its event earlier would allow a replay.
    pub(super) fn with_horizon(&self, keep_for: Duration) -> Retention {
        let fresh = freshness_window(self.scheme());
        let horizon = self.contract().automatic_retry_horizon();
        Retention::new(keep_for).forgettable_after(horizon.max(fresh))
    }

    /// Returns the id of the store that the receiver was given; `None` for one without an id, and if it was
    /// given none.
    pub(super) fn set_store_id(&self) -> Option<StoreId> {
        self.store.as_ref().filter(|_| self.is_store_set)?.id()
    }

    /// Returns the tenant whose receiver this is.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.verifier.tenant()
    }

    pub(super) const fn shared_verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    /// Returns the store; `None` without dedup.
    pub(super) const fn store(&self) -> Option<&Arc<dyn Store>> {
        self.store.as_ref()
    }

    pub(crate) async fn claim_event(
        &self,
        mut event: Claim,
        delivery: &Delivery,
    ) -> Result<Admission, StoreError> {
        let Some(store) = &self.store else { return Ok(Admission::Proceed(event)) };
        match store.claim(&event.key, delivery.fingerprint(), event.lease).await? {
            ClaimOutcome::Acquired { fencing_token, takeover } => {
                event.fencing_token = Some(fencing_token);
                event.takeover = takeover;
                Ok(Admission::Proceed(event))
            }
            ClaimOutcome::InProgress { retry_after } => {
                Ok(Admission::Respond(Outcome::InProgress { retry_after }))
            }
            ClaimOutcome::Duplicate { same_body } => {
                Ok(Admission::Respond(Outcome::Duplicate { same_body }))
            }
        }
    }

    /// Returns the sender's scheme.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        self.verifier.scheme()
    }

    /// Returns the sender's contract.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        self.sender.contract()
    }

    /// Returns the endpoint's name; the sender's name if the endpoint has none.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the endpoint's name to share.
    pub(super) const fn shared_endpoint(&self) -> &Arc<str> {
        &self.endpoint
    }

    /// Returns whether there is deduplication.
    #[cfg(feature = "metrics")]
    pub(crate) fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Returns how full the store is, if it has a capacity of its own.
    #[cfg(feature = "metrics")]
    pub(crate) fn store_usage(&self) -> Option<StoreUsage> {
        self.store.as_ref()?.usage()
    }

    /// Returns the names of the keys that are shorter than 24 bytes, for a warning at start-up.
    pub fn weak_keys(&self) -> impl Iterator<Item = &str> {
        self.verifier.weak_keys()
    }

    /// Returns the durations that an adapter enforces.
    #[must_use]
    pub const fn timeouts(&self) -> Timeouts {
        self.timeouts
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("endpoint", &self.endpoint)
            .field("scheme", &format_args!("{}", self.scheme()))
            .field("contract", self.contract())
            .field("retention", &self.retention)
            .field("lease", &self.timeouts.lease)
            .finish_non_exhaustive()
    }
}
