//! When a sender retries a delivery that failed.

use std::time::Duration;

use countersign::senders::SenderSpec;

/// The delays before each retry, and which responses change them.
#[derive(Clone, Debug)]
pub(crate) struct RetrySchedule {
    /// Each delay is counted from the failure before it.
    pub(crate) delays: Vec<Duration>,
    /// Whether the sender documents the delays; otherwise they are assumed.
    pub(crate) is_documented: bool,
    pub(crate) policy: RetryPolicy,
}

/// Which responses change a sender's retries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RetryPolicy {
    /// The sender does not retry after status 410 (Gone).
    pub(crate) stops_at_410: bool,
    /// The sender waits at least as long as `Retry-After` says.
    pub(crate) respects_retry_after: bool,
}

impl RetrySchedule {
    /// The schedule of a sender about which nothing is known.
    pub(crate) fn assumed() -> Self {
        Self {
            delays: SenderSpec::ASSUMED_RETRY_SCHEDULE.to_vec(),
            is_documented: false,
            policy: RetryPolicy::default(),
        }
    }
}

impl From<&SenderSpec> for RetrySchedule {
    fn from(sender: &SenderSpec) -> Self {
        Self {
            delays: sender.retry_schedule().to_vec(),
            is_documented: sender.has_documented_retry_schedule(),
            policy: RetryPolicy {
                stops_at_410: sender.gone_disables(),
                respects_retry_after: sender.respects_retry_after(),
            },
        }
    }
}
