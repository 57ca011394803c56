//! Timeouts on any runtime.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// The timer of an adapter's runtime. See [the example](crate::adapter#example).
pub trait Timer {
    /// A future that completes when its duration has passed.
    type Sleep: Future<Output = ()>;

    /// Returns a future that completes when `duration` has passed since this call.
    fn sleep(&self, duration: Duration) -> Self::Sleep;
}

/// Returns the output of `future`, or `None` if `deadline` completes first.
pub(super) async fn timeout_at<T>(
    mut future: Pin<&mut impl Future<Output = T>>,
    mut deadline: Pin<&mut (impl Future<Output = ()> + ?Sized)>,
) -> Option<T> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => deadline.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Completes with the first of two futures.
pub(super) async fn race(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    timeout_at(pin!(one), pin!(other)).await;
}
