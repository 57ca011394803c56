//! Senders: each is a scheme, a contract, and what makes two deliveries the same event.

pub mod ainexlayer;
mod custom;
pub mod omniai;
mod standard_webhooks;

use std::sync::Arc;

pub use self::custom::Custom;
pub use self::standard_webhooks::StandardWebhooks;
use crate::challenge::Handshake;
use crate::contract::Contract;
use crate::dedup::Identity;
use crate::delivery::Delivery;
use crate::verify::Verifier;

/// A sender, as a [`Receiver`](crate::Receiver) needs to know it.
///
/// For a sender of your own, [`Custom`] is enough; implement this where the identity of its events
/// takes code.
pub trait Provider: Send + Sync + 'static {
    /// How its requests are verified.
    fn verifier(&self) -> &Arc<Verifier>;

    /// What it expects of a receiver.
    fn contract(&self) -> &Contract;

    /// What makes two deliveries the same event. Take it from signed material only.
    fn identity(&self, delivery: &Delivery) -> Identity {
        Identity::from(delivery)
    }

    /// How it asks whether the endpoint is ready, if it does.
    fn handshake(&self) -> Option<&Handshake> {
        None
    }
}
