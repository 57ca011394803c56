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
/// If it is dropped while its event is handled, because the sender has hung up or a timeout in front has passed,
/// the handler goes on in a task of its own. Poll it or drop it: while it is kept without being polled, nothing
/// renews its event's lease, and the event's next delivery runs the handler a second time.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture<B, E> {
    inner: Detachable<Remaining, Result<Response<ResponseBody<B>>, E>, Option<Handle>>,
}

impl<B, E> ResponseFuture<B, E> {
    pub(crate) fn new<F: Future<Output = ()> + Send + 'static>(
        start: impl FnOnce(Responder<<Self as Future>::Output, Option<Handle>>) -> F,
    ) -> Self {
        Self { inner: Detachable::new(|responder| Box::pin(start(responder)), spawn) }
    }
}

type Remaining = dyn Future<Output = ()> + Send;

/// Spawns what remains of a delivery on the runtime that has polled it: it may be dropped outside of every
/// runtime. If none has, there is none to go on in, and the lease of the claim expires.
fn spawn(runtime: Option<Handle>, remaining: Pin<Box<Remaining>>) {
    if let Some(runtime) = runtime {
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
