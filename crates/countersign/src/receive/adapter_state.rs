//! What an adapter shares between its requests.

use std::fmt;
use std::sync::Arc;

use super::receiver::Receiver;
use super::shutdown::Shutdown;
use super::tenants::Tenants;
use super::trace;
use crate::error::{Rejection, RejectionKind};
use crate::headers::Headers;
use crate::time::{Clock, SystemClock};

/// What an adapter's middleware and all its services hold in common.
#[derive(Clone)]
pub struct AdapterState {
    receivers: ReceiverSource,
    /// What signed times are compared with.
    pub clock: Arc<dyn Clock>,
    /// Counts every delivery from its claim on, whether its sender still listens or not.
    pub shutdown: Shutdown,
}

impl AdapterState {
    /// By the system's clock; warns the operator of keys that are too short (feature `tracing`).
    #[must_use]
    pub fn new(receivers: impl Into<ReceiverSource>) -> Self {
        let receivers = receivers.into();
        if let ReceiverSource::One(receiver) = &receivers {
            trace::weak_keys(receiver);
        }
        Self { receivers, clock: Arc::new(SystemClock), shutdown: Shutdown::default() }
    }

    /// What receives this request.
    ///
    /// # Errors
    ///
    /// As [`Tenants::receiver`], and as [`Receiver::open`]: nobody is asked for a tenant's keys for a
    /// request that is to be rejected under any. None where there is one receiver for all.
    pub async fn receiver<H: Headers + ?Sized>(
        &self,
        head: &H,
    ) -> Result<Arc<Receiver>, Rejection> {
        let tenants = match &self.receivers {
            ReceiverSource::One(receiver) => return Ok(Arc::clone(receiver)),
            ReceiverSource::Tenants(tenants) => tenants,
        };
        match tenants.unknown_tenant().open(head, self.clock.now()) {
            // A static token is compared at once, and the decoy's is nobody's.
            Err(rejection) if rejection.kind() != RejectionKind::SignatureMismatch => {
                Err(rejection)
            }
            _ => tenants.receiver(head).await,
        }
    }

    /// What speaks for the endpoint while no tenant is known.
    #[must_use]
    pub const fn default_receiver(&self) -> &Arc<Receiver> {
        match &self.receivers {
            ReceiverSource::One(receiver) => receiver,
            ReceiverSource::Tenants(tenants) => tenants.unknown_tenant(),
        }
    }
}

impl fmt::Debug for AdapterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("receiver", self.default_receiver())
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

/// What is in front of a service: a [`Receiver`], or [`Tenants`] with one for each.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ReceiverSource {
    /// One for all requests.
    One(Arc<Receiver>),
    /// One for each tenant.
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
