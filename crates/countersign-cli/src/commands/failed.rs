//! Why a command has failed.

use countersign::dedup::StoreError;

use crate::error::CliError;

/// Why a command has failed: by its own input or output, or by its store.
pub(super) enum Failed {
    Command(CliError),
    Store(StoreError),
}

impl From<CliError> for Failed {
    fn from(error: CliError) -> Self {
        Self::Command(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
