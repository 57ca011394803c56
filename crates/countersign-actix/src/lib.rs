//! [`countersign`] in front of [actix-web] routes: a middleware, an extractor, and a guard for an event's
//! name.
//!
//! [`Webhooks`] lets a request through to the handler only if it is authentic, fresh and not yet handled.
//!
//! ```
//! use actix_web::{App, http::StatusCode, test, web};
//! use countersign_actix::{Receiver, Secret, Webhook, Webhooks, omniai};
//!
//! async fn on_event(Webhook(event): Webhook<omniai::Event>) -> &'static str {
//!     println!("{}", event.name());
//!     "thanks"
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let receiver = Receiver::new(omniai::OmniAi::new("x-webhook-secret", Secret::new("a secret")?)?);
//! let webhooks = Webhooks::new(receiver);
//! let app = test::init_service(App::new().service(
//!     web::resource("/webhooks/omniai").wrap(webhooks).route(web::post().to(on_event)),
//! ))
//! .await;
//!
//! let request = |secret| {
//!     test::TestRequest::post()
//!         .uri("/webhooks/omniai")
//!         .insert_header(("x-webhook-secret", secret))
//!         .set_payload(r#"{"event":"lead.created","data":{"leadId":"1"}}"#)
//!         .to_request()
//! };
//! assert_eq!(test::call_service(&app, request("a secret")).await.status(), StatusCode::OK);
//! assert_eq!(test::call_service(&app, request("a guess")).await.status(), StatusCode::UNAUTHORIZED);
//! # Ok(())
//! # }
//! ```
//!
//! [`Webhook<T>`](Webhook) extracts the sender's event type, one event's struct, a type of your own, or the
//! verified [`Delivery`] itself, whose `fencing_token()` guards the handler's own writes.
//!
//! # Routing by event
//!
//! The guard [`event`] selects a route by the event's name, and the route [`ignored`] takes all other events:
//!
//! ```
//! use actix_web::web;
//! use countersign_actix::{Delivery, Webhook, Webhooks, event, ignored};
//!
//! #[derive(serde::Deserialize)]
//! struct Invoice {
//!     id: String,
//! }
//!
//! async fn on_paid(Webhook(invoice): Webhook<Invoice>) -> &'static str {
//!     println!("{} is paid", invoice.id);
//!     "thanks"
//! }
//!
//! async fn on_customer(Webhook(delivery): Webhook<Delivery>) -> &'static str {
//!     println!("{}", delivery.event_type().unwrap_or_default());
//!     "thanks"
//! }
//!
//! fn routes(config: &mut web::ServiceConfig, webhooks: Webhooks) {
//!     config.service(
//!         web::resource("/webhooks/stripe")
//!             .wrap(webhooks)
//!             .route(web::post().guard(event("invoice.paid")).to(on_paid))
//!             .route(web::post().guard(event("customer.*")).to(on_customer))
//!             .route(ignored()),
//!     );
//! }
//! ```
//!
//! actix tries the routes in their order, after the middleware has verified the request. Without a last route
//! for all other events, actix responds to them with 405, and the sender retries.
//! [The guide to events][events guide] has the details.
//!
//! # The steps of a request
//!
//! 1. The headers are checked (`middleware.rs`). A method other than `POST`, a missing, duplicate or
//!    malformed header, a stale timestamp or a compressed body is rejected before any of the body is read.
//! 2. The **raw** payload is read up to [`Contract::max_body_size`] and within
//!    [`ReceiverBuilder::body_timeout`], hashed as it arrives, and its signature is compared. The handler
//!    gets exactly the verified bytes.
//! 3. The event is claimed. A handled event is acknowledged; one in progress gets 503 with `Retry-After`.
//! 4. The handler runs within the request's future. Neither a sender that hangs up nor the sender's deadline
//!    stops it: it goes on in a task of its own on its worker; at the deadline the response is 503, and a
//!    retry gets the outcome. Work that blocks the thread belongs into `actix_web::web::block`: deadline and
//!    lease are checked where a handler returns `Poll::Pending`.
//! 5. A 2xx status commits the event. Another status, an error or a panic releases it for the next delivery.
//!    After a panic the response is 500, and the worker continues.
//!
//! The sender gets a status and no reason (`response.rs`). The reason is in the response's extensions, as a
//! [`Rejection`] or an [`Outcome`], and in `tracing` events.
//!
//! # Store, acknowledge, then handle
//!
//! With an [`Inbox`], [`Webhooks::inbox`] stores an event and acknowledges it at once; a
//! [worker](Inbox::worker), which [`RunWorker`] runs, handles it by the same application, with retries. See
//! [the inbox guide].
//!
//! # Features
//!
//! | feature | effect |
//! |---|---|
//! | `tracing` (default) | spans and events of each request, so that a rejection is seen in the log |
//! | `metrics` | counters and durations through the `metrics` facade, see [metrics and tracing] |
//! | `ed25519` | senders that sign with Ed25519: Discord, Standard Webhooks v1a |
//! | `p256` | senders that sign with ECDSA on P-256: SendGrid |
//! | `sign` | signs requests, for tests and tools |
//! | `testing` | the test kit and `SignedTestRequest`, see [testing handlers] |
//!
//! # Deployment
//!
//! - Create the middleware once, outside of `HttpServer::new`'s closure, and clone it into each app.
//! - actix runs the **last** `wrap` first. Register a middleware that reads or changes the body **before**
//!   this one, so that it runs after verification.
//! - Wrap the resource or the scope, not a single route, if the sender checks the endpoint by `GET` or `HEAD`
//!   (Meta, Okta, Dropbox, ...): a route that takes only `POST` never sees the check.
//! - [`Contract::max_body_size`] limits the body. actix's payload limits do not apply to the middleware, but
//!   still apply to an extractor behind it that reads the body again: `web::Bytes` takes at most 256 KiB
//!   unless a `PayloadConfig` raises that.
//! - On shutdown, [drain](Shutdown::drain) the middleware before the server is stopped.
//! - With several processes, [choose a store] that they share.
//! - By default actix continues a request whose client has closed its side of the connection. The handler
//!   runs to its end in either case. actix closes a connection after a request whose body was not read.
//! - actix sends the text of an error to the client: implement `error_response` without a body for the
//!   errors of your handlers.
//! - A response that is due while the handler has the request (past the deadline, after a panic) is an actix
//!   error, which some outer middleware, such as actix's logger, does not log.
//!
//! [actix-web]: https://docs.rs/actix-web
//! [choose a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md
//! [events guide]: https://github.com/countersign/countersign/blob/main/docs/events.md
//! [the inbox guide]: https://github.com/countersign/countersign/blob/main/docs/inbox.md
//! [metrics and tracing]: https://github.com/countersign/countersign/blob/main/docs/observability.md
//! [testing handlers]: https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md

#![cfg_attr(docsrs, feature(doc_cfg))]

mod event;
mod extract;
mod health;
mod items;
mod middleware;
mod rejection;
mod response;
mod timer;
mod transform;
mod worker;
#[cfg(feature = "testing")]
mod test_request;

pub use countersign;
pub use countersign::*;

pub use self::event::{EventGuard, event, ignored};
pub use self::extract::Webhook;
pub use self::health::health_routes;
pub use self::items::ItemsResponse;
pub use self::middleware::WebhookMiddleware;
pub use self::rejection::WebhookRejection;
#[cfg(feature = "testing")]
pub use self::test_request::SignedTestRequest;
pub use self::transform::Webhooks;
pub use self::worker::RunWorker;
