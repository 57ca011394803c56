//! Several futures at once, under any runtime.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Futures under way, each with a number. Polls all of them at each wake: they are few.
pub(super) struct UnderWay<F> {
    list: Vec<(usize, Pin<Box<F>>)>,
}

impl<F: Future> UnderWay<F> {
    pub(super) const fn new() -> Self {
        Self { list: Vec::new() }
    }

    pub(super) fn push(&mut self, number: usize, future: F) {
        self.list.push((number, Box::pin(future)));
    }

    pub(super) const fn len(&self) -> usize {
        self.list.len()
    }

    /// The number and the output of one that has ended; `None` if there is none under way.
    pub(super) async fn next(&mut self) -> Option<(usize, F::Output)> {
        poll_fn(|context| {
            if self.list.is_empty() {
                return Poll::Ready(None);
            }
            let mut ended =
                self.list.iter_mut().enumerate().filter_map(|(at, (number, future))| match future
                    .as_mut()
                    .poll(context)
                {
                    Poll::Ready(output) => Some((at, *number, output)),
                    Poll::Pending => None,
                });
            let Some((at, number, output)) = ended.next() else { return Poll::Pending };
            self.list.swap_remove(at);
            Poll::Ready(Some((number, output)))
        })
        .await
    }
}
