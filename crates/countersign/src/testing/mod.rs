//! The test kit: what tests of your own can lean on, feature `testing`.
//!
//! - [`WebhookRequest`] signs one request as its sender would, whichever that is; [`WebhookRequest::tampered`] spoils it
//!   in one of the ways that a receiver must see.
//! - [`TestKeys`] makes the keys for that, pairs where the sender signs with one.
//! - [`SenderSimulator`] delivers many events as badly as real senders do, by a seed: twice, late, in
//!   another order, spoilt on the way, and again when the answer is no success.
//! - [`store`] is the contract of a [`DedupStore`](crate::dedup::DedupStore), as a suite to run against one.
//!
//! To test a handler no clock is read, nothing sleeps and no socket is opened: the time is a
//! [`FixedClock`](crate::time::FixedClock), and requests go wherever your test puts them.
//!
//! ```
//! use countersign::testing::{Tampering, WebhookRequest, TestKeys};
//! use countersign::{Receiver, RejectionKind, Timestamp, senders};
//! use serde_json::json;
//!
//! let now = Timestamp::from_secs(1_770_000_000);
//! let config = senders::STRIPE.config();
//! let keys = TestKeys::new(&config.scheme()?, 1)?;
//! let receiver = Receiver::new(config.keys(keys.receiver())?);
//!
//! let post = WebhookRequest::to("/webhooks/stripe").json(&json!({ "id": "evt_1", "type": "charge.succeeded" }));
//! let request = post.sign(receiver.scheme(), &keys.sender(), now)?;
//! let delivery = receiver.verify(&request, request.body().clone(), now)?;
//! assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
//!
//! let stale = post.tampered(Tampering::Stale).sign(receiver.scheme(), &keys.sender(), now)?;
//! let rejection = receiver.verify(&stale, stale.body().clone(), now).unwrap_err();
//! assert_eq!(rejection.kind(), RejectionKind::StaleTimestamp);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod split_mix;
mod keys;
mod tampering;
mod signed_request;
mod webhook_request;
mod join;
mod report;
mod sender_simulator;
pub mod store;

pub use self::keys::TestKeys;
pub use self::report::{Attempt, Report, Sent, SentKind};
pub use self::sender_simulator::SenderSimulator;
pub use self::signed_request::SignedRequest;
pub use self::tampering::Tampering;
pub use self::webhook_request::WebhookRequest;
