//! Combinators for several futures at once, independent of any runtime.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

/// Running futures, each with a number. Every wake polls all of them: they are few.
pub(super) struct Running<F> {
    list: Vec<(usize, Pin<Box<F>>)>,
}

impl<F: Future> Running<F> {
    pub(super) const fn new() -> Self {
        Self { list: Vec::new() }
    }

    pub(super) fn push(&mut self, number: usize, future: F) {
        self.list.push((number, Box::pin(future)));
    }

    pub(super) const fn len(&self) -> usize {
        self.list.len()
    }

    /// The number and the output of the next future to finish; `None` if none is running.
    pub(super) async fn next(&mut self) -> Option<(usize, F::Output)> {
        poll_fn(|cx| {
            if self.list.is_empty() {
                return Poll::Ready(None);
            }
            let mut finished =
                self.list.iter_mut().enumerate().filter_map(|(at, (number, future))| match future
                    .as_mut()
                    .poll(cx)
                {
                    Poll::Ready(output) => Some((at, *number, output)),
                    Poll::Pending => None,
                });
            let Some((at, number, output)) = finished.next() else { return Poll::Pending };
            self.list.swap_remove(at);
            Poll::Ready(Some((number, output)))
        })
        .await
    }
}

/// Runs all futures to completion; returns the outputs in the order of the futures.
pub(super) async fn join_all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.into_iter().map(Box::pin).enumerate().collect();
    let mut finished = Vec::with_capacity(pending.len());
    poll_fn(|cx| {
        pending.retain_mut(|(index, future)| match future.as_mut().poll(cx) {
            Poll::Ready(output) => {
                finished.push((*index, output));
                false
            }
            Poll::Pending => true,
        });
        if pending.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    finished.sort_by_key(|(index, _)| *index);
    finished.into_iter().map(|(_, output)| output).collect()
}

/// Runs both futures to completion.
pub(super) async fn join<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut of_one, mut of_other) = (None, None);
    poll_fn(|cx| {
        if of_one.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(cx)
        {
            of_one = Some(output);
        }
        if of_other.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(cx)
        {
            of_other = Some(output);
        }
        match (of_one.take(), of_other.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (one, other) => {
                (of_one, of_other) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

/// The output of `future`, or `None` if `limit` finishes first.
pub(super) async fn timeout<F: Future>(
    limit: impl Future<Output = ()>,
    future: F,
) -> Option<F::Output> {
    let (mut limit, mut future) = (pin!(limit), pin!(future));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => limit.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// Yields once, so that other futures of the same task make progress.
pub(super) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
