//! How long the log is kept.

use std::time::Duration;

/// How long the log is kept: until the first of these is exceeded.
///
/// The default is 30 days, a million lines and 1 GiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LogRetention {
    /// For how long a line or a count is kept.
    pub age: Duration,
    /// How many lines are kept.
    pub lines: u64,
    /// How many bytes the lines and the kept requests may have, as the log counts them.
    pub bytes: u64,
    /// For how long the whole of a rejected request is kept, if that is on.
    pub captures: Duration,
}

impl Default for LogRetention {
    fn default() -> Self {
        Self {
            age: Duration::from_secs(30 * 24 * 60 * 60),
            lines: 1_000_000,
            bytes: 1 << 30,
            captures: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// What is set for a log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogSettings {
    pub(super) retention: LogRetention,
    pub(super) captures: bool,
}
