//! The service on a free port of this machine, in either framework, until it is stopped.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::desk::Desk;
use crate::witness::Witness;
use crate::{Result, actix, axum};

/// How long handlers may take to end once the server is told to stop.
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

    pub(crate) async fn start(self, desk: Arc<Desk>, witness: Witness) -> Result<Server> {
        match self {
            Self::Axum => axum::start(desk, witness).await,
            Self::Actix => actix::start(desk, witness),
        }
    }
}

impl Server {
    /// A server that runs already, and how it is stopped.
    pub(crate) fn new(
        address: SocketAddr,
        stopping: impl Future<Output = Result<()>> + 'static,
    ) -> Self {
        Self { address, stopping: Box::pin(stopping) }
    }

    /// Takes no more requests, and waits for the handlers under way.
    pub(crate) async fn stop(self) -> Result<()> {
        tokio::time::timeout(DRAIN, self.stopping)
            .await
            .map_err(|_| "a handler did not end in time: it is cut off")?
    }
}
