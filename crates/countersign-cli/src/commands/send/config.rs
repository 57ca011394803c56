//! How events are delivered.

use std::time::Duration;

use http::Uri;

use super::retry_timer::RetryTimer;

/// The target, the timing and the concurrency of one run's deliveries.
pub(super) struct SendConfig {
    pub(super) target: Uri,
    /// How long the sender waits for a response.
    pub(super) deadline: Duration,
    /// Whether status 200 is the only success.
    pub(super) requires_200: bool,
    pub(super) timer: RetryTimer,
    pub(super) concurrency: u32,
}
