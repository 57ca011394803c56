//! Health checks of a service.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::shutdown::Shutdown;
use super::timer::{Timer, before, sleep};
use crate::dedup::{DedupStore, Store};
use crate::inbox::Inbox;

/// How long a store may take to respond.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Checks whether a service can receive: whether its stores can be reached, its workers run, and it is not shutting
/// down.
///
/// An adapter's `health_routes` responds with it to a load balancer.
///
/// ```
/// use countersign::inbox::MemoryInbox;
/// use countersign::{Health, Inbox, Shutdown};
///
/// let store = MemoryInbox::danger_new();
/// let (inbox, shutdown) = (Inbox::new(store.clone()), Shutdown::default());
/// let health = Health::new().store("webhooks", store).worker("webhooks", &inbox).shutdown(&shutdown);
/// # drop(health);
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Health {
    stores: Vec<(Arc<str>, Arc<dyn Store>)>,
    inboxes: Vec<(Arc<str>, Inbox)>,
    shutdowns: Vec<Shutdown>,
}

impl Health {
    /// Creates a check of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks that a store can be reached. `name` is what the report calls it.
    pub fn store(mut self, name: impl Into<Arc<str>>, store: impl DedupStore) -> Self {
        self.stores.push((name.into(), Arc::new(store)));
        self
    }

    /// Checks that a worker of an inbox runs in this process. `name` is what the report calls it.
    pub fn worker(mut self, name: impl Into<Arc<str>>, inbox: &Inbox) -> Self {
        self.inboxes.push((name.into(), inbox.clone()));
        self
    }

    /// Checks that a layer, a middleware or a worker is not shutting down.
    pub fn shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.shutdowns.push(shutdown.clone());
        self
    }

    /// Checks everything. A store that does not respond within two seconds cannot be reached.
    pub async fn check(&self, timer: &impl Timer) -> HealthReport {
        let mut parts = Vec::new();
        for (name, store) in &self.stores {
            let ping = before(pin!(store.ping()), || sleep(timer, PING_TIMEOUT)).await;
            let problem = match ping {
                Some(Ok(())) => None,
                Some(Err(error)) => Some(error.to_string()),
                None => Some(format!("no response within {PING_TIMEOUT:?}")),
            };
            parts.push(HealthPart::new("store", name, problem));
        }
        for (name, inbox) in &self.inboxes {
            let problem = (inbox.workers() == 0).then(|| "no worker runs".to_owned());
            parts.push(HealthPart::new("worker", name, problem));
        }
        let is_draining = self.shutdowns.iter().any(Shutdown::is_draining);
        HealthReport { parts, is_draining }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stores: Vec<&str> = self.stores.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Health").field("stores", &stores).finish_non_exhaustive()
    }
}

/// What a [`Health`] has found.
#[derive(Clone, Debug)]
pub struct HealthReport {
    parts: Vec<HealthPart>,
    is_draining: bool,
}

#[derive(Clone, Debug)]
struct HealthPart {
    kind: &'static str,
    name: Arc<str>,
    problem: Option<String>,
}

impl HealthPart {
    fn new(kind: &'static str, name: &Arc<str>, problem: Option<String>) -> Self {
        Self { kind, name: Arc::clone(name), problem }
    }
}

impl HealthReport {
    /// Returns whether the service is to be sent requests.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.is_draining && self.parts.iter().all(|part| part.problem.is_none())
    }

    /// Returns whether the service is shutting down.
    #[must_use]
    pub const fn is_draining(&self) -> bool {
        self.is_draining
    }

    /// Returns the report as a JSON object, for operators: it names what is wrong, so do not publish it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let parts = self.parts.iter().map(|part| {
            serde_json::json!({ "kind": part.kind, "name": &*part.name, "problem": part.problem })
        });
        let parts: Vec<_> = parts.collect();
        let report = serde_json::json!({
            "ready": self.is_ready(), "draining": self.is_draining, "parts": parts,
        });
        report.to_string()
    }
}
