//! [`countersign`] in front of any [tower] service, with extractors for axum.
//!
//! A [`WebhookLayer`] lets a request through only if it is authentic, fresh, and not yet handled:
//!
//! 1. Not `POST`, a header missing, doubled or malformed, a stale time, a coded body: rejected before
//!    a byte of the body is read.
//! 2. The body is read under the sender's cap and within [`Receiver::body_timeout`], hashed on the
//!    way, and compared. The service behind gets exactly the verified bytes.
//! 3. The event is claimed; a finished one is acknowledged, one in flight gets 503 and `Retry-After`.
//! 4. The service runs in a task of its own. A sender that hangs up does not stop it, nor does the
//!    sender's deadline: past it the answer is 503, and the retry finds what came of it.
//! 5. A 2xx commits. Another status, an error or a panic releases, and the next delivery runs.
//!
//! The sender is told a status and nothing else. Why stands in the response's extensions, as a
//! [`Rejection`] or an [`Outcome`], and in `tracing` events (feature `tracing`).
//!
//! # axum
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
//! `Webhook<T>` takes the sender's event type, one event's struct, or a type of your own.
//! [`Delivery`] is the raw request, and its `fencing_token()` guards the handler's own writes.
//!
//! # Deployment
//!
//! - Put the layer **outside** of any that reads or changes the body, such as a decompression layer.
//! - `axum::serve` sets no timer for slow request heads. Where no proxy in front does, serve through
//!   `hyper_util`'s server builder with a timer and `header_read_timeout`.
//! - The cap on bodies is [`Contract::max_body_size`]. axum's `DefaultBodyLimit` does not apply to the layer,
//!   but still to an extractor behind it that reads the body anew, such as `Bytes`.
//! - On shutdown, [drain](Shutdown::drain) the layer after the server has stopped.
//! - It needs a tokio runtime with its timer enabled.
//!
//! [tower]: https://docs.rs/tower

mod body;
#[cfg(feature = "axum")]
mod extract;
mod future;
mod layer;

#[cfg(feature = "axum")]
mod rejection;
mod response;
mod service;
mod task;

pub use countersign;
pub use countersign::*;

pub use self::body::ResponseBody;
#[cfg(feature = "axum")]
pub use self::extract::Webhook;
pub use self::future::ResponseFuture;
pub use self::layer::WebhookLayer;
#[cfg(feature = "axum")]
pub use self::rejection::WebhookRejection;
pub use self::service::WebhookService;
