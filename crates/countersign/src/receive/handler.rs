//! One run of a handler.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use super::timer::before;

/// How a handler ended.
pub(super) enum Ended<R> {
    /// With a response, or with the error that its service returned.
    Responded(R),
    Panicked,
    Cancelled,
}

/// Awaits a handler, which is cancelled if the limit completes first.
///
/// The handler is dropped when this returns, so none runs after its claim has been released. A panic in the
/// handler ends nothing but the handler.
pub(super) async fn run<R, L: Future<Output = ()>>(
    mut handler: Pin<&mut Option<impl Future<Output = R>>>,
    start_limit: impl FnOnce() -> L,
) -> Ended<R> {
    let polled = poll_fn(|cx| {
        let Some(handler) = handler.as_mut().as_pin_mut() else { return Poll::Pending };
        match catch_unwind(AssertUnwindSafe(|| handler.poll(cx))) {
            Ok(polled) => polled.map(Ended::Responded),
            Err(panic) => {
                discard(panic);
                Poll::Ready(Ended::Panicked)
            }
        }
    });
    let ended = before(pin!(polled), start_limit).await.unwrap_or(Ended::Cancelled);
    // A destructor may panic, too; the handler has ended nevertheless.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| handler.set(None))) {
        discard(panic);
    }
    ended
}

/// Drops the payload of a panic. If its destructor panics, that panic's payload is leaked: there is no end to
/// what its own destructor may do.
pub(super) fn discard(panic: Box<dyn Any + Send>) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(panic);
    }
}
