//! Runs the service on a free local port, in either framework, until it is stopped.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign::Inbox;

use crate::backend::Backend;
use crate::observer::Observer;
use crate::{Result, actix, axum};

/// The longest time that connections may take to finish their requests after a stop.
pub(crate) const CLOSE: Duration = Duration::from_secs(2);

/// The longest time that running handlers may take after a stop.
const DRAIN: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Framework {
    #[default]
    Axum,
    Actix,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stopping: Pin<Box<dyn Future<Output = Result<()>>>>,
}

impl Framework {
    pub(crate) const ALL: [Self; 2] = [Self::Axum, Self::Actix];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Actix => "actix",
        }
    }

    pub(crate) async fn start(
        self,
        backend: Arc<Backend>,
        observer: Observer,
        inbox: Option<Inbox>,
    ) -> Result<Server> {
        match self {
            Self::Axum => axum::start(backend, observer, inbox).await,
            Self::Actix => actix::start(backend, observer, inbox),
        }
    }
}

impl Server {
    /// A running server, and the future that stops it.
    pub(crate) fn new(
        address: SocketAddr,
        stopping: impl Future<Output = Result<()>> + 'static,
    ) -> Self {
        Self { address, stopping: Box::pin(stopping) }
    }

    /// Stops accepting requests, and waits for the running handlers.
    pub(crate) async fn stop(self) -> Result<()> {
        tokio::time::timeout(DRAIN, self.stopping)
            .await
            .map_err(|_| "a handler did not finish in time and was cancelled")?
    }
}
