//! [`countersign`] in front of [actix-web] routes: middleware and extractors.
//!
//! A [`Webhooks`] lets a request through only if it is authentic, fresh, and not yet handled:
//!
//! 1. Not `POST`, a header missing, doubled or malformed, a stale time, a coded body: rejected before
//!    a byte of the body is read.
//! 2. The **raw** payload is read under the sender's cap and within [`Receiver::body_timeout`], hashed
//!    on the way, and compared. What is behind gets exactly the verified bytes.
//! 3. The event is claimed; a finished one is acknowledged, one in flight gets 503 and `Retry-After`.
//! 4. The handler runs in a task of its own on its worker. A sender that hangs up does not stop it,
//!    nor does the sender's deadline: past it the answer is 503, and the retry finds what came of it.
//! 5. A 2xx commits. Another status, an error or a panic releases, and the next delivery runs; a
//!    panic is answered with 500 and its worker lives on.
//!
//! The sender is told a status and nothing else. Why stands in the response's extensions, as a
//! [`Rejection`] or an [`Outcome`], and in `tracing` events (feature `tracing`).
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
//! `Webhook<T>` takes the sender's event type, one event's struct, or a type of your own.
//! [`Delivery`] is the raw request, and its `fencing_token()` guards the handler's own writes.
//!
//! # Deployment
//!
//! - Make the middleware once, outside of `HttpServer::new`'s closure, and clone it into each app.
//! - actix runs the **last** `wrap` first: wrap what reads or changes the body before this, or it
//!   comes to stand in front.
//! - actix's payload limits do not apply here; the cap is [`Contract::max_body_size`].
//! - On shutdown, [drain](Shutdown::drain) the middleware before the server is stopped.
//! - actix by default goes on with a request whose sender closed its side; the handler runs on either
//!   way. It closes a connection after a request that was rejected with its body unread.
//! - actix tells an error's text to the sender: give your handlers' errors an `error_response` without.
//! - An answer that is due while the handler still has the request (past the deadline, a panic) comes
//!   as an actix error, which some middleware outside, such as actix's logger, does not log.
//!
//! [actix-web]: https://docs.rs/actix-web

mod extract;
mod middleware;
mod rejection;
mod response;
mod task;
mod transform;
#[cfg(feature = "testing")]
mod test_request;

pub use countersign;
pub use countersign::*;

pub use self::extract::Webhook;
pub use self::middleware::WebhookMiddleware;
pub use self::rejection::WebhookRejection;
#[cfg(feature = "testing")]
pub use self::test_request::SignedTestRequest;
pub use self::transform::Webhooks;
