use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use countersign::adapter::{Detachable, Responder};
use http::Response;
use tokio::runtime::Handle;

use crate::body::ResponseBody;

/// The future of a [`WebhookService`](crate::WebhookService)'s response.
///
/// If it is dropped while its event is handled, because the sender has hung up, the handler goes on in a task
/// of its own.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<B, E> {
    inner: Detachable<dyn Future<Output = ()> + Send, Result<Response<ResponseBody<B>>, E>>,
}

impl<B, E> ResponseFuture<B, E> {
    pub(crate) fn new<F: Future<Output = ()> + Send + 'static>(
        start: impl FnOnce(Responder<<Self as Future>::Output>) -> F,
    ) -> Self {
        Self { inner: Detachable::new(|responder| Box::pin(start(responder)), spawn) }
    }
}

/// Spawns what remains of a delivery. Without a runtime there is none to go on in: then the lease of the claim
/// expires.
fn spawn(remaining: Pin<Box<dyn Future<Output = ()> + Send>>) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(remaining);
    }
}

impl<B, E> Future for ResponseFuture<B, E> {
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl<B, E> fmt::Debug for ResponseFuture<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
