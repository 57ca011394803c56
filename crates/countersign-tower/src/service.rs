use std::fmt;
use std::marker::PhantomData;
use std::pin::pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use countersign::adapter::{AdapterState, report_handshake, report_rejection};
use countersign::senders::HandshakeResponse;
use countersign::{Delivery, Receiver, Rejection, RejectionKind, Timestamp};
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use tower_service::Service;

use crate::answer;
use crate::body::ResponseBody;
use crate::future::ResponseFuture;
use crate::run;

/// A service behind a [`WebhookLayer`](crate::WebhookLayer). See the [crate's page](crate).
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
    ReqBody::Error: Send,
    ResBody: Send + 'static,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<ResBody, S::Error>;

    /// Always ready: the service behind is asked once the request is authentic and its event claimed,
    /// so that nobody else can hold its places.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        ResponseFuture::new(receive(self.state.clone(), self.inner.clone(), request))
    }
}

async fn receive<S, B, ReqBody, ResBody>(
    state: AdapterState,
    inner: S,
    request: Request<ReqBody>,
) -> Result<Response<ResponseBody<ResBody>>, S::Error>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: From<Bytes> + Send + 'static,
    ReqBody: Body + Send,
    ReqBody::Data: Send,
    ReqBody::Error: Send,
    ResBody: Send + 'static,
{
    let (parts, body) = request.into_parts();
    match state.default_receiver().handshake_response(parts.method.as_str(), &parts) {
        Ok(None) => {}
        Ok(Some(reply)) => return Ok(handshake_answered(state.default_receiver(), &reply)),
        Err(rejection) => return Ok(rejected(state.default_receiver(), rejection)),
    }
    let limit = state.default_receiver().timeouts().store;
    let found = tokio::time::timeout(limit, state.receiver(&parts)).await;
    let receiver = match found.unwrap_or_else(|_| Err(keys_too_late())) {
        Ok(receiver) => receiver,
        Err(rejection) => return Ok(rejected(state.default_receiver(), rejection)),
    };
    match verify(&receiver, state.clock.now(), &parts, body).await {
        Ok(delivery) => {
            if let Some(reply) = receiver.signed_handshake_response(&delivery) {
                return Ok(handshake_answered(&receiver, &reply));
            }
            let request = Request::from_parts(parts, B::from(delivery.body().clone()));
            run::run(receiver, state.shutdown, inner, request, delivery).await
        }
        Err(rejection) => Ok(rejected(&receiver, rejection)),
    }
}

fn keys_too_late() -> Rejection {
    Rejection::from_adapter(
        RejectionKind::KeysUnavailable,
        "they did not come within `store_timeout`",
    )
}

fn rejected<B>(receiver: &Receiver, rejection: Rejection) -> Response<ResponseBody<B>> {
    report_rejection(receiver, &rejection);
    answer::rejected(rejection)
}

fn handshake_answered<B>(
    receiver: &Receiver,
    reply: &HandshakeResponse,
) -> Response<ResponseBody<B>> {
    report_handshake(receiver);
    answer::handshake_answered(reply)
}

/// Reads the body only after the headers have passed, and never more of it than the cap.
async fn verify<ReqBody: Body>(
    receiver: &Receiver,
    now: Timestamp,
    parts: &Parts,
    body: ReqBody,
) -> Result<Delivery, Rejection> {
    let mut verifier = receiver.open(parts, now)?;
    let mut body = pin!(body);
    let read = async {
        while let Some(frame) = body.frame().await {
            let frame =
                frame.map_err(|_| Rejection::from_adapter(RejectionKind::BodyInterrupted, ""))?;
            if let Ok(mut data) = frame.into_data() {
                verifier.update(data.copy_to_bytes(data.remaining()))?;
            }
        }
        Ok(())
    };
    tokio::time::timeout(receiver.timeouts().body, read)
        .await
        .map_err(|_| Rejection::from_adapter(RejectionKind::BodyTimeout, ""))??;
    verifier.finalize()
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
