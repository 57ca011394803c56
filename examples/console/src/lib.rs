//! The service of the example, which its test runs, too.

mod handlers;
mod senders;
mod traffic;

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use countersign_console::{Access, Console};
use countersign_sqlx::SqliteStore;
use countersign_tower::inbox::RetryPolicy;
use countersign_tower::{DeliveryLog, Inbox, RunWorker, Shutdown, WebhookLayer};
use tokio::task::JoinHandle;

use crate::senders::{ainexlayer, omniai};

/// An error ends the program with a line of text.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// A service with two senders, an inbox, a delivery log and the console.
#[derive(Clone, Debug)]
pub struct Service {
    app: Router,
    inbox: Inbox,
    log: DeliveryLog,
    store: SqliteStore,
    handlers: handlers::Handlers,
    shutdown: Shutdown,
}

impl Service {
    /// Opens the service on a file.
    ///
    /// # Errors
    ///
    /// Those of the store, and of a wrong setting.
    pub async fn open(path: &Path) -> Result<Self> {
        let store = SqliteStore::open(path).await?;
        let inbox = Inbox::new(store.clone());
        let log = DeliveryLog::builder(store.clone()).capture_rejected().build();
        let (omniai, ainexlayer) = (omniai()?, ainexlayer()?);

        // For a service that only its developer can reach: everyone may do everything.
        let console = Console::new(|_| Access::operate("you"))
            .log(store.clone())
            .inbox(store.clone())
            .receiver(&omniai)
            .receiver(&ainexlayer)
            .title("example");

        let layer = |receiver| WebhookLayer::new(receiver).inbox(inbox.clone()).log(log.clone());
        let handlers = handlers::Handlers::default();
        let omniai_route = post(handlers::on_omniai).route_layer(layer(omniai));
        let ainexlayer_route = post(handlers::on_ainexlayer).route_layer(layer(ainexlayer));
        let app = Router::new()
            .route(senders::OMNIAI_PATH, omniai_route)
            .route(senders::AINEXLAYER_PATH, ainexlayer_route)
            .with_state(handlers.clone())
            .nest_service("/console", console.axum());
        let shutdown = Shutdown::default();
        Ok(Self { app, inbox, log, store, handlers, shutdown })
    }

    /// Returns the application: the routes of both senders, and the console.
    pub fn app(&self) -> Router {
        self.app.clone()
    }

    /// Returns the store.
    #[must_use]
    pub const fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// Starts a worker, with two attempts and a short pause for a demonstration.
    #[must_use]
    pub fn start_worker(&self) -> JoinHandle<()> {
        let pause = Duration::from_millis(200);
        let retry = RetryPolicy::exponential(pause, pause).max_attempts(2);
        let worker = self.inbox.worker(self.app()).retry(retry);
        tokio::spawn(worker.run(self.shutdown.clone()))
    }

    /// Makes handlers accept what they have failed for, as after a deployment.
    pub fn fix(&self) {
        self.handlers.fix();
    }

    /// Stops the worker, and writes the end of the log.
    pub async fn stop(&self) {
        self.shutdown.drain().await;
        drop(self.log.flush().await);
    }
}
