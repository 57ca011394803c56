//! Ending a receiver's work in good order, on any runtime.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Ends an adapter's work in good order; every clone ends the same.
///
/// A handler outlives the connection of a sender that hung up, so that a server that has closed its
/// connections may still be at work.
#[derive(Clone, Default)]
#[must_use]
pub struct Shutdown(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    phase: Phase,
    /// How many deliveries are under way, from their claim to their settling.
    under_way: usize,
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
enum Phase {
    #[default]
    Serving,
    Closing,
    Stopping,
}

impl Shutdown {
    /// Answers every further delivery with 503, and returns when the handlers under way have ended
    /// and their claims are settled.
    pub async fn drain(&self) {
        self.enter(Phase::Closing);
        self.until(|state| state.under_way == 0).await;
    }

    /// Does the same, but stops the handlers under way and releases their claims: for when the time
    /// to [`drain`](Self::drain) is over. A handler that blocks its thread cannot be stopped.
    pub async fn stop(&self) {
        self.enter(Phase::Stopping);
        self.drain().await;
    }

    /// Counts a delivery as under way until the token is dropped; `None` once that is too late.
    #[must_use]
    pub fn track(&self) -> Option<InFlightGuard> {
        let mut state = self.state();
        if state.phase > Phase::Serving {
            return None;
        }
        state.under_way += 1;
        Some(InFlightGuard(self.clone()))
    }

    /// Ends when the service begins to shut down.
    pub(crate) fn closing(&self) -> impl Future<Output = ()> {
        self.until(|state| state.phase >= Phase::Closing)
    }

    /// Ends when the handlers under way are to be stopped.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> {
        self.until(|state| state.phase >= Phase::Stopping)
    }

    fn enter(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = state.phase.max(phase);
        wake(state);
    }

    fn until(&self, is_met: fn(&State) -> bool) -> Until {
        Until { shutdown: self.clone(), is_met, place: None }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phase, under_way) = {
            let state = self.state();
            (state.phase, state.under_way)
        };
        f.debug_struct("Shutdown").field("phase", &phase).field("under_way", &under_way).finish()
    }
}

/// A delivery under way.
#[derive(Debug)]
pub struct InFlightGuard(Shutdown);

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.under_way -= 1;
        if state.under_way == 0 {
            wake(state);
        }
    }
}

/// Wakes all that wait, after the lock is given back.
fn wake(mut state: MutexGuard<'_, State>) {
    let waiting = std::mem::take(&mut state.waiting);
    drop(state);
    waiting.into_values().for_each(Waker::wake);
}

/// Ends when its condition is met.
struct Until {
    shutdown: Shutdown,
    is_met: fn(&State) -> bool,
    /// Where its waker waits.
    place: Option<u64>,
}

impl Future for Until {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shutdown = self.shutdown.clone();
        let mut state = shutdown.state();
        if (self.is_met)(&state) {
            return Poll::Ready(());
        }
        let place = self.place.unwrap_or(state.next);
        state.next = state.next.max(place + 1);
        state.waiting.insert(place, cx.waker().clone());
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.shutdown.state().waiting.remove(&place);
        }
    }
}
