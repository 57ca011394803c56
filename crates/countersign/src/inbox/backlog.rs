//! How much an inbox holds.

use std::sync::Arc;
use std::time::Duration;

/// How much an inbox holds, by endpoint.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Backlog {
    /// The endpoints that have messages or are paused, in the order of their names.
    pub endpoints: Vec<EndpointBacklog>,
}

impl Backlog {
    /// Creates a backlog, for a store.
    #[must_use]
    pub const fn new(endpoints: Vec<EndpointBacklog>) -> Self {
        Self { endpoints }
    }

    /// Returns the number of ready and running messages.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.endpoints.iter().map(|endpoint| endpoint.ready + endpoint.running).sum()
    }

    /// Returns the size of the bodies of ready and running messages, in bytes.
    #[must_use]
    pub fn live_bytes(&self) -> u64 {
        self.endpoints.iter().map(|endpoint| endpoint.live_bytes).sum()
    }
}

/// How much an inbox holds of one endpoint. Done and discarded messages are not counted.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct EndpointBacklog {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The number of ready messages.
    pub ready: u64,
    /// The number of running messages, those with an expired lease included.
    pub running: u64,
    /// The number of dead messages.
    pub dead: u64,
    /// The size of the bodies of ready and running messages, in bytes.
    pub live_bytes: u64,
    /// The size of the bodies of dead messages, in bytes.
    pub dead_bytes: u64,
    /// For how long the oldest ready message has been due; zero if none is.
    pub oldest_ready: Duration,
    /// Whether workers claim none of the endpoint's messages.
    pub is_paused: bool,
}

impl EndpointBacklog {
    /// Creates the backlog of an endpoint without messages, for a store to fill in.
    #[must_use]
    pub fn new(endpoint: impl Into<Arc<str>>) -> Self {
        Self { endpoint: endpoint.into(), ..Self::default() }
    }
}
