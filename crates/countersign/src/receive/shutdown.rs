//! Graceful shutdown, on any runtime.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Shuts an adapter down gracefully; every clone shuts the same one down.
///
/// A handler outlives the connection of a sender that hung up, so a server that has closed its
/// connections may still have handlers running. [`drain`](Self::drain) waits for them.
///
/// ```
/// use std::time::Duration;
///
/// use countersign::Shutdown;
///
/// async fn shut_down(shutdown: Shutdown) {
///     let grace = Duration::from_secs(20);
///     if tokio::time::timeout(grace, shutdown.drain()).await.is_err() {
///         shutdown.stop().await;
///     }
/// }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Shutdown(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    phase: Phase,
    /// The number of deliveries between their claim and its commit or release.
    in_flight: usize,
    /// The wakers of the waiting futures, by the number of each.
    wakers: BTreeMap<u64, Waker>,
    next_waker: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
enum Phase {
    #[default]
    Serving,
    Closing,
    Stopping,
}

impl Shutdown {
    /// Rejects every further delivery with 503, and returns when all running handlers have ended and
    /// their claims are committed or released.
    pub async fn drain(&self) {
        self.enter(Phase::Closing);
        self.wait_for(|state| state.in_flight == 0).await;
    }

    /// Cancels the running handlers, and returns when their claims are released.
    ///
    /// For when [`drain`](Self::drain) takes too long. A handler that blocks its thread cannot be
    /// cancelled.
    pub async fn stop(&self) {
        self.enter(Phase::Stopping);
        self.drain().await;
    }

    /// Counts a delivery as in flight until the guard is dropped; `None` once shutdown has begun.
    #[must_use]
    pub fn track(&self) -> Option<InFlightGuard> {
        let mut state = self.state();
        if state.phase > Phase::Serving {
            return None;
        }
        state.in_flight += 1;
        Some(InFlightGuard(self.clone()))
    }

    /// Completes when shutdown begins.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> {
        self.wait_for(|state| state.phase >= Phase::Closing)
    }

    /// Completes when running handlers are to be cancelled.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> {
        self.wait_for(|state| state.phase >= Phase::Stopping)
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = state.phase.max(phase);
        wake_all(state);
    }

    fn wait_for(&self, is_met: fn(&State) -> bool) -> WaitFor {
        WaitFor { shutdown: self.clone(), is_met, waker: None }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phase, in_flight) = {
            let state = self.state();
            (state.phase, state.in_flight)
        };
        f.debug_struct("Shutdown").field("phase", &phase).field("in_flight", &in_flight).finish()
    }
}

/// Counts one delivery as in flight until it is dropped.
///
/// [`Shutdown::track`] returns it; an adapter holds it from before the claim until
/// [`drive`](crate::adapter::drive) has returned.
#[derive(Debug)]
#[must_use]
pub struct InFlightGuard(Shutdown);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight -= 1;
        if state.in_flight == 0 {
            wake_all(state);
        }
    }
}

/// Wakes all waiting futures, after the lock is released: a waker may poll at once and lock again.
fn wake_all(mut state: MutexGuard<'_, State>) {
    let wakers = std::mem::take(&mut state.wakers);
    drop(state);
    wakers.into_values().for_each(Waker::wake);
}

/// Completes when its condition is met.
struct WaitFor {
    shutdown: Shutdown,
    is_met: fn(&State) -> bool,
    /// The number of this future's waker, once it has been polled.
    waker: Option<u64>,
}

impl Future for WaitFor {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shutdown = self.shutdown.clone();
        let mut state = shutdown.state();
        if (self.is_met)(&state) {
            return Poll::Ready(());
        }
        let number = self.waker.unwrap_or(state.next_waker);
        state.next_waker = state.next_waker.max(number + 1);
        state.wakers.insert(number, cx.waker().clone());
        self.waker = Some(number);
        Poll::Pending
    }
}

impl Drop for WaitFor {
    fn drop(&mut self) {
        if let Some(number) = self.waker {
            self.shutdown.state().wakers.remove(&number);
        }
    }
}
