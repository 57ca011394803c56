//! The delay before each retry.

use std::time::Duration;

use super::attempt::Response;
use crate::args::SendArgs;
use crate::sender::{RetryPolicy, RetrySchedule};

/// The longest delay before a retry, whatever the `--speed`.
const LONGEST_DELAY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest number of retries, which no sender reaches.
const MAX_RETRIES: usize = 1000;

/// The longest `Retry-After` that is respected, in seconds.
const LONGEST_RETRY_AFTER: u64 = 24 * 60 * 60;

/// The delays before each retry, as flags and the sender's schedule determine them.
pub(super) struct RetryTimer {
    pub(super) delays: Vec<Duration>,
    policy: RetryPolicy,
    /// `None` if a flag fixes every delay.
    speed: Option<f64>,
}

impl RetryTimer {
    pub(super) fn new(args: &SendArgs, schedule: &RetrySchedule) -> Self {
        let last = schedule.delays.last().copied().unwrap_or(Duration::from_secs(60));
        let scheduled = schedule.delays.len();
        let count =
            args.retries.map_or(scheduled, |count| usize::try_from(count).unwrap_or(MAX_RETRIES));
        let count = count.min(MAX_RETRIES);
        let delays = schedule.delays.iter().copied().chain(std::iter::repeat(last)).take(count);
        let fixed = args.retry_delay.map(Duration::from_millis);
        let delays = delays.map(|delay| fixed.unwrap_or_else(|| scaled(delay, args.speed)));
        let speed = fixed.is_none().then_some(args.speed);
        Self { delays: delays.collect(), policy: schedule.policy, speed }
    }

    /// Returns the delay before the next attempt, which is `scheduled` unless the response changes it;
    /// `None` if no attempt follows.
    pub(super) fn next(
        &self,
        response: Response,
        retry_after: Option<u64>,
        scheduled: Duration,
    ) -> Option<Duration> {
        // A request that cannot be sent now cannot be sent later either.
        let is_final = response == Response::Unsendable
            || (self.policy.stops_at_410 && response == Response::Status(410));
        let requested = retry_after.filter(|_| self.policy.respects_retry_after).zip(self.speed);
        let requested = requested
            .map(|(secs, speed)| scaled(Duration::from_secs(secs.min(LONGEST_RETRY_AFTER)), speed));
        (!is_final).then(|| scheduled.max(requested.unwrap_or_default()))
    }
}

/// Divides a duration by `speed`.
fn scaled(duration: Duration, speed: f64) -> Duration {
    let secs = duration.as_secs_f64() / speed;
    Duration::try_from_secs_f64(secs).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
}
