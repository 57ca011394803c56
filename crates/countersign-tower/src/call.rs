//! The call of the inner service.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Request;
use pin_project_lite::pin_project;
use tower_service::Service;

pin_project! {
    /// The inner service's response to a request, once the service is ready for it.
    #[project = Projected]
    pub(crate) enum Call<S: Service<Request<B>>, B> {
        Waiting { service: S, request: Option<Request<B>> },
        Called { #[pin] response: S::Future },
    }
}

impl<S: Service<Request<B>>, B> Call<S, B> {
    pub(crate) const fn new(service: S, request: Request<B>) -> Self {
        Self::Waiting { service, request: Some(request) }
    }
}

impl<S: Service<Request<B>>, B> Future for Call<S, B> {
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                Projected::Called { response } => return response.poll(cx),
                Projected::Waiting { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let Some(request) = request.take() else { return Poll::Pending };
                    let response = service.call(request);
                    self.set(Self::Called { response });
                }
            }
        }
    }
}
