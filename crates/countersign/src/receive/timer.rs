//! Timeouts on any runtime.

use std::future::{Future, poll_fn};
use std::ops::Add;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// The longest duration that is waited for, about thirty years: an instant does not overflow by it.
const LONGEST: Duration = Duration::from_secs(1_000_000_000);

/// The timer of an adapter's runtime. See [the example](crate::adapter#example).
pub trait Timer {
    /// A moment of the timer's monotonic clock.
    type Instant: Copy + Ord + Add<Duration, Output = Self::Instant> + Send + Sync;

    /// A future that completes at its moment.
    type Sleep: Future<Output = ()>;

    /// Returns the present moment.
    fn now(&self) -> Self::Instant;

    /// Returns a future that completes at `deadline`.
    fn sleep_until(&self, deadline: Self::Instant) -> Self::Sleep;
}

/// Returns a future that completes when `duration` has passed since this call.
pub(super) fn sleep<T: Timer>(timer: &T, duration: Duration) -> T::Sleep {
    timer.sleep_until(after(timer.now(), duration))
}

/// Returns the moment when `duration` has passed since `start`.
pub(super) fn after<I: Add<Duration, Output = I>>(start: I, duration: Duration) -> I {
    start + duration.min(LONGEST)
}

/// Returns the output of `future`, or `None` if the limit completes first.
///
/// `start_limit` is called when the future first returns `Poll::Pending`: most futures of a delivery never do,
/// and then no timer is started for them.
///
/// From then on the limit is polled first. A future that is always ready to go on, such as one that reads a
/// channel which is never empty, uses up what its runtime lets a task do in one poll, and a limit that was
/// polled after it would stay pending for ever. If both complete in one poll, the future counts.
pub(super) async fn before<T, L: Future<Output = ()>>(
    mut future: Pin<&mut impl Future<Output = T>>,
    start_limit: impl FnOnce() -> L,
) -> Option<T> {
    let mut start_limit = Some(start_limit);
    let mut limit: Pin<&mut Option<L>> = pin!(None);
    poll_fn(|cx| {
        let is_over = match limit.as_mut().as_pin_mut() {
            Some(limit) => limit.poll(cx).is_ready(),
            None => false,
        };
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(value));
        }
        if is_over {
            return Poll::Ready(None);
        }
        if let Some(start_limit) = start_limit.take() {
            limit.set(Some(start_limit()));
            if let Some(limit) = limit.as_mut().as_pin_mut() {
                return limit.poll(cx).map(|()| None);
            }
        }
        Poll::Pending
    })
    .await
}

/// Completes when the task is polled again, which is at once.
pub(super) async fn yield_now() {
    let mut is_first = true;
    poll_fn(|cx| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
