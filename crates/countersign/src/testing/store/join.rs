//! Several futures at once, on any runtime.

use std::future::{Future, poll_fn};
use std::task::Poll;

/// Polls all until each has ended; the outputs come in the order of the futures.
pub(super) async fn all<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut open: Vec<_> = futures.into_iter().map(Box::pin).enumerate().collect();
    let mut ended = Vec::with_capacity(open.len());
    poll_fn(|cx| {
        open.retain_mut(|(place, future)| match future.as_mut().poll(cx) {
            Poll::Ready(output) => {
                ended.push((*place, output));
                false
            }
            Poll::Pending => true,
        });
        if open.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ended.sort_by_key(|(place, _)| *place);
    ended.into_iter().map(|(_, output)| output).collect()
}
