//! Receive webhooks: verify, deduplicate, decode and acknowledge.
//!
//! A request reaches the handler only if it is authentic, fresh and not yet handled. The handler gets a
//! typed event, and the sender gets the response that its retry rules need.
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
//!         omniai::Event::Unknown(other) => println!("unknown event {}", other.name()),
//!         other => println!("{}, signed with the key {}", other.name(), delivery.key_name()),
//!     }
//!     StatusCode::OK
//! }
//! # app(Secret::new("a secret")?)?;
//! # Ok::<(), countersign_tower::ConfigError>(())
//! ```
//!
//! The adapter for axum and any tower service is the crate `countersign-tower`, the adapter for actix-web
//! is `countersign-actix`. Each re-exports this crate, so that one dependency is enough. Without a
//! framework, for example in a queue worker, use the [`Receiver`] itself.
//!
//! # The steps of a request
//!
//! | step | what happens | module |
//! |---|---|---|
//! | headers | The credential is present once and well-formed, and the signed timestamp is fresh. No byte of the body is read before that. | `verify/headers.rs` |
//! | body | The body is hashed as it arrives, up to [`Contract::max_body_size`]. | `verify/streaming.rs` |
//! | signature | One MAC for each key, and one constant-time comparison for each signature. Only this step creates a [`Delivery`]. | `verify/body.rs`, `crypto/mac.rs` |
//! | claim | The event, identified by signed content, is claimed in the [dedup store](dedup::DedupStore). A handled event is acknowledged; one in progress is not, since its handler may still fail. | `receive/receiver.rs`, `dedup/` |
//! | handler | The handler runs under a lease that is renewed. At the sender's deadline a response is sent, and the handler continues. | `receive/task.rs` |
//! | commit or release | A 2xx status marks the event as handled; anything else releases it for a retry. | `receive/task.rs` |
//! | response | The sender gets a status that its [`Contract`] counts as intended, and no reason. The operator gets the reason through `tracing` and `metrics`. | `receive/response.rs`, `receive/outcome.rs` |
//!
//! An event is handled **at least once, and by one handler at a time within a lease**. Exactly-once
//! handling needs the handler's own transaction: a store in the same database marks the event in it, with
//! the [`ClaimToken`](dedup::ClaimToken) of the delivery. See [choosing a store].
//!
//! # Modules
//!
//! | module | contents | guide |
//! |---|---|---|
//! | the root | [`Receiver`] and its parts: [`Secret`], [`Keyring`], [`Contract`], [`Delivery`], [`EventPattern`], [`Outcome`], and the errors | [routing events] |
//! | | [`Item`]: one event of a request that holds several | [batches] |
//! | [`senders`], [`omniai`], [`ainexlayer`] | the senders, and the [`Sender`](senders::Sender) trait | [senders], [adding a sender] |
//! | [`scheme`] | how a sender signs, as data, for a [`Custom`] sender | [adding a sender] |
//! | [`dedup`] | the trait of dedup stores, and [`MemoryStore`] | [choosing a store] |
//! | [`inbox`] | [`Inbox`]: events that are stored, acknowledged, and then handled with retries | [inbox guide] |
//! | [`tenants`] | one endpoint for many tenants with keys of their own | [tenants][tenants guide] |
//! | [`time`] | timestamps, tolerances and clocks | |
//! | [`adapter`] | the parts of an adapter for another framework | |
//! | `metrics` (feature `metrics`) | the names and descriptions of the metrics | [metrics and tracing] |
//! | `testing` (feature `testing`) | signed requests, a simulated sender, and a suite for dedup stores | [testing handlers] |
//!
//! # Features
//!
//! No feature changes what the crate does by default.
//!
//! | feature | effect |
//! |---|---|
//! | `http` (default) | reads headers from `http::HeaderMap` |
//! | `ed25519` | senders that sign with Ed25519: Discord, Standard Webhooks v1a |
//! | `p256` | senders that sign with ECDSA on P-256: SendGrid |
//! | `tracing` | spans and events of each request |
//! | `metrics` | counters and durations of the same |
//! | `sign` | signs requests, for tests and tools |
//! | `testing` | the test kit, for handlers and for dedup stores |
//!
//! The crate does no I/O, needs no runtime, and reads no clock while it verifies. With one valid key and a
//! body in one piece, verification does not allocate.
//!
//! [adding a sender]: https://github.com/countersign/countersign/blob/main/docs/adding-a-sender.md
//! [batches]: https://github.com/countersign/countersign/blob/main/docs/batches.md
//! [choosing a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md
//! [inbox guide]: https://github.com/countersign/countersign/blob/main/docs/inbox.md
//! [metrics and tracing]: https://github.com/countersign/countersign/blob/main/docs/observability.md
//! [routing events]: https://github.com/countersign/countersign/blob/main/docs/events.md
//! [senders]: https://github.com/countersign/countersign/blob/main/docs/senders.md
//! [tenants guide]: https://github.com/countersign/countersign/blob/main/docs/tenants.md
//! [testing handlers]: https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md

#![cfg_attr(docsrs, feature(doc_cfg))]

// Ordered by the steps of a request: a folder uses only those below it.
#[cfg(feature = "testing")]
pub mod testing;
mod receive;
pub mod inbox;
pub mod log;
pub mod senders;
mod verify;
pub mod dedup;
pub mod scheme;
mod body;
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

pub use self::body::FilePart;
pub use self::contract::{Contract, ContractBuilder, Success};
pub use self::dedup::{MemoryStore, MemoryStoreBuilder};
pub use self::error::{ConfigError, ConfigErrorKind, Rejection, RejectionKind};
pub use self::event::EventPattern;
pub use self::headers::Headers;
pub use self::inbox::Inbox;
pub use self::json::{Patch, RawJson};
pub use self::keys::{Key, Keyring, Secret};
pub use self::log::DeliveryLog;
pub use self::receive::adapter;
#[cfg(feature = "metrics")]
pub use self::receive::metrics;
pub use self::receive::{
    Admission, Claim, Health, HealthReport, IgnoredEvent, ItemFailure, ItemFailureKind, ItemsError,
    ItemsOutcome, Outcome, Receiver, ReceiverBuilder, Shutdown,
};
pub use self::senders::{Custom, StandardWebhooks, ainexlayer, omniai};
pub use self::time::Timestamp;
pub use self::verify::{Delivery, FromDelivery, Item, StreamingVerifier};
