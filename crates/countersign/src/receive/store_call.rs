//! One call of the store.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use super::handler::discard;
use super::receiver::Receiver;
use super::timer::{Timer, before, sleep};
use super::{recorder, trace};
use crate::dedup::{StoreError, StoreErrorKind};

/// Awaits one call of the store for at most `store_timeout`, and reports a failure.
///
/// A panic in the store is a failure too: it must not end the task, which alone renews, commits and
/// releases the claim.
pub(super) async fn call_store<A>(
    receiver: &Receiver,
    timer: &impl Timer,
    operation: &'static str,
    mut call: Pin<&mut impl Future<Output = Result<A, StoreError>>>,
) -> Result<A, StoreError> {
    let failed = |kind, message: String| Err(StoreError::new(kind, message));
    let caught = poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        polled.unwrap_or_else(|panic| {
            discard(panic);
            Poll::Ready(failed(StoreErrorKind::Unavailable, "the store panicked".to_owned()))
        })
    });
    let limit = receiver.timeouts().store;
    let started = recorder::Started::now();
    let result = before(pin!(caught), || Box::pin(sleep(timer, limit))).await;
    let result = result.unwrap_or_else(|| {
        let message = format!("the store did not respond within `store_timeout` of {limit:?}");
        failed(StoreErrorKind::Timeout, message)
    });
    recorder::store_called(receiver, operation, started, result.as_ref().err());
    if let Err(error) = &result {
        trace::store_failed(receiver, operation, error);
    }
    result
}
