//! The settings of a worker.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::claim::EndpointClaim;
use super::inbox::Inbox;
use super::retry::RetryPolicy;

const CONCURRENCY: u32 = 32;
const LEASE: Duration = Duration::from_secs(60);
const HANDLER_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Handles the events of an [`Inbox`] by the application that received them.
///
/// A worker claims events in batches, runs the handler of each, and settles them in batches. It renews the
/// leases of the events it handles; those of a worker that has died are handled by another once their leases
/// have expired. Any number of workers may run, in one process or in many.
///
/// The adapter's trait `RunWorker` has the method that runs it.
#[derive(Clone)]
#[must_use = "a worker does nothing until it is run"]
pub struct Worker<A> {
    pub(crate) inbox: Inbox,
    pub(crate) app: A,
    pub(crate) settings: WorkerSettings,
}

#[derive(Clone)]
pub(crate) struct WorkerSettings {
    pub(crate) name: Arc<str>,
    pub(crate) concurrency: u32,
    pub(crate) lease: Duration,
    pub(crate) handler_timeout: Duration,
    retry: RetryPolicy,
    skip_dead_in_lane: bool,
    endpoints: BTreeMap<Arc<str>, EndpointSettings>,
    /// The only endpoints that are handled; all if it is `None`.
    only: Option<BTreeSet<Arc<str>>>,
}

/// What is set for one endpoint.
#[derive(Clone, Default)]
struct EndpointSettings {
    concurrency: Option<u32>,
    retry: Option<RetryPolicy>,
}

impl Inbox {
    /// Returns a worker that handles the inbox's events by `app`: the application whose routes have the
    /// layers with this inbox.
    ///
    /// The adapter's trait `RunWorker` runs it.
    pub fn worker<A>(&self, app: A) -> Worker<A> {
        let settings = WorkerSettings {
            name: format!("pid-{}", std::process::id()).into(),
            concurrency: CONCURRENCY,
            lease: LEASE,
            handler_timeout: HANDLER_TIMEOUT,
            retry: RetryPolicy::default(),
            skip_dead_in_lane: false,
            endpoints: BTreeMap::new(),
            only: None,
        };
        Worker { inbox: self.clone(), app, settings }
    }
}

impl<A> Worker<A> {
    /// Returns the application.
    #[must_use]
    pub const fn app(&self) -> &A {
        &self.app
    }

    /// Sets how many events are handled at a time; 32 unless set, and at least one.
    pub fn concurrency(mut self, events: u32) -> Self {
        self.settings.concurrency = events.max(1);
        self
    }

    /// Returns how many events are handled at a time.
    #[must_use]
    pub fn max_concurrency(&self) -> usize {
        usize::try_from(self.settings.concurrency).unwrap_or(usize::MAX)
    }

    /// Sets how many events of one endpoint are handled at a time; all that
    /// [`concurrency`](Self::concurrency) allows unless set.
    pub fn endpoint_concurrency(mut self, endpoint: impl Into<Arc<str>>, events: u32) -> Self {
        self.settings.endpoints.entry(endpoint.into()).or_default().concurrency =
            Some(events.max(1));
        self
    }

    /// Handles the events of these endpoints only.
    ///
    /// Unless set, a worker handles those of every endpoint that has a layer with the inbox in this process. Set
    /// it where the process has several applications with one inbox: each worker can then handle what its own
    /// application has routes for.
    pub fn endpoints<E: Into<Arc<str>>>(mut self, endpoints: impl IntoIterator<Item = E>) -> Self {
        self.settings.only = Some(endpoints.into_iter().map(Into::into).collect());
        self
    }

    /// Sets when failed attempts are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry = policy;
        self
    }

    /// Sets when failed attempts are repeated at one endpoint.
    pub fn endpoint_retry(mut self, endpoint: impl Into<Arc<str>>, policy: RetryPolicy) -> Self {
        self.settings.endpoints.entry(endpoint.into()).or_default().retry = Some(policy);
        self
    }

    /// Handles the later events of an [ordering key](super::InboxBuilder::ordering_key) although an earlier
    /// one is dead.
    ///
    /// Unless set they wait until an operator replays or discards the dead one.
    pub fn skip_dead_in_lane(mut self) -> Self {
        self.settings.skip_dead_in_lane = true;
        self
    }

    /// Sets how long an attempt may run before it is cancelled and counts as failed; 15 minutes unless set.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.settings.handler_timeout = timeout;
        self
    }

    /// Sets how long an attempt lasts without being renewed; 60 s unless set, and at least one second.
    ///
    /// The events of a worker that has died are handled again after that time.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease.max(Duration::from_secs(1));
        self
    }

    /// Names the worker in the records of its attempts; `pid-` and the number of its process unless set.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.settings.name = name.into();
        self
    }
}

impl WorkerSettings {
    /// Returns when failed attempts are repeated at an endpoint.
    pub(crate) fn retry_of(&self, endpoint: &str) -> &RetryPolicy {
        let own = self.endpoints.get(endpoint).and_then(|own| own.retry.as_ref());
        own.unwrap_or(&self.retry)
    }

    /// Returns whether the worker handles the events of an endpoint, if the process has its layer.
    pub(crate) fn handles(&self, endpoint: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(endpoint))
    }

    /// Returns whether an endpoint has a limit of its own.
    pub(crate) fn limits_endpoints(&self) -> bool {
        self.endpoints.values().any(|own| own.concurrency.is_some())
    }

    /// Returns what may be claimed of an endpoint of which `running` events are being handled.
    pub(crate) fn claim_of(&self, endpoint: &Arc<str>, running: u32) -> EndpointClaim {
        let own = self.endpoints.get(endpoint).and_then(|own| own.concurrency);
        let limit = own.unwrap_or(self.concurrency).saturating_sub(running);
        let attempts = self.retry_of(endpoint).attempts();
        let mut claim = EndpointClaim::new(Arc::clone(endpoint), limit, attempts);
        claim.skip_dead_in_lane = self.skip_dead_in_lane;
        claim
    }
}

impl<A> fmt::Debug for Worker<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("name", &self.settings.name)
            .field("concurrency", &self.settings.concurrency)
            .finish_non_exhaustive()
    }
}
