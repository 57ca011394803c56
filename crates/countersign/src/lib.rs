//! Receive webhooks correctly, the whole way from bytes to acknowledgement.
//!
//! A request reaches your handler only if it is authentic, fresh and not yet handled. The handler
//! gets a typed event; the sender gets exactly the answer its retry rules need; nothing that was
//! acknowledged is lost.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use countersign_tower::{Delivery, Receiver, Secret, Webhook, WebhookLayer, omniai};
//!
//! fn app(secret: Secret) -> Result<Router, countersign_tower::ConfigError> {
//!     let receiver = Receiver::new(omniai::OmniAi::new("x-webhook-secret", secret)?);
//!     Ok(Router::new()
//!         .route("/webhooks/omniai", post(on_event))
//!         .route_layer(WebhookLayer::new(receiver)))
//! }
//!
//! async fn on_event(
//!     Webhook(event): Webhook<omniai::Event>,
//!     Webhook(delivery): Webhook<Delivery>,
//! ) -> StatusCode {
//!     match event {
//!         omniai::Event::LeadCreated(lead) => println!("new lead {}", lead.data.lead_id),
//!         omniai::Event::Unknown(other) => println!("new kind of event: {}", other.name()),
//!         other => println!("{} by key {}", other.name(), delivery.key_name()),
//!     }
//!     StatusCode::OK
//! }
//! # app(Secret::new("a secret")?)?;
//! # Ok::<(), countersign_tower::ConfigError>(())
//! ```
//!
//! # What happens to a request
//!
//! 1. **Open**: the headers alone are judged: the credential is there, once and well-formed; the
//!    signed time is fresh. Nothing of the body has been read.
//! 2. **Push**: the body is hashed as it arrives, under a cap that no header can move.
//! 3. **Finish**: one MAC pass a key, one constant-time compare a candidate. Only now is there a
//!    [`Delivery`], and only verification can make one.
//! 4. **Claim**: the event, known by what is signed, is claimed in a [`DedupStore`]. A finished event
//!    is acknowledged; one in flight is not, since it may yet fail.
//! 5. **Settle**: a 2xx of the handler's commits, anything else releases. The sender hears what its
//!    [`Contract`] asks for, by its deadline, even if the handler runs on.
//!
//! This gives **at least once, and one at a time within a lease**. Effectively-once handling needs
//! the handler's own transaction: a store that keeps its events in your database takes the
//! [`ClaimToken`] of a delivery for that.
//!
//! # What is where
//!
//! | you need | it is |
//! |---|---|
//! | a sender | [`omniai`], [`ainexlayer`], [`StandardWebhooks`], one of the catalogue [`senders`], or [`Custom`] with a [`Scheme`] of your own |
//! | keys of many customers at one endpoint | [`Tenants`] |
//! | keys, several at a time | [`Secret`], [`Key`], [`Keyring`] |
//! | what to remember handled events in | [`MemoryStore`], or any [`DedupStore`] |
//! | the object an adapter drives | [`Receiver`]: also for a queue worker or a lambda, see there |
//! | why a request was rejected | [`Rejection`] and its [`RejectionKind`] |
//! | what became of a delivery | [`Outcome`] |
//! | to test your handlers | the module `testing`, feature `testing`, and [its page](https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md) |
//!
//! The adapter for axum and any tower service is the crate `countersign-tower`, that for actix-web
//! `countersign-actix`. Each re-exports all of this, so one dependency is enough.
//!
//! # Features
//!
//! - `http` (default): reads headers straight from `http::HeaderMap`.
//! - `ed25519`: senders that sign with it, such as Discord and Standard Webhooks v1a.
//! - `p256`: senders that sign with ECDSA on that curve, such as SendGrid.
//! - `tracing`: spans and events of what happens to each request.
//! - `metrics`: counts and times of the same, see `metrics`.
//! - `sign`: runs a scheme backwards, to make authentic requests in tests and tools.
//! - `testing`: the test kit, for the tests of your handlers and of a [`DedupStore`] of your own.
//!
//! The crate does no I/O, needs no runtime and reads no clock while verifying. Between a request's
//! headers and its [`Delivery`] it allocates nothing, if the sender has one key that is valid now and
//! the body comes in one piece.

// The order of a request's way: a folder uses only those below it.
#[cfg(feature = "testing")]
pub mod testing;
mod receive;
pub mod senders;
pub mod dedup;
mod verify;
pub mod scheme;
mod event;
mod keys;
mod json;
mod crypto;
mod contract;
mod headers;
pub mod time;
mod error;

/// One endpoint for many tenants, each with keys of its own.
///
/// See [the guide](https://github.com/countersign/countersign/blob/main/docs/tenants.md).
pub mod tenants {
    pub use crate::receive::{
        KeyResolver, ResolveError, Tenant, TenantFrom, Tenants, TenantsBuilder,
    };
}

pub use self::contract::{Contract, ContractBuilder, Success};
pub use self::dedup::MemoryStore;
pub use self::error::{ConfigError, ConfigErrorKind, Rejection, RejectionKind};
pub use self::headers::Headers;
pub use self::json::{Patch, RawJson};
pub use self::keys::{Key, Keyring, Secret};
pub use self::receive::adapter;
#[cfg(feature = "metrics")]
pub use self::receive::metrics;
pub use self::receive::{Admission, Claim, Outcome, Receiver, ReceiverBuilder, Shutdown};
pub use self::senders::{Custom, StandardWebhooks, ainexlayer, omniai};
pub use self::time::Timestamp;
pub use self::verify::{Delivery, FromDelivery, StreamingVerifier};
