//! How an attempt ends.

use std::time::Duration;

use crate::event::{MessageToken, text_within};

/// The longest error that is stored, in bytes.
const MAX_ERROR_BYTES: usize = 1024;

/// The end of an attempt at a message.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Settlement {
    /// The message's id and the attempt's fencing token.
    pub token: MessageToken,
    /// What becomes of the message.
    pub settled: Settled,
    /// Why the attempt failed, at most 1 KiB; `None` if it did not.
    pub error: Option<Box<str>>,
    /// How long the attempt took.
    pub took: Duration,
}

impl Settlement {
    /// Creates the settlement of an attempt without an error.
    #[must_use]
    pub const fn new(token: MessageToken, settled: Settled) -> Self {
        Self { token, settled, error: None, took: Duration::ZERO }
    }

    /// Adds why the attempt failed, shortened to 1 KiB.
    #[must_use]
    pub fn with_error(mut self, error: &str) -> Self {
        // No column of PostgreSQL can hold the character of number zero.
        self.error = Some(text_within(error, MAX_ERROR_BYTES).replace('\0', "\u{fffd}").into());
        self
    }

    /// Adds how long the attempt took.
    #[must_use]
    pub const fn with_duration(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }
}

/// What becomes of a message at the end of an attempt.
///
/// A message that the handler's transaction has marked as done stays done, whatever it is settled as.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Settled {
    /// It is handled.
    Done,
    /// It is tried again.
    Retry {
        /// The time until then.
        after: Duration,
    },
    /// It is tried again, and this attempt does not count: the worker stops, or the handler waits for
    /// something.
    Returned {
        /// The time until then.
        after: Duration,
    },
    /// It is not tried again.
    Dead,
}

/// What became of a settlement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SettleOutcome {
    /// The message is settled.
    Applied,
    /// Another attempt has the message, or it is dead: nothing changed.
    StaleToken,
    /// Another transaction holds the message, such as one that its handler has left open: settle it again.
    Locked,
}

impl Settled {
    /// Returns the name in snake case, as in the labels of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry { .. } => "retry",
            Self::Returned { .. } => "returned",
            Self::Dead => "dead",
        }
    }
}
