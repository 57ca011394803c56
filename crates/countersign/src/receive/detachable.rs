//! A future that responds before it ends, and that its caller may drop.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// The future of a response `R`, which is polled within its request and may outlive it.
///
/// It completes with what its [`Responder`] is given. `spawn` gets what remains of the inner future after
/// that, and also where this future is dropped once the inner one
/// [must end](Responder::must_end), because the sender has hung up. In the common case the inner future ends
/// with its response, and costs no task. It never completes if the responder is dropped without a response.
///
/// See [the example](crate::adapter#example).
#[must_use = "futures do nothing unless polled"]
pub struct Detachable<F: ?Sized, R> {
    future: Option<Pin<Box<F>>>,
    spawn: fn(Pin<Box<F>>),
    shared: Arc<Shared<R>>,
}

/// Sends the response of a [`Detachable`].
pub struct Responder<R>(Arc<Shared<R>>);

struct Shared<R> {
    must_end: AtomicBool,
    response: Mutex<Option<R>>,
}

impl<F: ?Sized, R> Detachable<F, R> {
    /// Creates the future that `start` returns for a responder.
    pub fn new(start: impl FnOnce(Responder<R>) -> Pin<Box<F>>, spawn: fn(Pin<Box<F>>)) -> Self {
        let shared =
            Arc::new(Shared { must_end: AtomicBool::new(false), response: Mutex::new(None) });
        Self { future: Some(start(Responder(Arc::clone(&shared)))), spawn, shared }
    }
}

impl<R> Responder<R> {
    /// Has the future spawned if it is dropped from now on.
    pub fn must_end(&self) {
        self.0.must_end.store(true, Ordering::Relaxed);
    }

    /// Sends the response. Without a client it is dropped.
    pub fn respond(self, response: R) {
        *self.0.response.lock().unwrap_or_else(PoisonError::into_inner) = Some(response);
    }
}

impl<F: Future<Output = ()> + ?Sized, R> Future for Detachable<F, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        // If polling panics, nothing remains that could be polled again.
        let Some(mut future) = self.future.take() else { return Poll::Pending };
        let is_pending = future.as_mut().poll(cx).is_pending();
        let response = self.shared.response.lock().unwrap_or_else(PoisonError::into_inner).take();
        match response {
            Some(response) => {
                if is_pending {
                    (self.spawn)(future);
                }
                Poll::Ready(response)
            }
            None => {
                debug_assert!(is_pending, "the future has ended without a response");
                self.future = Some(future);
                Poll::Pending
            }
        }
    }
}

impl<F: ?Sized, R> Drop for Detachable<F, R> {
    fn drop(&mut self) {
        if let Some(future) = self.future.take()
            && self.shared.must_end.load(Ordering::Relaxed)
        {
            (self.spawn)(future);
        }
    }
}

impl<F: ?Sized, R> fmt::Debug for Detachable<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detachable").finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Responder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}
