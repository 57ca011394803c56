//! The test kit: what tests of your own can lean on, feature `testing`.
//!
//! - [`Post`] signs one request as its sender would, whichever that is; [`Post::damaged`] spoils it
//!   in one of the ways that a receiver must see.
//! - [`TestKeys`] makes the keys for that, pairs where the sender signs with one.
//! - [`FakeSender`] delivers many events as badly as real senders do, by a seed: twice, late, in
//!   another order, spoilt on the way, and again when the answer is no success.
//! - [`store`] is the contract of a [`DedupStore`](crate::DedupStore), as a suite to run against one.
//!
//! To test a handler no clock is read, nothing sleeps and no socket is opened: the time is a
//! [`FixedClock`](crate::FixedClock), and requests go wherever your test puts them.
//!
//! ```
//! use countersign::testing::{Damage, Post, TestKeys};
//! use countersign::{Receiver, RejectionKind, Timestamp, senders};
//! use serde_json::json;
//!
//! let now = Timestamp::from_secs(1_770_000_000);
//! let setup = senders::STRIPE.setup();
//! let keys = TestKeys::new(&setup.scheme()?, 1)?;
//! let receiver = Receiver::new(setup.keys(keys.receiver())?);
//!
//! let post = Post::to("/webhooks/stripe").json(&json!({ "id": "evt_1", "type": "charge.succeeded" }));
//! let request = post.sign(receiver.scheme(), &keys.sender(), now)?;
//! let delivery = receiver.verify(&request, request.body().clone(), now)?;
//! assert_eq!(delivery.signed_id().as_deref(), Some("evt_1"));
//!
//! let stale = post.damaged(Damage::Stale).sign(receiver.scheme(), &keys.sender(), now)?;
//! let rejection = receiver.verify(&stale, stale.body().clone(), now).unwrap_err();
//! assert_eq!(rejection.kind(), RejectionKind::StaleTimestamp);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod numbers;
mod keys;
mod damage;
mod request;
mod post;
mod gather;
mod report;
mod fake_sender;
pub mod store;

pub use self::damage::Damage;
pub use self::fake_sender::FakeSender;
pub use self::keys::TestKeys;
pub use self::post::Post;
pub use self::report::{Attempt, Report, Sent, SentKind};
pub use self::request::SignedRequest;
