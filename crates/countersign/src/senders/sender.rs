//! The trait that every sender implements.

use std::sync::Arc;

use crate::contract::Contract;
use crate::event::Identity;
use crate::senders::Handshake;
use crate::verify::{Delivery, Verifier};

/// A sender: how its requests are verified, and what it expects of a [`Receiver`](crate::Receiver).
///
/// For a sender of your own, [`Custom`](super::Custom) is usually enough. Implement this trait if code
/// decides what identifies its events:
///
/// ```
/// use std::sync::Arc;
///
/// use countersign::dedup::Identity;
/// use countersign::scheme::{Encoding, Scheme, SignatureLocation};
/// use countersign::senders::{Sender, Verifier};
/// use countersign::{ConfigError, Contract, Delivery, Receiver, Secret};
///
/// struct Acme {
///     verifier: Arc<Verifier>,
///     contract: Contract,
/// }
///
/// impl Sender for Acme {
///     fn verifier(&self) -> &Arc<Verifier> {
///         &self.verifier
///     }
///
///     fn contract(&self) -> &Contract {
///         &self.contract
///     }
///
///     // An order and its version together identify an event.
///     fn identity(&self, delivery: &Delivery) -> Identity {
///         match delivery.event::<(String, String)>() {
///             Ok((order, version)) => Identity::fields([&*order, &*version]),
///             Err(_) => Identity::from(delivery),
///         }
///     }
/// }
///
/// fn receiver(secret: Secret) -> Result<Receiver, ConfigError> {
///     let signature = SignatureLocation::header("x-acme-signature", Encoding::Hex);
///     let verifier = Verifier::new(Scheme::hmac_sha256("acme", signature).build()?, secret)?;
///     Ok(Receiver::new(Acme { verifier, contract: Contract::default() }))
/// }
/// # receiver(Secret::new("a secret shared with acme")?)?;
/// # Ok::<(), ConfigError>(())
/// ```
///
/// The guide [Adding a sender](https://github.com/countersign/countersign/blob/main/docs/adding-a-sender.md)
/// covers senders as data.
pub trait Sender: Send + Sync + 'static {
    /// Returns what verifies the sender's requests.
    ///
    /// A [`Receiver`](crate::Receiver) reads it once, when it is built.
    fn verifier(&self) -> &Arc<Verifier>;

    /// Returns what the sender expects of its receiver.
    fn contract(&self) -> &Contract;

    /// Returns what makes two deliveries the same event.
    ///
    /// Derive it from signed content only: a client can change everything else.
    fn identity(&self, delivery: &Delivery) -> Identity {
        Identity::from(delivery)
    }

    /// Returns how the sender checks that the endpoint is ready, if it does.
    fn handshake(&self) -> Option<&Handshake> {
        None
    }
}
