//! A test kit for webhook handlers and for stores, feature `testing`.
//!
//! - [`WebhookRequest`] builds one request and signs it as its sender does;
//!   [`WebhookRequest::tampered`] makes it one that every receiver must reject.
//! - [`TestKeys`] makes the keys: a shared secret, or a key pair.
//! - [`SenderSimulator`] delivers many events as unreliable senders do, deterministically from a seed:
//!   duplicated, late, out of order, tampered with, and retried after every failure.
//! - [`store`] is the contract of a [`DedupStore`](crate::dedup::DedupStore) as a test suite.
//! - [`inbox`] is the contract of an [`InboxStore`](crate::inbox::InboxStore) as one.
//!
//! Testing a handler reads no clock, never sleeps and opens no socket: time is a
//! [`FixedClock`](crate::time::FixedClock), and your test passes the requests to the app.
//!
//! See [the guide](https://github.com/countersign/countersign/blob/main/docs/testing-your-handlers.md).
//!
//! ```
//! use countersign::testing::{Tampering, TestKeys, WebhookRequest};
//! use countersign::{Receiver, RejectionKind, Timestamp, senders};
//! use serde_json::json;
//!
//! let now = Timestamp::from_secs(1_770_000_000);
//! let config = senders::STRIPE.config();
//! let keys = TestKeys::new(&config.scheme()?, 1)?;
//! let receiver = Receiver::new(config.keys(keys.receiver())?);
//!
//! let request = WebhookRequest::to("/webhooks/stripe")
//!     .json(&json!({ "id": "evt_1", "type": "charge.succeeded" }));
//! let signed = request.sign(receiver.scheme(), &keys.sender(), now)?;
//! let delivery = receiver.verify(&signed, signed.body().clone(), now)?;
//! assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
//!
//! let request = request.tampered(Tampering::StaleTimestamp);
//! let signed = request.sign(receiver.scheme(), &keys.sender(), now)?;
//! let rejection = receiver.verify(&signed, signed.body().clone(), now).unwrap_err();
//! assert_eq!(rejection.kind(), RejectionKind::StaleTimestamp);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod sender_simulator;
pub mod inbox;
pub mod store;
mod webhook_request;
mod tampering;
mod form_fields;
mod keys;
mod signed_request;
mod report;
mod futures;
mod split_mix;

pub use self::keys::TestKeys;
pub use self::report::{Attempt, Report, Sent, SentKind};
pub use self::sender_simulator::SenderSimulator;
pub use self::signed_request::SignedRequest;
pub use self::tampering::Tampering;
pub use self::webhook_request::WebhookRequest;
