use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use countersign::Shutdown;
use countersign::adapter::{AdapterState, ReceiverSource};
use countersign::time::Clock;
use http_body_util::Full;
use tower_layer::Layer;

use crate::service::WebhookService;

/// Puts a [`Receiver`](crate::Receiver) in front of a service. See the [crate's page](crate).
///
/// `B` is the body that the service behind gets; it is made from the verified bytes.
#[must_use]
pub struct WebhookLayer<B = Full<Bytes>> {
    state: AdapterState,
    body: PhantomData<fn() -> B>,
}

impl WebhookLayer {
    /// Guards a service with a [`Receiver`](crate::Receiver), or [`Tenants`](crate::Tenants) with one
    /// for each, by the system's clock.
    pub fn new(receiver: impl Into<ReceiverSource>) -> Self {
        Self { state: AdapterState::new(receiver), body: PhantomData }
    }
}

impl<B> WebhookLayer<B> {
    /// Compares signed times with `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.state.clock = Arc::new(clock);
        self
    }

    /// Hands the service behind a body of type `C`, where it takes no `Full<Bytes>`.
    ///
    /// Under axum that is needed only if the next layer is an `axum::middleware::from_fn`:
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

    /// A handle to stop claiming and to wait for the handlers under way; use it after the server has
    /// stopped, since a handler outlives the connection of a sender that hung up.
    ///
    /// ```
    /// # use countersign_tower::{Receiver, Secret, WebhookLayer, omniai::OmniAi};
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # let receiver = Receiver::new(OmniAi::new("x-webhook-secret", Secret::new("a secret")?)?);
    /// let layer = WebhookLayer::new(receiver);
    /// let shutdown = layer.shutdown();
    /// // serve until told to stop, then:
    /// let grace = std::time::Duration::from_secs(20);
    /// if tokio::time::timeout(grace, shutdown.drain()).await.is_err() {
    ///     shutdown.stop().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self) -> Shutdown {
        self.state.shutdown.clone()
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
