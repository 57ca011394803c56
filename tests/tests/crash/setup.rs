//! What a receiver is told, and what may be wrong with it.

use serde::{Deserialize, Serialize};

use crate::place::Place;

/// A receiver's settings: they come with its start.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Setup {
    /// Counted over the whole run, so that no two have the same.
    pub(crate) number: u32,
    pub(crate) seed: u64,
    pub(crate) place: Place,
    pub(crate) mode: Mode,
    pub(crate) fault: Option<Fault>,
    pub(crate) journal: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Mode {
    /// The handler's effect is outside the store.
    Lease,
    /// It is a row that is written in the delivery's transaction.
    Transaction,
}

/// What is planted in a receiver, for the test to find.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Fault {
    /// The event is marked as handled before its handler runs.
    MarksFirst,
    /// The handler answers with success and works afterwards.
    AnswersEarly,
    /// What was handled is kept in memory alone.
    Forgets,
    /// A lease is over as soon as it is granted.
    NoLease,
    /// The row is written beside the transaction.
    WritesOutside,
}
