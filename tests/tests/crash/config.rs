//! The configuration of a receiver, and the faults that may be planted in it.

use serde::{Deserialize, Serialize};

use crate::store::StoreLocation;

/// The configuration that a receiver is started with.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ReceiverConfig {
    /// Unique within a run.
    pub(crate) number: u32,
    pub(crate) seed: u64,
    pub(crate) location: StoreLocation,
    pub(crate) mode: Mode,
    pub(crate) fault: Option<Fault>,
    pub(crate) journal: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Mode {
    /// The handler's effect is outside the store.
    Lease,
    /// The handler's effect is a row that it writes in the delivery's transaction.
    Transaction,
}

/// A fault that is planted in a receiver, and that the test must detect.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Fault {
    /// The event is marked as handled before its handler runs.
    MarksBeforeHandling,
    /// The handler responds with success before it does its work.
    RespondsEarly,
    /// Handled events are kept in memory only.
    ForgetsEvents,
    /// A lease expires as soon as it is granted.
    NoLease,
    /// The row is written outside the transaction.
    WritesOutsideTransaction,
}
