//! The one object an adapter drives: a sender, a store, and the policy between them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::challenge::Reply;
use crate::claim::{Claim, Store};
use crate::contract::{Contract, positive};
use crate::dedup::memory::MemoryStore;
use crate::dedup::{ClaimOutcome, DedupStore, EventKey, StoreError, StoreErrorKind, tenant_scope};
use crate::delivery::Delivery;
use crate::error::{ConfigError, ConfigErrorKind, Rejection, RejectionKind};
use crate::headers::Headers;
use crate::outcome::Outcome;
use crate::provider::Provider;
use crate::scheme::Scheme;
use crate::streaming::StreamingVerifier;
use crate::time::{Timestamp, Tolerance};

/// The shortest and longest lease that is set without being asked for.
const LEASES: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(60));

/// How long one call of the store may take unless set otherwise.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a body may take to arrive unless set otherwise.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a handler may run unless set otherwise.
const HANDLER_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Receives what one sender delivers to one endpoint.
///
/// An adapter wraps a route with it. Without a framework, [`verify`](Self::verify) verifies (or, where
/// the body comes in pieces, [`open`](Self::open)), and [`claim`](Self::claim) deduplicates:
///
/// ```
/// use countersign::{Admission, Outcome, Receiver, Rejection, StoreError, Timestamp};
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
///     let done = delivery.event::<serde_json::Value>().is_ok(); // your work
///     if !done {
///         claim.release().await?;
///         return Ok(Outcome::Failed);
///     }
///     claim.commit().await?;
///     Ok(Outcome::Handled)
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Receiver {
    provider: Arc<dyn Provider>,
    store: Option<Arc<dyn Store>>,
    endpoint: Arc<str>,
    /// The endpoint with the tenant, where there are many: what dedup keys are apart by.
    scope: Arc<str>,
    retention: Duration,
    /// `None` until it is set: then it follows from the contract and the store's timeout.
    lease: Option<Duration>,
    store_timeout: Duration,
    body_timeout: Duration,
    handler_limit: Duration,
}

impl Receiver {
    /// Receives from `provider`, and remembers what it handled in a [`MemoryStore`] of its own.
    pub fn new(provider: impl Provider) -> Self {
        Self::with(Arc::new(provider), Arc::new(MemoryStore::default()))
    }

    pub(crate) fn with(provider: Arc<dyn Provider>, store: Arc<dyn Store>) -> Self {
        let contract = provider.contract();
        let retention = least_retention(contract, provider.verifier().scheme());
        let endpoint: Arc<str> = provider.verifier().scheme().sender().into();
        Self {
            scope: Arc::clone(&endpoint),
            endpoint,
            provider,
            store: Some(store),
            retention,
            lease: None,
            store_timeout: STORE_TIMEOUT,
            body_timeout: BODY_TIMEOUT,
            handler_limit: HANDLER_LIMIT,
        }
    }

    /// Whether it rejects all.
    pub(crate) fn is_dummy(&self) -> bool {
        self.provider.verifier().is_dummy()
    }

    /// The same settings for one tenant's `provider`, with dedup keys apart from every other's.
    pub(crate) fn for_tenant(&self, provider: Arc<dyn Provider>, tenant: &str) -> Self {
        let scope = tenant_scope(&self.endpoint, tenant).into();
        Self { provider, scope, ..self.clone() }
    }

    /// Remembers what it handled in `store`. Where receivers share one, name each
    /// [`endpoint`](Self::endpoint).
    pub fn dedup(mut self, store: impl DedupStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Handles every delivery, however often the same event comes and whoever replays it.
    pub fn danger_without_dedup(mut self) -> Self {
        self.store = None;
        self
    }

    /// Names the endpoint; the sender's name unless set. Receivers that share a store need different
    /// names, or an event of one is taken for a duplicate of the other's.
    pub fn endpoint(mut self, name: impl Into<Arc<str>>) -> Self {
        self.endpoint = name.into();
        self.scope = Arc::clone(&self.endpoint);
        self
    }

    /// How long handled events are remembered.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::RetentionTooShort`] if that is less than the sender's replay window, or
    /// than the whole span in which a signed time is fresh.
    pub fn retention(mut self, span: Duration) -> Result<Self, ConfigError> {
        let least = least_retention(self.provider.contract(), self.scheme());
        if span < least {
            return Err(ConfigError::new(
                ConfigErrorKind::RetentionTooShort,
                format!(
                    "`retention` of {span:?} is too short: `{}` may repeat an event for {least:?}",
                    self.scheme().sender()
                ),
            ));
        }
        self.retention = span;
        Ok(self)
    }

    /// How long a claim holds without being renewed: how soon after a crash an event is handled
    /// again.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] unless it is longer than the contract's `answer_within` and
    /// one call of the store together.
    pub fn lease(mut self, span: Duration) -> Result<Self, ConfigError> {
        let least = self.least_lease();
        if span < least {
            return Err(ConfigError::new(
                ConfigErrorKind::OutOfRange,
                format!("`lease` of {span:?} is too short: give at least {least:?}"),
            ));
        }
        self.lease = Some(span);
        Ok(self)
    }

    /// How long one call of the store may take; after that the sender is answered 503.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero, or too long for a lease set before.
    pub fn store_timeout(mut self, span: Duration) -> Result<Self, ConfigError> {
        self.store_timeout = positive(span, "store_timeout")?;
        match self.lease {
            Some(lease) if lease < self.least_lease() => Err(ConfigError::new(
                ConfigErrorKind::OutOfRange,
                format!(
                    "`store_timeout` of {span:?} is too long for a `lease` of {lease:?}: set a longer lease first"
                ),
            )),
            _ => Ok(self),
        }
    }

    /// How long a body may take to arrive; after that the sender is answered 408.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn body_timeout(mut self, span: Duration) -> Result<Self, ConfigError> {
        self.body_timeout = positive(span, "body_timeout")?;
        Ok(self)
    }

    /// How long a handler may run before it is stopped and its claim released: 15 minutes unless
    /// set. The sender is answered long before, see
    /// [`Contract::answer_within`](crate::Contract::answer_within).
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::OutOfRange`] if it is zero.
    pub fn handler_limit(mut self, span: Duration) -> Result<Self, ConfigError> {
        self.handler_limit = positive(span, "handler_limit")?;
        Ok(self)
    }

    /// Rejects any method but `POST`.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::MethodNotAllowed`].
    pub fn check_method(&self, method: &str) -> Result<(), Rejection> {
        if method == "POST" { Ok(()) } else { Err(Rejection::new(RejectionKind::MethodNotAllowed)) }
    }

    /// Answers the sender's handshake where that is no `POST`, and rejects any other method.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::MethodNotAllowed`], also where a handshake needs a token that is not set up, and
    /// [`RejectionKind::SignatureMismatch`] if it shows the wrong one.
    pub fn greet<H: Headers + ?Sized>(
        &self,
        method: &str,
        head: &H,
    ) -> Result<Option<Reply>, Rejection> {
        let handshake = self.provider.handshake().filter(|_| method != "POST");
        match handshake.and_then(|handshake| handshake.greet(method, head)) {
            Some(reply) => reply.map(Some),
            None => self.check_method(method).map(|()| None),
        }
    }

    /// The answer to a delivery that is the sender's handshake and no event.
    #[must_use]
    pub fn handshake_reply(&self, delivery: &Delivery) -> Option<Reply> {
        self.provider.handshake()?.reply(delivery)
    }

    /// Judges a request by its headers; the body is pushed into the [`StreamingVerifier`] it gives.
    ///
    /// `now` is what the signed time is compared with.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] that says which header is wrong and how.
    pub fn open<'r, H: Headers + ?Sized>(
        &'r self,
        headers: &'r H,
        now: Timestamp,
    ) -> Result<StreamingVerifier<'r>, Rejection> {
        self.provider.verifier().open(headers, now, self.provider.contract().cap())
    }

    /// Judges a request whose body is at hand: [`open`](Self::open), push and finish in one.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] that says what is wrong.
    pub fn verify<H: Headers + ?Sized>(
        &self,
        headers: &H,
        body: impl Into<Bytes>,
        now: Timestamp,
    ) -> Result<Delivery, Rejection> {
        self.provider.verifier().verify(headers, body, now, self.provider.contract().cap())
    }

    /// Claims the event in the store.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] if the store fails; `Outcome::from(&error)` is the answer to give.
    pub async fn claim(&self, delivery: &Delivery) -> Result<Admission, StoreError> {
        self.ask(self.event(delivery)?, delivery).await
    }

    /// The delivery's event, not claimed yet.
    pub(crate) fn event(&self, delivery: &Delivery) -> Result<Claim, StoreError> {
        if delivery.sender() != self.scheme().sender()
            || delivery.tenant() != self.provider.verifier().tenant()
        {
            return Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "the delivery is another sender's or tenant's: claim it with the receiver that verified it",
            ));
        }
        let identity = self.provider.identity(delivery);
        let key = EventKey::new(&self.scope, self.scheme().sender(), &identity);
        let retention = if identity.is_short_lived() {
            self.provider.contract().digest_span().max(freshness_window(self.scheme()))
        } else {
            self.retention
        };
        Ok(Claim {
            store: self.store.clone(),
            key,
            fencing_token: None,
            takeover: false,
            lease: self.lease_span(),
            retention,
        })
    }

    /// Claims it.
    pub(crate) async fn ask(
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

    /// How the sender signs.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        self.provider.verifier().scheme()
    }

    /// What the sender expects.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        self.provider.contract()
    }

    /// The endpoint's name.
    #[must_use]
    pub fn endpoint_name(&self) -> &str {
        &self.endpoint
    }

    /// Whether there is deduplication.
    #[cfg(feature = "metrics")]
    pub(crate) fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// The names of keys under 24 bytes, to warn of at start-up.
    pub fn weak_keys(&self) -> impl Iterator<Item = &str> {
        self.provider.verifier().weak_keys()
    }

    fn lease_span(&self) -> Duration {
        let usual = self.contract().answer_span().saturating_mul(2).clamp(LEASES.0, LEASES.1);
        self.lease.unwrap_or(usual.max(self.least_lease()))
    }

    /// What covers the handler's deadline and the commit after it.
    fn least_lease(&self) -> Duration {
        let span = self.contract().answer_span().saturating_add(self.store_timeout);
        span.saturating_add(Duration::from_millis(1))
    }

    /// The spans an adapter keeps time by.
    #[must_use]
    pub fn deadlines(&self) -> Deadlines {
        Deadlines {
            body: self.body_timeout,
            store: self.store_timeout,
            answer: self.contract().answer_span(),
            handler: self.handler_limit,
            lease: self.lease_span(),
            renew: self.lease_span() / 3,
            commit_retry: self.contract().replay_span(),
        }
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("endpoint", &self.endpoint)
            .field("scheme", &format_args!("{}", self.scheme()))
            .field("contract", self.contract())
            .field("retention", &self.retention)
            .field("lease", &self.lease_span())
            .finish_non_exhaustive()
    }
}

/// The spans an adapter keeps time by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Deadlines {
    /// For the whole body to arrive.
    pub body: Duration,
    /// For one call of the store.
    pub store: Duration,
    /// For the answer, from the claim on.
    pub answer: Duration,
    /// For the handler to end.
    pub handler: Duration,
    /// For which a claim holds without being renewed.
    pub lease: Duration,
    /// Between two renewals of the lease: a third of it.
    pub renew: Duration,
    /// For which a commit that failed is tried again.
    pub commit_retry: Duration,
}

/// Whether the handler is to run.
#[derive(Debug)]
pub enum Admission {
    /// It is, and the claim is to be settled afterwards.
    Proceed(Claim),
    /// It is not; this is the answer.
    Respond(Outcome),
}

fn least_retention(contract: &Contract, scheme: &Scheme) -> Duration {
    contract.replay_span().max(freshness_window(scheme))
}

/// How long a captured request stays fresh: both sides of the tolerance.
fn freshness_window(scheme: &Scheme) -> Duration {
    scheme.tolerance().map_or(Duration::ZERO, Tolerance::window)
}
