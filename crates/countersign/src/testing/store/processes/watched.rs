//! State that one thread changes and one task waits for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

#[derive(Debug, Default)]
pub(super) struct Watched<T>(Mutex<(T, Option<Waker>)>);

impl<T> Watched<T> {
    /// Changes the state and wakes the waiting task.
    pub(super) fn change(&self, change: impl FnOnce(&mut T)) {
        let waker = {
            let mut watched = lock(&self.0);
            change(&mut watched.0);
            watched.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Reads the state; the next change wakes the task of `cx`.
    pub(super) fn poll<O>(&self, cx: &Context<'_>, read: impl FnOnce(&mut T) -> O) -> O {
        let mut watched = lock(&self.0);
        watched.1 = Some(cx.waker().clone());
        read(&mut watched.0)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
