//! The configuration of a service.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum StoreLocation {
    Sqlite(String),
    Postgres(String),
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Mode {
    /// The worker settles after the handler.
    Lease,
    /// The handler's own transaction marks the message as done.
    Transaction,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Fault {
    None,
    RespondsEarly,
    SettlesFirst,
    WritesOutside,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Config {
    pub(crate) store: StoreLocation,
    pub(crate) mode: Mode,
    pub(crate) fault: Fault,
    /// The file to which each service appends what its handlers do.
    pub(crate) journal: PathBuf,
}

impl Config {
    pub(crate) fn new(store: StoreLocation, mode: Mode, fault: Fault) -> Self {
        Self { store, mode, fault, journal: PathBuf::new() }
    }
}
