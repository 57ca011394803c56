use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::rt::time::timeout;
use actix_web::{Error, HttpRequest};
use countersign::adapter::{AdapterState, report_handshake, report_rejection};
use countersign::senders::HandshakeResponse;
use countersign::{Delivery, Headers, Receiver, Rejection, RejectionKind, Timestamp};
use futures_core::Stream;

use crate::answer;
use crate::run;

/// A service behind a [`Webhooks`](crate::WebhookMiddleware). See the [crate's page](crate).
pub struct WebhookMiddleware<S> {
    inner: Rc<S>,
    state: AdapterState,
}

impl<S> WebhookMiddleware<S> {
    pub(crate) const fn new(inner: Rc<S>, state: AdapterState) -> Self {
        Self { inner, state }
    }
}

impl<S, B> Service<ServiceRequest> for WebhookMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        Box::pin(receive(self.state.clone(), Rc::clone(&self.inner), request))
    }
}

async fn receive<S, B>(
    state: AdapterState,
    inner: Rc<S>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let rejected = |receiver: &Receiver, request: ServiceRequest, rejection| {
        report_rejection(receiver, &rejection);
        Ok(request.into_response(answer::rejected(rejection)).map_into_right_body())
    };
    let handshake_answered = |request: ServiceRequest, reply: &HandshakeResponse| {
        report_handshake(state.default_receiver());
        Ok(request.into_response(answer::handshake_answered(reply)).map_into_right_body())
    };
    match state
        .default_receiver()
        .handshake_response(request.method().as_str(), &Head(request.request()))
    {
        Ok(None) => {}
        Ok(Some(reply)) => return handshake_answered(request, &reply),
        Err(rejection) => return rejected(state.default_receiver(), request, rejection),
    }
    let limit = state.default_receiver().timeouts().store;
    let found = timeout(limit, state.receiver(&Head(request.request()))).await;
    let too_late = "they did not come within `store_timeout`";
    let found = found
        .unwrap_or_else(|_| Err(Rejection::from_adapter(RejectionKind::KeysUnavailable, too_late)));
    let receiver = match found {
        Ok(receiver) => receiver,
        Err(rejection) => return rejected(state.default_receiver(), request, rejection),
    };
    match verify(&receiver, state.clock.now(), &mut request).await {
        Ok(delivery) => {
            if let Some(reply) = receiver.signed_handshake_response(&delivery) {
                return handshake_answered(request, &reply);
            }
            request.set_payload(Payload::from(delivery.body().clone()));
            run::run(Arc::clone(&receiver), state.shutdown, inner, request, delivery).await
        }
        Err(rejection) => rejected(&receiver, request, rejection),
    }
}

/// Reads the raw payload only after the headers have passed, and never more of it than the cap.
async fn verify(
    receiver: &Receiver,
    now: Timestamp,
    request: &mut ServiceRequest,
) -> Result<Delivery, Rejection> {
    let (request, payload) = request.parts_mut();
    let head = Head(request);
    let mut verifier = receiver.open(&head, now)?;
    let read = async {
        while let Some(chunk) = poll_fn(|cx| Pin::new(&mut *payload).poll_next(cx)).await {
            verifier.update(
                chunk.map_err(|_| Rejection::from_adapter(RejectionKind::BodyInterrupted, ""))?,
            )?;
        }
        Ok(())
    };
    timeout(receiver.timeouts().body, read)
        .await
        .map_err(|_| Rejection::from_adapter(RejectionKind::BodyTimeout, ""))??;
    verifier.finalize()
}

/// A request with actix-web's own header map, read in place.
struct Head<'r>(&'r HttpRequest);

impl Headers for Head<'_> {
    fn each<'h>(&'h self, mut visit: impl FnMut(&'h str, &'h [u8])) {
        self.0.headers().iter().for_each(|(name, value)| visit(name.as_str(), value.as_bytes()));
    }

    fn path(&self) -> Option<&str> {
        Some(self.0.path())
    }

    fn query(&self) -> Option<&str> {
        Some(self.0.query_string())
    }
}

impl<S: fmt::Debug> fmt::Debug for WebhookMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("inner", &self.inner)
            .field("receiver", self.state.default_receiver())
            .finish_non_exhaustive()
    }
}
