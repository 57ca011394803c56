use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use countersign::adapter::{
    AdapterState, QueuedMessage, Recording, body_interrupted, body_limited, drive, enqueue,
    handle_message, reject_shutting_down, verify,
};
use countersign::{Delivery, IgnoredEvent, Outcome, Rejection, adapter};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body::Body;
use http_body_util::LengthLimitError;
use tokio::runtime::Handle;
use tower_service::Service;

use crate::body::ResponseBody;
use crate::call::Call;
use crate::drain;
use crate::future::ResponseFuture;
use crate::response;
use crate::timer::TokioTimer;

/// A service behind a [`WebhookLayer`](crate::WebhookLayer). See the [crate's page](crate).
///
/// [`WebhookLayer`](crate::WebhookLayer) makes it:
///
/// ```
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use countersign_tower::{Delivery, Receiver, WebhookLayer};
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{Layer, service_fn};
///
/// fn stack(receiver: Receiver) {
///     let inner = service_fn(|request: Request<Full<Bytes>>| async move {
///         let delivery = request.extensions().get::<Delivery>();
///         println!("{:?}", delivery.and_then(Delivery::event_type));
///         Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
///     });
///     let service = WebhookLayer::new(receiver).layer(inner);
///     # drop(service);
/// }
/// ```
pub struct WebhookService<S, B> {
    inner: S,
    state: AdapterState,
    body: PhantomData<fn() -> B>,
}

impl<S, B> WebhookService<S, B> {
    pub(crate) const fn new(inner: S, state: AdapterState) -> Self {
        Self { inner, state, body: PhantomData }
    }
}

impl<S, B, ReqBody, ResBody> Service<Request<ReqBody>> for WebhookService<S, B>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: From<Bytes> + Send + 'static,
    ReqBody: Body + Send + 'static,
    ReqBody::Data: Send,
    ReqBody::Error: Into<Box<dyn Error + Send + Sync>>,
    ResBody: Send + 'static,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<ResBody, S::Error>;

    /// Always ready: the inner service is polled for readiness only once the event is claimed, so that
    /// an unauthenticated request cannot occupy its capacity.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (state, inner) = (self.state.clone(), self.inner.clone());
        let (mut parts, body) = request.into_parts();
        let message = parts.extensions.remove::<QueuedMessage>();
        let mut request = Request::from_parts(parts, ());
        // One block, in which everything stays where it is: what is passed to an `async fn` by value is
        // stored twice in its future.
        ResponseFuture::new(|responder| async move {
            if let Some(message) = message {
                let start = |delivery| call(inner, &mut request, delivery);
                let handled = handle_message(&state, &TokioTimer, &message, start).await;
                return responder.respond(match handled {
                    Ok(result) => result.map(|response| response.map(ResponseBody::new)),
                    Err(own) => Ok(response::own(own)),
                });
            }
            let mut body = pin!(Some(body));
            let poll_body = |cx: &mut Context<'_>| match body.as_mut().as_pin_mut() {
                Some(body) => poll_data(body, cx),
                None => Poll::Ready(None),
            };
            let method = request.method().as_str();
            let mut recording = state.begin_recording();
            let verified =
                verify(&state, &mut recording, &TokioTimer, method, &request, poll_body).await;
            let (receiver, delivery) = match verified {
                Ok(verified) => verified,
                Err(response) => {
                    let mut response = response::own(response);
                    let Some(body) = body.as_pin_mut() else {
                        return responder.respond(Ok(response));
                    };
                    let limit = drain::limit(&state, &request, &*body, &mut response);
                    responder.detach_on_drop(Handle::try_current().ok());
                    responder.respond(Ok(response));
                    if let Some(limit) = limit {
                        drain::read(body, limit).await;
                    }
                    return;
                }
            };
            let Some(in_flight) = state.shutdown().track() else {
                let rejected = reject_shutting_down(&receiver, recording);
                return responder.respond(Ok(response::own(rejected)));
            };
            if state.inbox().is_some() {
                let uri = original_uri(&request).to_string();
                let line = (request.method().as_str(), &*uri);
                let stored =
                    enqueue(&state, &receiver, &TokioTimer, &delivery, recording, line, &request);
                return responder.respond(Ok(response::own(stored.await)));
            }
            // The handler may run for long after its request has been received and its sender is gone.
            body.set(None);
            responder.detach_on_drop(Handle::try_current().ok());
            let start = |delivery| call(inner, &mut request, delivery);
            let is_success = |result: &Result<Response<ResBody>, S::Error>| {
                result.as_ref().is_ok_and(|response| response.status().is_success())
            };
            let contract = receiver.contract();
            let respond = |outcome, result: Option<Result<_, S::Error>>| {
                let response = match result {
                    Some(result) => {
                        result.map(|response| response::handlers(contract, outcome, response))
                    }
                    None => {
                        let own = adapter::Response::from(outcome);
                        Ok(response::own(own.with_contract(contract)))
                    }
                };
                record(recording, outcome, response.as_ref().ok());
                responder.respond(response);
            };
            drive(&receiver, delivery, &TokioTimer, &in_flight, start, is_success, respond).await;
        })
    }
}

/// Ends the recording of a delivery whose handler has run.
fn record<B>(recording: Recording, outcome: Outcome, response: Option<&Response<B>>) {
    let status = response.map(|response| response.status().as_u16());
    match response.and_then(|response| response.extensions().get::<IgnoredEvent>()) {
        Some(_) => recording.end_ignored(status.unwrap_or_default()),
        None => recording.end(outcome, status),
    }
}

/// Returns the call of the inner service with a verified delivery.
fn call<S, B>(inner: S, request: &mut Request<()>, delivery: Delivery) -> Call<S, B>
where
    S: Service<Request<B>>,
    B: From<Bytes>,
{
    let body = B::from(delivery.body().clone());
    let mut request = std::mem::take(request).map(|()| body);
    describe_plain_body(request.headers_mut());
    request.extensions_mut().insert(delivery);
    Call::new(inner, request)
}

/// Returns the URI of a request as it came to the application: a nested router removes its prefix.
fn original_uri(request: &Request<()>) -> &Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(uri)) = request.extensions().get() {
        return uri;
    }
    request.uri()
}

/// Removes the headers that describe a compressed body, since the handler gets the plain one.
///
/// A verified body with this coding has been decompressed: a receiver that does not do so rejects it. A
/// layer or an extractor behind this one would otherwise decompress the plain bytes.
fn describe_plain_body(headers: &mut HeaderMap) {
    let is_gzip = |value: &HeaderValue| {
        let coding = value.as_bytes().trim_ascii();
        coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
    };
    if headers.get(CONTENT_ENCODING).is_some_and(is_gzip) {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
}

/// Polls a body for its next piece of data; trailers are skipped.
fn poll_data<B: Body>(
    mut body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Bytes, Rejection>>>
where
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    loop {
        let Some(frame) = ready!(body.as_mut().poll_frame(cx)) else { return Poll::Ready(None) };
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(mut data)) => {
                return Poll::Ready(Some(Ok(data.copy_to_bytes(data.remaining()))));
            }
            Ok(Err(_)) => {}
            Err(error) => return Poll::Ready(Some(Err(rejection(&*error.into())))),
        }
    }
}

/// Finds out whether a body ends early because a layer in front limits it.
fn rejection(error: &(dyn Error + 'static)) -> Rejection {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    if causes.any(|cause| cause.is::<LengthLimitError>()) {
        body_limited()
    } else {
        body_interrupted()
    }
}

impl<S: Clone, B> Clone for WebhookService<S, B> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.state.clone())
    }
}

impl<S: fmt::Debug, B> fmt::Debug for WebhookService<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("inner", &self.inner)
            .field("receiver", self.state.default_receiver())
            .finish_non_exhaustive()
    }
}
