//! One attempt to deliver an event.

use std::fmt;
use std::time::Duration;

/// The result of one attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) id: String,
    pub(super) is_duplicate: bool,
    /// Counted from 1.
    pub(super) number: u32,
    pub(super) response: Response,
    pub(super) took: Duration,
    /// Whether the sender counts the response as success.
    pub(super) is_success: bool,
    /// The delay before the next attempt, if there is one.
    pub(super) next: Option<Duration>,
}

/// The receiver's response, or why there was none.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Response {
    Status(u16),
    TimedOut,
    NotConnected(&'static str),
    Broken,
    Unsendable,
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::TimedOut => f.write_str("timed out"),
            Self::NotConnected(reason) => f.write_str(reason),
            Self::Broken => f.write_str("connection broke"),
            Self::Unsendable => f.write_str("not a request"),
        }
    }
}
