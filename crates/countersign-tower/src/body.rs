use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response: the inner service's, or bytes of the layer's own.
    #[derive(Debug)]
    #[project = Projected]
    pub struct ResponseBody<B> {
        #[pin]
        inner: Option<B>,
        own: Bytes,
    }
}

impl<B> ResponseBody<B> {
    pub(crate) const fn new(inner: B) -> Self {
        Self { inner: Some(inner), own: Bytes::new() }
    }
}

/// An empty body.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl<B> From<Bytes> for ResponseBody<B> {
    fn from(own: Bytes) -> Self {
        Self { inner: None, own }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Projected { inner, own } = self.project();
        match inner.as_pin_mut() {
            Some(inner) => inner.poll_frame(cx).map_ok(|frame| {
                // `copy_to_bytes` does not copy where the data is `Bytes` already.
                frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
            }),
            None if own.is_empty() => Poll::Ready(None),
            None => Poll::Ready(Some(Ok(Frame::data(std::mem::take(own))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().map_or(self.own.is_empty(), Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let own = || SizeHint::with_exact(self.own.len() as u64);
        self.inner.as_ref().map_or_else(own, Body::size_hint)
    }
}
