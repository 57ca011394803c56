//! Why a command has failed.

use countersign::dedup::StoreError;

use crate::error::CliError;
use crate::output::{ExitStatus, Output};

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

/// Returns the status of a command, and reports a store that has failed.
pub(super) fn status(
    result: Result<ExitStatus, Failed>,
    output: &mut Output,
) -> Result<ExitStatus, CliError> {
    match result {
        Ok(status) => Ok(status),
        Err(Failed::Command(error)) => Err(error),
        Err(Failed::Store(error)) => output.store_unavailable(&error.to_string()),
    }
}

/// Returns the error of a command on `what`, which Redis does not hold.
pub(super) fn redis(what: &str) -> CliError {
    CliError::at(
        "the store",
        format!("is a Redis URL: {what} is in a SQLite file or in PostgreSQL"),
    )
}
