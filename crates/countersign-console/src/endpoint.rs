//! What is known of an endpoint beside its deliveries.

use std::time::Duration;

use countersign::{Receiver, Success};

/// What is known of an endpoint beside its deliveries.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) sender: String,
    /// Which responses the sender counts as success.
    pub(crate) accepts: &'static str,
    pub(crate) deadline: Duration,
    pub(crate) retries_for: Duration,
    pub(crate) proof: String,
    pub(crate) max_body: usize,
}

impl Endpoint {
    pub(crate) fn of(receiver: &Receiver) -> Self {
        let (contract, scheme) = (receiver.contract(), receiver.scheme());
        Self {
            sender: scheme.sender().to_owned(),
            accepts: match contract.success() {
                Success::Exactly200 => "200 only",
                Success::Exactly204 => "204 without a body",
                _ => "any 2xx",
            },
            deadline: contract.response_deadline(),
            retries_for: contract.retry_window(),
            proof: scheme.to_string(),
            max_body: contract.max_body_size(),
        }
    }
}
