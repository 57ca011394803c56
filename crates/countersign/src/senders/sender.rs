//! The trait that every sender implements.

use std::sync::Arc;

use crate::contract::Contract;
use crate::dedup::Identity;
use crate::senders::Handshake;
use crate::verify::Delivery;
use crate::verify::Verifier;

/// A sender, as a [`Receiver`](crate::Receiver) needs to know it.
///
/// For a sender of your own, [`Custom`] is enough; implement this where the identity of its events
/// takes code.
pub trait Sender: Send + Sync + 'static {
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
