use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use countersign::Shutdown;
use countersign::adapter::{AdapterState, ReceiverSource};
use countersign::time::Clock;

use crate::middleware::WebhookMiddleware;

/// Puts a [`Receiver`](crate::Receiver) in front of an app, scope or resource. See the [crate's page](crate).
///
/// Make it once, outside of `HttpServer::new`'s closure, and clone it into each worker's app: the
/// clones share what was handled.
#[derive(Clone)]
#[must_use]
pub struct Webhooks {
    state: AdapterState,
}

impl Webhooks {
    /// Guards what it wraps with a [`Receiver`](crate::Receiver), or [`Tenants`](crate::Tenants) with one for each, by
    /// the system's clock.
    pub fn new(receiver: impl Into<ReceiverSource>) -> Self {
        Self { state: AdapterState::new(receiver) }
    }

    /// Compares signed times with `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.state.clock = Arc::new(clock);
        self
    }

    /// A handle to stop claiming and to wait for the handlers under way; use it **before** the server
    /// is stopped, since a handler outlives its sender's connection, but not its worker.
    ///
    /// ```
    /// # use countersign_actix::{Receiver, Secret, Webhooks, omniai::OmniAi};
    /// # async fn example(server: actix_web::dev::ServerHandle) -> Result<(), Box<dyn std::error::Error>> {
    /// # let receiver = Receiver::new(OmniAi::new("x-webhook-secret", Secret::new("a secret")?)?);
    /// let webhooks = Webhooks::new(receiver);
    /// let shutdown = webhooks.shutdown();
    /// // serve until told to stop, then:
    /// let grace = std::time::Duration::from_secs(20);
    /// if actix_web::rt::time::timeout(grace, shutdown.drain()).await.is_err() {
    ///     shutdown.stop().await;
    /// }
    /// server.stop(true).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self) -> Shutdown {
        self.state.shutdown.clone()
    }
}

impl<S, B> Transform<S, ServiceRequest> for Webhooks
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = <WebhookMiddleware<S> as Service<ServiceRequest>>::Response;
    type Error = Error;
    type Transform = WebhookMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(WebhookMiddleware::new(Rc::new(service), self.state.clone())))
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookMiddleware")
            .field("receiver", self.state.default_receiver())
            .finish_non_exhaustive()
    }
}
