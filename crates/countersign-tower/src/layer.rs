use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use countersign::adapter::report_short_keys;
use countersign::{Clock, Receiver, SystemClock};
use http_body_util::Full;
use tokio_util::task::TaskTracker;
use tower_layer::Layer;

use crate::service::WebhookService;

/// Puts a [`Receiver`] in front of a service. See the [crate's page](crate).
///
/// `B` is the body that the service behind gets; it is made from the verified bytes.
#[must_use]
pub struct WebhookLayer<B = Full<Bytes>> {
    shared: Shared,
    body: PhantomData<fn() -> B>,
}

/// What a layer and its services hold in common.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Every delivery from its claim on, whether its sender still listens or not.
    pub(crate) tasks: TaskTracker,
}

impl WebhookLayer {
    /// Guards a service with `receiver`, by the system's clock.
    pub fn new(receiver: Receiver) -> Self {
        report_short_keys(&receiver);
        let shared = Shared {
            receiver: Arc::new(receiver),
            clock: Arc::new(SystemClock),
            tasks: TaskTracker::new(),
        };
        Self { shared, body: PhantomData }
    }
}

impl<B> WebhookLayer<B> {
    /// Compares signed times with `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.shared.clock = Arc::new(clock);
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
        WebhookLayer { shared: self.shared, body: PhantomData }
    }

    /// A handle to stop claiming and to wait for the handlers under way.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown { tasks: self.shared.tasks.clone() }
    }
}

impl<S, B> Layer<S> for WebhookLayer<B> {
    type Service = WebhookService<S, B>;

    fn layer(&self, inner: S) -> Self::Service {
        WebhookService::new(inner, self.shared.clone())
    }
}

impl<B> Clone for WebhookLayer<B> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), body: PhantomData }
    }
}

impl<B> fmt::Debug for WebhookLayer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookLayer")
            .field("receiver", &self.shared.receiver)
            .finish_non_exhaustive()
    }
}

/// Ends a layer's work in good order.
///
/// A server that stops waits for its connections, but a handler outlives the connection of a sender
/// that hung up. Drain the layer after the server has stopped, or those are cut off and their events
/// wait for a retry.
///
/// ```
/// # use countersign_tower::{Receiver, Secret, WebhookLayer, omniai::OmniAi};
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// # let receiver = Receiver::new(OmniAi::new("x-webhook-secret", Secret::new("a secret")?)?);
/// let layer = WebhookLayer::new(receiver);
/// let shutdown = layer.shutdown();
/// // serve until told to stop, then:
/// tokio::time::timeout(std::time::Duration::from_secs(20), shutdown.drain()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Shutdown {
    tasks: TaskTracker,
}

impl Shutdown {
    /// Answers every further delivery with 503, and returns when the handlers under way have ended
    /// and their claims are settled.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}
