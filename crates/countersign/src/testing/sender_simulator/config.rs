//! The settings of a simulation.

use std::time::Duration;

use crate::contract::Contract;
use crate::keys::Secret;
use crate::scheme::Scheme;
use crate::time::FixedClock;

pub(super) struct Config {
    pub(super) scheme: Scheme,
    pub(super) contract: Contract,
    pub(super) key: Secret,
    pub(super) seed: u64,
    pub(super) clock: FixedClock,
    /// The shares of all deliveries and responses, in percent.
    pub(super) duplicates: u8,
    pub(super) tampered: u8,
    pub(super) lost_responses: u8,
    pub(super) max_delay: Duration,
    pub(super) concurrency: usize,
    pub(super) retries: Vec<Duration>,
}
