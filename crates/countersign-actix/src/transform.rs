use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use countersign::adapter::{AdapterState, ReceiverSource};
use countersign::time::Clock;
use countersign::{DeliveryLog, Inbox, Shutdown};

use crate::middleware::{WebhookMiddleware, spawn};
use crate::timer::ActixTimer;

/// Puts a [`Receiver`](crate::Receiver) in front of an app, scope or resource. See the
/// [crate's page](crate).
///
/// Create it once, outside of `HttpServer::new`'s closure, and clone it into each worker's app: clones
/// share one receiver and one shutdown.
///
/// ```no_run
/// use actix_web::{App, HttpResponse, HttpServer, web};
/// use countersign_actix::{Receiver, Secret, Webhooks, senders};
///
/// #[actix_web::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let github = senders::GITHUB.keys(Secret::from_env("GITHUB_WEBHOOK_SECRET")?)?;
///     let webhooks = Webhooks::new(Receiver::new(github));
///     let server = HttpServer::new(move || {
///         let route = web::resource("/webhooks/github").wrap(webhooks.clone());
///         App::new().service(route.route(web::post().to(HttpResponse::Ok)))
///     });
///     Ok(server.bind("127.0.0.1:3000")?.run().await?)
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Webhooks {
    state: AdapterState,
}

impl Webhooks {
    /// Creates a middleware for a [`Receiver`](crate::Receiver), or for
    /// [`Tenants`](crate::tenants::Tenants) with a receiver for each.
    ///
    /// Signed timestamps are compared with the system's clock, unless [`clock`](Self::clock) sets another.
    pub fn new(receiver: impl Into<ReceiverSource>) -> Self {
        Self { state: AdapterState::new(receiver) }
    }

    /// Compares signed timestamps with `clock`.
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { state: self.state.with_clock(clock) }
    }

    /// Stores verified events in `inbox` and acknowledges them at once; a worker of the inbox runs the
    /// handlers.
    ///
    /// Nothing else changes: the same handler gets the same delivery, and its response decides what becomes
    /// of the event. See [the guide](https://github.com/countersign/countersign/blob/main/docs/inbox.md).
    ///
    /// ```
    /// use actix_web::{App, HttpResponse, HttpServer, web};
    /// use countersign_actix::{Inbox, Receiver, RunWorker, Shutdown, Webhooks, inbox::InboxStore};
    ///
    /// async fn serve(receiver: Receiver, store: impl InboxStore) -> std::io::Result<()> {
    ///     let inbox = Inbox::new(store);
    ///     let webhooks = Webhooks::new(receiver).inbox(inbox.clone());
    ///     let app = move || {
    ///         let route = web::resource("/webhooks/github").wrap(webhooks.clone());
    ///         App::new().service(route.route(web::post().to(HttpResponse::Ok)))
    ///     };
    ///     let shutdown = Shutdown::default();
    ///     actix_web::rt::spawn(inbox.worker(app.clone()).run(shutdown.clone()));
    ///     HttpServer::new(app).bind("127.0.0.1:3000")?.run().await
    /// }
    /// ```
    pub fn inbox(self, inbox: Inbox) -> Self {
        Self { state: self.state.with_inbox(inbox) }
    }

    /// Notes every request in `log`: what came, what became of it, and what its sender got.
    ///
    /// A response never waits for it. See
    /// [the guide](https://github.com/countersign/countersign/blob/main/docs/delivery-log.md).
    ///
    /// ```
    /// use countersign_actix::log::MemoryLog;
    /// use countersign_actix::{DeliveryLog, Receiver, Webhooks};
    ///
    /// fn webhooks(receiver: Receiver, log: &DeliveryLog) -> Webhooks {
    ///     Webhooks::new(receiver).log(log.clone())
    /// }
    /// # drop(DeliveryLog::new(MemoryLog::new()));
    /// ```
    pub fn log(self, log: DeliveryLog) -> Self {
        Self { state: self.state.with_log(log, ActixTimer, |writing| spawn((), writing)) }
    }

    /// Returns the handle that shuts the middleware down: it rejects further deliveries and waits for the
    /// running handlers.
    ///
    /// Drain the middleware **before** the server is stopped: a handler outlives the connection of a
    /// sender that hung up, but not its worker. Set `HttpServer::shutdown_timeout`, too: by default open
    /// connections keep a stopped server up for 30 s.
    ///
    /// ```
    /// # use countersign_actix::{Receiver, Secret, Webhooks, omniai::OmniAi};
    /// # async fn example(server: actix_web::dev::ServerHandle) -> Result<(), Box<dyn std::error::Error>> {
    /// # let receiver = Receiver::new(OmniAi::new("x-webhook-secret", Secret::new("a secret")?)?);
    /// let webhooks = Webhooks::new(receiver);
    /// let shutdown = webhooks.shutdown();
    /// // Serve until the process is asked to end, then:
    /// let grace = std::time::Duration::from_secs(20);
    /// if actix_web::rt::time::timeout(grace, shutdown.drain()).await.is_err() {
    ///     shutdown.stop().await;
    /// }
    /// server.stop(true).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self) -> Shutdown {
        self.state.shutdown().clone()
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
        f.debug_struct("Webhooks")
            .field("receiver", self.state.default_receiver())
            .finish_non_exhaustive()
    }
}
