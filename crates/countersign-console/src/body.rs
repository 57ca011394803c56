//! The body of a response.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

/// The body of a console's response.
#[derive(Debug)]
#[non_exhaustive]
pub enum Body {
    /// A page or a file.
    Full(Bytes),
    /// The live feed, which does not end.
    Feed(Feed),
}

/// The next piece of a feed, and how it goes on.
pub(crate) type NextPiece = Pin<Box<dyn Future<Output = Option<(Bytes, Step)>> + Send>>;

/// What makes the next piece of a feed.
pub(crate) struct Step(pub(crate) Box<dyn FnOnce() -> NextPiece + Send>);

/// The live feed: server-sent events, one for each request that is logged.
pub struct Feed(Option<NextPiece>);

impl Feed {
    pub(crate) fn new(first: Step) -> Self {
        Self(Some((first.0)()))
    }
}

impl Stream for Feed {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.0 else { return Poll::Ready(None) };
        let piece = ready!(next.as_mut().poll(cx));
        let Some((bytes, step)) = piece else {
            self.0 = None;
            return Poll::Ready(None);
        };
        self.0 = Some((step.0)());
        Poll::Ready(Some(Ok(bytes)))
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
