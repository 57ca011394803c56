//! The state that an adapter shares between requests.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::log::{StartWriter, write_log};
use super::receiver::Receiver;
use super::shutdown::Shutdown;
use super::tenants::Tenants;
use super::timer::Timer;
use super::trace;
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::inbox::Inbox;
use crate::log::DeliveryLog;
use crate::time::{Clock, SystemClock, Timestamp};

/// The state that an adapter's middleware shares between requests and clones.
///
/// See [the example](crate::adapter#example).
#[derive(Clone)]
pub struct AdapterState(Arc<Shared>);

#[derive(Clone)]
struct Shared {
    receivers: ReceiverSource,
    clock: Arc<dyn Clock>,
    shutdown: Shutdown,
    inbox: Option<Inbox>,
    log: Option<(DeliveryLog, StartWriter)>,
}

impl AdapterState {
    /// Creates the state with the system's clock.
    ///
    /// With the feature `tracing` it warns of weak keys, and says where the adapter must stand for the
    /// sender's handshake to reach it.
    #[must_use]
    pub fn new(receivers: impl Into<ReceiverSource>) -> Self {
        let receivers = receivers.into();
        if let ReceiverSource::One(receiver) = &receivers {
            trace::weak_keys(receiver);
        }
        let shutdown = Shutdown::default();
        let shared =
            Shared { receivers, clock: Arc::new(SystemClock), shutdown, inbox: None, log: None };
        let state = Self(Arc::new(shared));
        trace::handshake_method(state.default_receiver());
        state
    }

    /// Compares signed timestamps with `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        Arc::make_mut(&mut self.0).clock = Arc::new(clock);
        self
    }

    /// Stores verified deliveries in `inbox`, from which workers handle them.
    ///
    /// The workers of this process then claim the endpoint's messages.
    #[must_use]
    pub fn with_inbox(mut self, inbox: Inbox) -> Self {
        inbox.add_endpoint(self.default_receiver().shared_endpoint());
        Arc::make_mut(&mut self.0).inbox = Some(inbox);
        self
    }

    /// Returns the inbox in which verified deliveries are [stored](crate::adapter::enqueue), if there is one.
    #[must_use]
    pub fn inbox(&self) -> Option<&Inbox> {
        self.0.inbox.as_ref()
    }

    /// Notes every request in `log`.
    ///
    /// `spawn` runs a future in a task of the adapter's runtime. It is called while a request is polled.
    #[must_use]
    pub fn with_log<T>(
        mut self,
        log: DeliveryLog,
        timer: T,
        spawn: impl Fn(Pin<Box<dyn Future<Output = ()> + Send>>) + Send + Sync + 'static,
    ) -> Self
    where
        T: Timer<Sleep: Send> + Clone + Send + Sync + 'static,
    {
        let start = move |log| spawn(Box::pin(write_log(log, timer.clone())));
        Arc::make_mut(&mut self.0).log = Some((log, Arc::new(start)));
        self
    }

    pub(super) fn log(&self) -> Option<&(DeliveryLog, StartWriter)> {
        self.0.log.as_ref()
    }

    /// Returns the handle that shuts the adapter down.
    ///
    /// It counts every delivery from its claim on, also after its sender has hung up.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// Returns the receiver that handles a request whose tenant is not known yet; without tenants, the
    /// only receiver.
    pub fn default_receiver(&self) -> &Arc<Receiver> {
        match &self.0.receivers {
            ReceiverSource::One(receiver) => receiver,
            ReceiverSource::Tenants(tenants) => tenants.unknown_tenant(),
        }
    }

    /// Returns the receiver of a request.
    ///
    /// With tenants, keys are not resolved for a request that every tenant would reject: resolving costs
    /// a query, and an unauthenticated request must not cause one without need. With a single receiver
    /// this never fails.
    ///
    /// # Errors
    ///
    /// Those of [`Tenants::receiver`] and [`Receiver::open`].
    pub(super) async fn receiver<H: Headers + ?Sized>(
        &self,
        head: &H,
    ) -> Result<Arc<Receiver>, Rejection> {
        let tenants = match &self.0.receivers {
            ReceiverSource::One(receiver) => return Ok(Arc::clone(receiver)),
            ReceiverSource::Tenants(tenants) => tenants,
        };
        match tenants.unknown_tenant().open(head, self.now()) {
            // A static token is compared in `open`, and the unknown tenant's key matches no token.
            Err(rejection) if rejection.kind() != RejectionKind::SignatureMismatch => {
                Err(rejection)
            }
            _ => tenants.receiver(head).await,
        }
    }

    /// Returns the receiver of a delivery that was verified for this tenant.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::KeysUnavailable`] if the tenant cannot be resolved.
    pub(super) async fn receiver_of(
        &self,
        tenant: Option<&str>,
    ) -> Result<Arc<Receiver>, Rejection> {
        match (&self.0.receivers, tenant) {
            (ReceiverSource::Tenants(tenants), Some(tenant)) => tenants.for_tenant(tenant).await,
            _ => Ok(Arc::clone(self.default_receiver())),
        }
    }

    /// Returns the receiver of a request without looking at its credential, for a handshake.
    ///
    /// # Errors
    ///
    /// Those of [`Tenants::receiver`].
    pub(super) async fn resolve<H: Headers + ?Sized>(
        &self,
        head: &H,
    ) -> Result<Arc<Receiver>, Rejection> {
        match &self.0.receivers {
            ReceiverSource::One(receiver) => Ok(Arc::clone(receiver)),
            ReceiverSource::Tenants(tenants) => tenants.receiver(head).await,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl fmt::Debug for AdapterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdapterState")
            .field("receiver", self.default_receiver())
            .field("shutdown", self.shutdown())
            .finish_non_exhaustive()
    }
}

/// The receivers behind an adapter: one [`Receiver`], or [`Tenants`] with a receiver for each tenant.
///
/// Both convert into it, so that an adapter's constructor takes either:
///
/// ```
/// use countersign::adapter::ReceiverSource;
/// use countersign::tenants::Tenants;
/// use countersign::Receiver;
///
/// fn sources(receiver: Receiver, tenants: Tenants) -> [ReceiverSource; 2] {
///     [receiver.into(), tenants.into()]
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ReceiverSource {
    /// One receiver for all requests.
    One(Arc<Receiver>),
    /// One receiver for each tenant.
    Tenants(Tenants),
}

impl From<Receiver> for ReceiverSource {
    fn from(receiver: Receiver) -> Self {
        Self::One(Arc::new(receiver))
    }
}

impl From<Tenants> for ReceiverSource {
    fn from(tenants: Tenants) -> Self {
        Self::Tenants(tenants)
    }
}
