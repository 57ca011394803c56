//! A future that responds before it ends, and that its caller may drop.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// The future of a response `R`, which is polled within its request and may outlive it.
///
/// It completes with what its [`Responder`] is given. After its call of
/// [`detach_on_drop`](Responder::detach_on_drop), `spawn` gets what remains of the inner future after the response, and
/// also where this future is dropped: the sender has hung up, or a timeout in front has passed. In the common
/// case the inner future ends with its response, and costs no task.
///
/// Task-local values of outer futures are seen by the inner one before it is detached, and not after.
///
/// # Panics
///
/// Polling panics if the inner future ends, or its responder is dropped, without a response, and after
/// completion.
///
/// See [the example](crate::adapter#example).
#[must_use = "futures do nothing unless polled"]
pub struct Detachable<F: ?Sized, R, S = ()> {
    future: Option<Pin<Box<F>>>,
    spawn: fn(S, Pin<Box<F>>),
    shared: Arc<Shared<R, S>>,
}

/// Sends the response of a [`Detachable`], from within its future.
pub struct Responder<R, S = ()>(Arc<Shared<R, S>>);

struct Shared<R, S>(Mutex<State<R, S>>);

struct State<R, S> {
    response: Option<R>,
    spawner: Option<S>,
}

impl<R, S> Shared<R, S> {
    fn lock(&self) -> MutexGuard<'_, State<R, S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: ?Sized, R, S> Detachable<F, R, S> {
    /// Creates the future that `start` returns for a responder.
    pub fn new(
        start: impl FnOnce(Responder<R, S>) -> Pin<Box<F>>,
        spawn: fn(S, Pin<Box<F>>),
    ) -> Self {
        let state = State { response: None, spawner: None };
        let shared = Arc::new(Shared(Mutex::new(state)));
        Self { future: Some(start(Responder(Arc::clone(&shared)))), spawn, shared }
    }

    /// Spawns what remains of the future, if it is to outlive this one.
    fn detach(&mut self) {
        let spawner = self.shared.lock().spawner.take();
        if let (Some(spawner), Some(future)) = (spawner, self.future.take()) {
            (self.spawn)(spawner, future);
        }
    }
}

impl<R, S> Responder<R, S> {
    /// Has what remains of the future spawned if it is dropped, or responds, from now on.
    ///
    /// `spawner` is what the function that spawns needs, such as the handle of the runtime: a future may be
    /// dropped where there is none.
    pub fn detach_on_drop(&self, spawner: S) {
        self.0.lock().spawner = Some(spawner);
    }

    /// Sends the response. Without a client it is dropped.
    ///
    /// Called outside of the future's own poll, it is seen when the future is polled next.
    pub fn respond(self, response: R) {
        self.0.lock().response = Some(response);
    }
}

impl<F: Future<Output = ()> + ?Sized, R, S> Future for Detachable<F, R, S> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        // If polling panics, nothing remains that could be polled again.
        let future = self.future.take();
        assert!(future.is_some(), "a `Detachable` was polled after its completion");
        let Some(mut future) = future else { return Poll::Pending };
        let is_pending = future.as_mut().poll(cx).is_pending();
        let response = self.shared.lock().response.take();
        if is_pending {
            self.future = Some(future);
        }
        let Some(response) = response else {
            assert!(is_pending, "the future of a `Detachable` ended without a response");
            let has_responder = Arc::strong_count(&self.shared) > 1;
            assert!(
                has_responder,
                "the responder of a `Detachable` was dropped without a response"
            );
            return Poll::Pending;
        };
        self.detach();
        self.future = None;
        Poll::Ready(response)
    }
}

impl<F: ?Sized, R, S> Drop for Detachable<F, R, S> {
    fn drop(&mut self) {
        self.detach();
    }
}

impl<F: ?Sized, R, S> fmt::Debug for Detachable<F, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detachable").finish_non_exhaustive()
    }
}

impl<R, S> fmt::Debug for Responder<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").finish_non_exhaustive()
    }
}
