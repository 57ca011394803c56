use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use countersign::adapter::{AdapterState, ReceiverSource};
use countersign::time::Clock;
use countersign::{DeliveryLog, Inbox, Shutdown};
use http_body_util::Full;
use tokio::runtime::Handle;
use tower_layer::Layer;

use crate::service::WebhookService;
use crate::timer::TokioTimer;

/// Puts a [`Receiver`](crate::Receiver) in front of a service. See the [crate's page](crate).
///
/// The inner service gets a request with a body of type `B`, made from the verified bytes.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # fn main() {
/// use axum::{Router, http::StatusCode, routing::post};
/// use countersign_tower::{ConfigError, Receiver, Secret, WebhookLayer, senders};
///
/// fn app(secret: Secret) -> Result<Router, ConfigError> {
///     let receiver = Receiver::new(senders::GITHUB.keys(secret)?);
///     Ok(Router::new()
///         .route("/webhooks/github", post(|| async { StatusCode::OK }))
///         .route_layer(WebhookLayer::new(receiver)))
/// }
/// # }
/// # #[cfg(not(feature = "axum"))]
/// # fn main() {}
/// ```
#[must_use]
pub struct WebhookLayer<B = Full<Bytes>> {
    state: AdapterState,
    body: PhantomData<fn() -> B>,
}

impl WebhookLayer {
    /// Creates a layer for a [`Receiver`](crate::Receiver), or for [`Tenants`](crate::tenants::Tenants)
    /// with a receiver for each.
    ///
    /// Signed timestamps are compared with the system's clock, unless [`clock`](Self::clock) sets another.
    pub fn new(receiver: impl Into<ReceiverSource>) -> Self {
        Self { state: AdapterState::new(receiver), body: PhantomData }
    }
}

impl<B> WebhookLayer<B> {
    /// Compares signed timestamps with `clock`.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { state: self.state.with_clock(clock), body: PhantomData }
    }

    /// Stores verified events in `inbox` and acknowledges them at once; a worker of the inbox runs the inner
    /// service.
    ///
    /// Nothing else changes: the same handler gets the same delivery, and its response decides what becomes
    /// of the event. See [the guide](https://github.com/countersign/countersign/blob/main/docs/inbox.md).
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # async fn example(
    /// #     listener: tokio::net::TcpListener,
    /// #     receiver: countersign_tower::Receiver,
    /// #     store: impl countersign_tower::inbox::InboxStore + Clone,
    /// # ) -> std::io::Result<()> {
    /// use axum::{Router, http::StatusCode, routing::post};
    /// use countersign_tower::{Inbox, RunWorker, Shutdown, WebhookLayer};
    ///
    /// let inbox = Inbox::new(store);
    /// let app = Router::new()
    ///     .route("/webhooks/github", post(|| async { StatusCode::OK }))
    ///     .route_layer(WebhookLayer::new(receiver).inbox(inbox.clone()));
    /// let shutdown = Shutdown::default();
    /// tokio::spawn(inbox.worker(app.clone()).run(shutdown.clone()));
    /// axum::serve(listener, app).await
    /// # }
    /// ```
    pub fn inbox(self, inbox: Inbox) -> Self {
        Self { state: self.state.with_inbox(inbox), ..self }
    }

    /// Notes every request in `log`: what came, what became of it, and what its sender got.
    ///
    /// A response never waits for it. See
    /// [the guide](https://github.com/countersign/countersign/blob/main/docs/delivery-log.md).
    ///
    /// ```
    /// use countersign_tower::log::MemoryLog;
    /// use countersign_tower::{DeliveryLog, Receiver, WebhookLayer};
    ///
    /// fn layer(receiver: Receiver, log: &DeliveryLog) -> WebhookLayer {
    ///     WebhookLayer::new(receiver).log(log.clone())
    /// }
    /// # drop(DeliveryLog::new(MemoryLog::new()));
    /// ```
    pub fn log(self, log: DeliveryLog) -> Self {
        let spawn = |writing| {
            // A request is polled in a runtime, or else nothing could time it out.
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(writing);
            }
        };
        Self { state: self.state.with_log(log, TokioTimer, spawn), ..self }
    }

    /// Passes a body of type `C` to the inner service instead of `Full<Bytes>`.
    ///
    /// In axum this is needed only if the next layer is an `axum::middleware::from_fn`:
    ///
    /// ```
    /// # use countersign_tower::{Receiver, Secret, WebhookLayer, omniai::OmniAi};
    /// # let receiver = Receiver::new(OmniAi::new("x-webhook-secret", Secret::new("a secret")?)?);
    /// let layer = WebhookLayer::new(receiver).with_body::<axum::body::Body>();
    /// # Ok::<(), countersign_tower::ConfigError>(())
    /// ```
    pub fn with_body<C: From<Bytes>>(self) -> WebhookLayer<C> {
        WebhookLayer { state: self.state, body: PhantomData }
    }

    /// Returns the handle that shuts the layer down: it rejects further deliveries and waits for the
    /// running handlers.
    ///
    /// Stop the server first, and drain the layer **after** it: a handler outlives the connection of a
    /// sender that hung up. Do not wait for the server without a limit, since a client that sent half a
    /// request keeps it up.
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # async fn example(
    /// #     listener: tokio::net::TcpListener,
    /// #     app: axum::Router,
    /// #     layer: countersign_tower::WebhookLayer,
    /// #     signal: impl Future<Output = ()>,
    /// # ) {
    /// use std::time::Duration;
    ///
    /// use tokio::sync::oneshot;
    /// use tokio::time::timeout;
    ///
    /// let shutdown = layer.shutdown();
    /// let app = app.route_layer(layer);
    /// let (stop, stopped) = oneshot::channel::<()>();
    /// let server = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
    /// let serving = tokio::spawn(server.into_future());
    ///
    /// signal.await; // such as Ctrl-C or SIGTERM
    /// drop(stop);
    /// let drained = timeout(Duration::from_secs(20), async {
    ///     drop(timeout(Duration::from_secs(5), serving).await);
    ///     shutdown.drain().await;
    /// });
    /// if drained.await.is_err() {
    ///     shutdown.stop().await;
    /// }
    /// # }
    /// ```
    pub fn shutdown(&self) -> Shutdown {
        self.state.shutdown().clone()
    }
}

impl<S, B> Layer<S> for WebhookLayer<B> {
    type Service = WebhookService<S, B>;

    fn layer(&self, inner: S) -> Self::Service {
        WebhookService::new(inner, self.state.clone())
    }
}

impl<B> Clone for WebhookLayer<B> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), body: PhantomData }
    }
}

impl<B> fmt::Debug for WebhookLayer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookLayer")
            .field("receiver", self.state.default_receiver())
            .finish_non_exhaustive()
    }
}
