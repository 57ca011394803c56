//! Graceful shutdown, on any runtime.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
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
pub struct Shutdown(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// The phase in the two lowest bits, and above them the number of deliveries between their claim and its
    /// commit or release.
    state: AtomicUsize,
    wakers: Mutex<Wakers>,
}

/// The wakers of the waiting futures, by the number of each.
#[derive(Default)]
struct Wakers {
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

/// A moment's phase and number of deliveries.
#[derive(Clone, Copy)]
struct State(usize);

const SERVING: usize = 0;
const CLOSING: usize = 1;
/// Also closing.
const STOPPING: usize = 3;
const PHASES: usize = 3;
const ONE_DELIVERY: usize = 4;

impl State {
    const fn phase(self) -> usize {
        self.0 & PHASES
    }

    const fn in_flight(self) -> usize {
        self.0 / ONE_DELIVERY
    }
}

impl Shutdown {
    /// Rejects every further delivery with 503, and returns when all running handlers have ended and
    /// their claims are committed or released.
    pub async fn drain(&self) {
        self.enter(CLOSING);
        self.wait_for(|state| state.in_flight() == 0).await;
    }

    /// Cancels the running handlers, and returns when their claims are released.
    ///
    /// For when [`drain`](Self::drain) takes too long. A handler that blocks its thread cannot be
    /// cancelled.
    pub async fn stop(&self) {
        self.enter(STOPPING);
        self.drain().await;
    }

    /// Counts a delivery as in flight until the guard is dropped; `None` once shutdown has begun.
    #[must_use]
    pub fn track(&self) -> Option<InFlightGuard> {
        // A delivery that is counted for a moment only would delay a drain, again and again under load.
        if self.state().phase() != SERVING {
            return None;
        }
        let state = State(self.0.state.fetch_add(ONE_DELIVERY, Ordering::AcqRel));
        // Dropping the guard takes the delivery back, and wakes a drain that has seen it.
        let guard = InFlightGuard(self.clone());
        (state.phase() == SERVING).then_some(guard)
    }

    /// Completes when shutdown begins.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> {
        self.wait_for(|state| state.phase() >= CLOSING)
    }

    /// Completes when running handlers are to be cancelled.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> {
        self.wait_for(|state| state.phase() >= STOPPING)
    }

    /// Returns whether running handlers are to be cancelled.
    /// Returns whether a [drain](Self::drain) or a [stop](Self::stop) has begun.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.state().phase() != SERVING
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.state().phase() >= STOPPING
    }

    fn enter(&self, phase: usize) {
        self.0.state.fetch_or(phase, Ordering::AcqRel);
        self.wake_all();
    }

    fn wait_for(&self, is_met: fn(State) -> bool) -> WaitFor {
        WaitFor { shutdown: self.clone(), is_met, waker: None }
    }

    fn state(&self) -> State {
        State(self.0.state.load(Ordering::Acquire))
    }

    fn wakers(&self) -> MutexGuard<'_, Wakers> {
        self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes all waiting futures, after the lock is released: a waker may poll at once and lock again.
    fn wake_all(&self) {
        let waiting = std::mem::take(&mut self.wakers().waiting);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let phase = match state.phase() {
            SERVING => "serving",
            CLOSING => "closing",
            _ => "stopping",
        };
        let in_flight = state.in_flight();
        f.debug_struct("Shutdown").field("phase", &phase).field("in_flight", &in_flight).finish()
    }
}

/// Counts one delivery as in flight until it is dropped.
///
/// [`Shutdown::track`] returns it. Keep it until [`drive`](crate::adapter::drive), which borrows it, has ended:
/// the claim has been committed or released then.
#[derive(Debug)]
#[must_use]
pub struct InFlightGuard(Shutdown);

impl InFlightGuard {
    pub(super) const fn shutdown(&self) -> &Shutdown {
        &self.0
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let before = State(self.0.0.state.fetch_sub(ONE_DELIVERY, Ordering::AcqRel));
        // Only a drain waits for the last delivery.
        if before.in_flight() == 1 && before.phase() != SERVING {
            self.0.wake_all();
        }
    }
}

/// Completes when its condition is met.
struct WaitFor {
    shutdown: Shutdown,
    is_met: fn(State) -> bool,
    /// The number of this future's waker, once it has been polled.
    waker: Option<u64>,
}

impl Future for WaitFor {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shutdown = self.shutdown.clone();
        let mut wakers = shutdown.wakers();
        // Checked under the lock: whoever meets the condition after that takes the lock to wake.
        if (self.is_met)(shutdown.state()) {
            return Poll::Ready(());
        }
        let number = self.waker.unwrap_or(wakers.next);
        wakers.next = wakers.next.max(number + 1);
        wakers.waiting.insert(number, cx.waker().clone());
        self.waker = Some(number);
        Poll::Pending
    }
}

impl Drop for WaitFor {
    fn drop(&mut self) {
        if let Some(number) = self.waker {
            self.shutdown.wakers().waiting.remove(&number);
        }
    }
}
