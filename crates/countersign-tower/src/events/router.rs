use std::borrow::Cow;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use countersign::adapter::report_ignored;
use countersign::{Delivery, EventPattern};

use super::boxed_handler::{BoxedHandler, HandlerFuture};
use super::table::Table;
use crate::rejection::WebhookRejection;

/// Routes each event to a handler by the event's name.
///
/// The router is an axum handler for a route behind a [`WebhookLayer`](crate::WebhookLayer). Its own
/// handlers are axum handlers, with extractors and the state of the route:
///
/// ```
/// use std::sync::Arc;
///
/// use axum::{Router, extract::State, routing::post};
/// use countersign_tower::{ConfigError, Delivery, Events, Receiver, Secret, Webhook, WebhookLayer, senders};
///
/// struct Ledger;
///
/// #[derive(serde::Deserialize)]
/// struct Invoice {
///     id: String,
/// }
///
/// async fn on_paid(State(ledger): State<Arc<Ledger>>, Webhook(invoice): Webhook<Invoice>) {
///     println!("{} is paid", invoice.id);
/// }
///
/// async fn on_customer(Webhook(delivery): Webhook<Delivery>) {
///     println!("{}", delivery.event_type().unwrap_or_default());
/// }
///
/// fn app(secret: Secret, ledger: Arc<Ledger>) -> Result<Router, ConfigError> {
///     let events = Events::new()
///         .on("invoice.paid", on_paid)
///         .on("customer.*", on_customer)
///         .ignore("customer.updated");
///     let receiver = Receiver::new(senders::STRIPE.keys(secret)?);
///     Ok(Router::new()
///         .route("/webhooks/stripe", post(events))
///         .route_layer(WebhookLayer::new(receiver))
///         .with_state(ledger))
/// }
/// ```
///
/// The name is [`Delivery::event_type`], in the body or in a header as the sender has it. [The guide]
/// says what a name in an unsigned header is worth.
///
/// # Patterns
///
/// An [`EventPattern`] is an exact name, or a prefix with a `*` at its end. An exact name wins over a
/// prefix, and a longer prefix over a shorter one, in any order of the calls. Names are compared with their
/// case.
///
/// # Other events
///
/// An event that no pattern matches, or that has no name, goes to [`otherwise`](Self::otherwise). Without
/// that, it is ignored as by [`ignore`](Self::ignore): acknowledged with 200 or the status that the sender
/// counts as success, committed as handled, counted in the metric `countersign_ignored_total`, logged with
/// its name, and marked with an [`IgnoredEvent`](crate::IgnoredEvent) in the response's extensions.
///
/// [The guide]: https://github.com/countersign/countersign/blob/main/docs/events.md
#[must_use]
pub struct Events<S = ()> {
    table: Arc<Table<Action<S>>>,
    otherwise: Option<BoxedHandler<S>>,
}

/// What is done with an event.
enum Action<S> {
    Handle(BoxedHandler<S>),
    Ignore,
}

impl<S: Clone + Send + Sync + 'static> Events<S> {
    /// Creates a router without handlers, which ignores every event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Handles the events whose name matches `pattern` with `handler`.
    ///
    /// # Panics
    ///
    /// Panics if the [pattern](EventPattern) is invalid, or was given before.
    #[track_caller]
    pub fn on<H, T>(self, pattern: impl Into<Cow<'static, str>>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.with(pattern.into(), Action::Handle(BoxedHandler::new(handler)))
    }

    /// Acknowledges the events whose name matches `pattern` without a handler, and counts them as
    /// [ignored](Self#other-events).
    ///
    /// # Panics
    ///
    /// Panics if the [pattern](EventPattern) is invalid, or was given before.
    #[track_caller]
    pub fn ignore(self, pattern: impl Into<Cow<'static, str>>) -> Self {
        self.with(pattern.into(), Action::Ignore)
    }

    /// Handles all other events with `handler`: those that no pattern matches, and those without a name.
    ///
    /// # Panics
    ///
    /// Panics if a handler for other events was given before.
    #[track_caller]
    pub fn otherwise<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        assert!(
            self.otherwise.is_none(),
            "a handler for other events was given before: call `otherwise` once"
        );
        self.otherwise = Some(BoxedHandler::new(handler));
        self
    }

    /// Returns the patterns of [`on`](Self::on) and [`ignore`](Self::ignore), each once: the exact names in
    /// alphabetical order, then the prefixes.
    ///
    /// Where all of them are exact and are all that the sender delivers, they are also what
    /// [`SenderConfig::with_event_types`](crate::senders::SenderConfig::with_event_types) declares:
    ///
    /// ```
    /// use axum::{Router, routing::post};
    /// use countersign_tower::{ConfigError, Delivery, Events, Receiver, Secret, Webhook, WebhookLayer, senders};
    ///
    /// async fn on_order(Webhook(delivery): Webhook<Delivery>) {
    ///     println!("{} bytes", delivery.body().len());
    /// }
    ///
    /// fn app(secret: Secret) -> Result<Router, ConfigError> {
    ///     let events = Events::new().on("orders/create", on_order).ignore("app/uninstalled");
    ///     let shopify = senders::SHOPIFY.config();
    ///     let shopify = shopify.with_event_types(events.names().map(str::to_owned)).keys(secret)?;
    ///     let layer = WebhookLayer::new(Receiver::new(shopify));
    ///     Ok(Router::new().route("/webhooks/shopify", post(events).layer(layer)))
    /// }
    /// # app(Secret::new("the app's client secret")?)?;
    /// # Ok::<(), ConfigError>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.table.patterns()
    }

    /// Returns the route that passes requests of every method to the router.
    ///
    /// The [`WebhookLayer`](crate::WebhookLayer) of the route decides which methods are accepted, so a
    /// handshake by `GET` or `HEAD` reaches it:
    ///
    /// ```
    /// use axum::Router;
    /// use countersign_tower::{Delivery, Events, Receiver, Webhook, WebhookLayer};
    ///
    /// async fn on_push(Webhook(delivery): Webhook<Delivery>) {
    ///     println!("{} bytes", delivery.body().len());
    /// }
    ///
    /// fn app(github: Receiver) -> Router {
    ///     let events = Events::new().on("push", on_push).into_method_router();
    ///     Router::new().route("/webhooks/github", events.layer(WebhookLayer::new(github)))
    /// }
    /// ```
    pub fn into_method_router(self) -> MethodRouter<S> {
        any(self)
    }

    #[track_caller]
    fn with(mut self, pattern: Cow<'static, str>, action: Action<S>) -> Self {
        let pattern = match EventPattern::new(pattern) {
            Ok(pattern) => pattern,
            Err(error) => panic!("{error}"),
        };
        let text = pattern.to_string();
        let is_new = Arc::make_mut(&mut self.table).insert(pattern, action);
        assert!(is_new, "event pattern `{text}` was given before: each pattern takes one handler");
        self
    }

    /// Returns the handler of a delivery's event; `None` if the event is ignored.
    fn handler(&self, delivery: &Delivery) -> Option<&BoxedHandler<S>> {
        let name = delivery.event_type();
        match name.and_then(|name| self.table.find(&name)) {
            Some(Action::Handle(handler)) => Some(handler),
            Some(Action::Ignore) => None,
            None => self.otherwise.as_ref(),
        }
    }
}

/// Routes the request by its delivery. A route without a [`WebhookLayer`](crate::WebhookLayer) responds
/// with 500, as the extractor [`Webhook`](crate::Webhook) does.
impl<S: Clone + Send + Sync + 'static> Handler<(), S> for Events<S> {
    type Future = HandlerFuture;

    fn call(self, request: Request, state: S) -> Self::Future {
        let Some(delivery) = request.extensions().get::<Delivery>() else {
            return Box::pin(ready(WebhookRejection::missing_layer().into_response()));
        };
        match self.handler(delivery) {
            Some(handler) => handler.call(request, state),
            None => Box::pin(ready(ignored(delivery))),
        }
    }
}

/// Acknowledges an event that has no handler.
fn ignored(delivery: &Delivery) -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(report_ignored(delivery));
    response
}

impl<S> Default for Events<S> {
    fn default() -> Self {
        Self { table: Arc::default(), otherwise: None }
    }
}

impl<S> Clone for Events<S> {
    fn clone(&self) -> Self {
        Self { table: Arc::clone(&self.table), otherwise: self.otherwise.clone() }
    }
}

impl<S> Clone for Action<S> {
    fn clone(&self) -> Self {
        match self {
            Self::Handle(handler) => Self::Handle(handler.clone()),
            Self::Ignore => Self::Ignore,
        }
    }
}

impl<S> fmt::Debug for Events<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("patterns", &self.table.patterns().collect::<Vec<_>>())
            .field("otherwise", &self.otherwise.is_some())
            .finish_non_exhaustive()
    }
}
