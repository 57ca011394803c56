//! A sender of the catalogue with its keys.

use std::fmt;
use std::sync::Arc;

use super::handshake::Handshake;
use super::sender::Sender;
use crate::contract::Contract;
use crate::event::Identity;
use crate::verify::{Delivery, Verifier};

/// A sender of the catalogue with its keys.
#[derive(Clone)]
pub struct ConfiguredSender {
    pub(super) verifier: Arc<Verifier>,
    pub(super) contract: Contract,
    pub(super) identity: Option<fn(&Delivery) -> Option<Identity>>,
    pub(super) handshake: Option<Handshake>,
}

impl ConfiguredSender {
    /// What this sender expects of its receiver, where it differs.
    #[must_use]
    pub const fn with_contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }
}

impl Sender for ConfiguredSender {
    fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    fn contract(&self) -> &Contract {
        &self.contract
    }

    fn identity(&self, delivery: &Delivery) -> Identity {
        let own = self.identity.and_then(|identity| identity(delivery));
        own.unwrap_or_else(|| Identity::from(delivery))
    }

    fn handshake(&self) -> Option<&Handshake> {
        self.handshake.as_ref()
    }
}

impl fmt::Debug for ConfiguredSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredSender")
            .field("verifier", &self.verifier)
            .field("contract", &self.contract)
            .finish_non_exhaustive()
    }
}
