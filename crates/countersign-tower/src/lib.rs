//! [`countersign`] in front of any [tower] service, with an extractor and an event router for axum.
//!
//! A [`WebhookLayer`] lets a request through to the handler only if it is authentic, fresh and not yet
//! handled.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, body::Body, http::Request, routing::post};
//! use countersign_tower::{Receiver, Secret, Webhook, WebhookLayer, omniai};
//! use tower::ServiceExt;
//!
//! async fn on_event(Webhook(event): Webhook<omniai::Event>) {
//!     println!("{}", event.name());
//! }
//!
//! let receiver = Receiver::new(omniai::OmniAi::new("x-webhook-secret", Secret::new("a secret")?)?);
//! let app = Router::new()
//!     .route("/webhooks/omniai", post(on_event))
//!     .route_layer(WebhookLayer::new(receiver));
//!
//! let request = |secret| {
//!     Request::post("/webhooks/omniai")
//!         .header("x-webhook-secret", secret)
//!         .body(Body::from(r#"{"event":"lead.created","data":{"leadId":"1"}}"#))
//! };
//! assert_eq!(app.clone().oneshot(request("a secret")?).await?.status(), 200);
//! assert_eq!(app.oneshot(request("a guess")?).await?.status(), 401);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "axum"))]
//! # fn main() {}
//! ```
//!
//! `Webhook<T>` extracts the sender's event type, one event's struct, a type of your own, or the
//! verified [`Delivery`] itself, whose `fencing_token()` guards the handler's own writes. Without axum, the
//! inner service finds the [`Delivery`] in the request's extensions.
//!
//! # Routing by event
//!
//! `Events` routes each event to a handler by its name, and is itself the handler of a route:
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # {
//! use axum::{Router, routing::post};
//! use countersign_tower::{Delivery, Events, Receiver, Webhook, WebhookLayer};
//!
//! #[derive(serde::Deserialize)]
//! struct Invoice {
//!     id: String,
//! }
//!
//! async fn on_paid(Webhook(invoice): Webhook<Invoice>) {
//!     println!("{} is paid", invoice.id);
//! }
//!
//! async fn on_customer(Webhook(delivery): Webhook<Delivery>) {
//!     println!("{}", delivery.event_type().unwrap_or_default());
//! }
//!
//! fn app(receiver: Receiver) -> Router {
//!     let events = Events::new().on("invoice.paid", on_paid).on("customer.*", on_customer);
//!     Router::new()
//!         .route("/webhooks/stripe", post(events))
//!         .route_layer(WebhookLayer::new(receiver))
//! }
//! # }
//! ```
//!
//! An event without a handler is acknowledged, counted and logged; `otherwise` sets a handler for it.
//! [The guide to events][events guide] has the details. Without axum, route by [`Delivery::event_type`]
//! with an [`EventPattern`], and report an event without a handler with [`adapter::report_ignored`].
//!
//! # The steps of a request
//!
//! 1. The headers are checked (`service.rs`). A method other than `POST`, a missing, duplicate or malformed
//!    header, a stale timestamp or a compressed body is rejected before any of the body is read.
//! 2. The body is read up to [`Contract::max_body_size`] and within [`ReceiverBuilder::body_timeout`],
//!    hashed as it arrives, and its signature is compared. The inner service gets exactly the verified
//!    bytes.
//! 3. The event is claimed. A handled event is acknowledged; one in progress gets 503 with `Retry-After`.
//! 4. The inner service runs within the request's future (`call.rs`). Neither a sender that hangs up nor the
//!    sender's deadline stops it: it goes on in a task of its own (`future.rs`); at the deadline the response
//!    is 503, and a retry gets the outcome. Work that blocks the thread belongs into
//!    `tokio::task::spawn_blocking`: deadline and lease are checked where a handler returns `Poll::Pending`.
//! 5. A 2xx status commits the event. Another status, an error or a panic releases it for the next delivery.
//!
//! The sender gets a status and no reason (`response.rs`). The reason is in the response's extensions, as a
//! [`Rejection`] or an [`Outcome`], and in `tracing` events.
//!
//! # Store, acknowledge, then handle
//!
//! With an [`Inbox`], [`WebhookLayer::inbox`] stores an event and acknowledges it at once; a
//! [worker](Inbox::worker), which [`RunWorker`] runs, handles it by the same application, with retries. See
//! [the inbox guide].
//!
//! # Features
//!
//! | feature | effect |
//! |---|---|
//! | `tracing` (default) | spans and events of each request, so that a rejection is seen in the log |
//! | `axum` | the extractor `Webhook` and the event router `Events`, for axum 0.8 |
//! | `metrics` | counters and durations through the `metrics` facade, see [metrics and tracing] |
//! | `ed25519` | senders that sign with Ed25519: Discord, Standard Webhooks v1a |
//! | `p256` | senders that sign with ECDSA on P-256: SendGrid |
//! | `sign` | signs requests, for tests and tools |
//! | `testing` | the test kit, see [testing handlers] |
//!
//! # Deployment
//!
//! - Put the layer **outside** of any layer that reads or changes the body, such as decompression.
//! - Put the layer on the **whole** route if the sender checks the endpoint by `GET` or `HEAD` (Meta, Okta,
//!   Dropbox, ...): `Router::route_layer(layer)` or `post(handler).layer(layer)`. With
//!   `post(handler).route_layer(layer)` axum rejects the check itself, with 405.
//! - `axum::serve` does not limit the time in which a request's headers arrive. Unless a proxy in front does,
//!   serve with `hyper_util`'s server builder, a timer and `header_read_timeout`.
//! - [`Contract::max_body_size`] limits the body. axum's `DefaultBodyLimit` does not apply to the layer, but
//!   still applies to an extractor behind it that reads the body again, such as `Bytes`.
//! - On shutdown, stop the server, wait a few seconds for it, and then [drain](WebhookLayer::shutdown) the
//!   layer. Limit the whole: a client that sent half a request keeps the server up.
//! - The layer needs a tokio runtime with its timer enabled.
//! - With several processes, [choose a store] that they share.
//!
//! [choose a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md
//! [events guide]: https://github.com/countersign/countersign/blob/main/docs/events.md
//! [the inbox guide]: https://github.com/countersign/countersign/blob/main/docs/inbox.md
//! [metrics and tracing]: https://github.com/countersign/countersign/blob/main/docs/observability.md
//! [testing handlers]: https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md
//! [tower]: https://docs.rs/tower

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod call;
mod drain;
#[cfg(feature = "axum")]
mod events;
#[cfg(feature = "axum")]
mod extract;
mod future;
#[cfg(feature = "axum")]
mod health;
#[cfg(feature = "axum")]
mod items;
mod layer;
#[cfg(feature = "axum")]
mod rejection;
mod response;
mod service;
mod timer;
mod worker;

pub use countersign;
pub use countersign::*;

pub use self::body::ResponseBody;
#[cfg(feature = "axum")]
pub use self::events::Events;
#[cfg(feature = "axum")]
pub use self::extract::Webhook;
pub use self::future::ResponseFuture;
#[cfg(feature = "axum")]
pub use self::health::health_routes;
#[cfg(feature = "axum")]
pub use self::items::ItemsResponse;
pub use self::layer::WebhookLayer;
#[cfg(feature = "axum")]
pub use self::rejection::WebhookRejection;
pub use self::service::WebhookService;
pub use self::worker::RunWorker;
