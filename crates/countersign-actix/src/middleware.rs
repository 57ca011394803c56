use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{Error, HttpMessage, HttpRequest, rt};
use countersign::adapter::{
    AdapterState, Detachable, QueuedMessage, Recording, Responder, body_interrupted, body_limited,
    drive, enqueue, handle_message, reject_shutting_down, verify,
};
use countersign::{Delivery, Headers, IgnoredEvent, Outcome, Rejection, adapter};
use futures_core::Stream;

use crate::response::{self, OutcomeError};
use crate::timer::ActixTimer;

/// The service that [`Webhooks`](crate::Webhooks) wraps around a route. See the [crate's page](crate).
///
/// actix makes one for each worker and each route that is wrapped:
///
/// ```
/// use actix_web::{HttpResponse, web};
/// use countersign_actix::{Receiver, Webhooks};
///
/// fn configure(receiver: Receiver) -> impl Fn(&mut web::ServiceConfig) + Clone {
///     let webhooks = Webhooks::new(receiver);
///     move |config| {
///         let route = web::resource("/webhooks").wrap(webhooks.clone());
///         config.service(route.route(web::post().to(HttpResponse::Ok)));
///     }
/// }
/// ```
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
    type Future =
        Detachable<dyn Future<Output = ()>, Result<ServiceResponse<EitherBody<B>>, Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (state, inner) = (self.state.clone(), Rc::clone(&self.inner));
        // One block, in which everything stays where it is: what is passed to an `async fn` by value is
        // stored twice in its future.
        let receive = |responder: Responder<_>| async move {
            let message = request.extensions_mut().remove::<QueuedMessage>();
            if let Some(message) = message {
                let handle = Cell::new(Some(request));
                let start = |delivery| handle.take().map(|request| call(&inner, request, delivery));
                let start = async |delivery| match start(delivery) {
                    Some(response) => response.await,
                    None => Err(OutcomeError(Outcome::Failed).into()),
                };
                let handled = handle_message(&state, &ActixTimer, &message, start).await;
                return responder.respond(match (handled, handle.take()) {
                    (Ok(result), _) => result.map(ServiceResponse::map_into_left_body),
                    (Err(response), Some(request)) => Ok(own(request, response)),
                    (Err(_), None) => Err(OutcomeError(Outcome::Failed).into()),
                });
            }
            let mut recording = state.begin_recording();
            let verified = {
                let (request, payload) = request.parts_mut();
                let head = Head(request);
                let poll_body = |cx: &mut Context<'_>| {
                    let piece = Pin::new(&mut *payload).poll_next(cx);
                    piece.map(|piece| piece.map(|piece| piece.map_err(|error| rejection(&error))))
                };
                let method = request.method().as_str();
                verify(&state, &mut recording, &ActixTimer, method, &head, poll_body).await
            };
            let (receiver, delivery) = match verified {
                Ok(verified) => verified,
                Err(response) => return responder.respond(Ok(own(request, response))),
            };
            let Some(in_flight) = state.shutdown().track() else {
                let rejected = reject_shutting_down(&receiver, recording);
                return responder.respond(Ok(own(request, rejected)));
            };
            if state.inbox().is_some() {
                let stored = {
                    let head = Head(request.request());
                    let uri = request.uri().to_string();
                    let line = (request.method().as_str(), &*uri);
                    enqueue(&state, &receiver, &ActixTimer, &delivery, recording, line, &head).await
                };
                return responder.respond(Ok(own(request, stored)));
            }
            responder.detach_on_drop(());
            // actix routes a request by its only handle. The handler takes the handle if it runs; otherwise
            // the handle is left here, for a response without the handler.
            let handle = Cell::new(Some(request));
            let start = async |delivery: Delivery| {
                let Some(request) = handle.take() else {
                    return Err(OutcomeError(Outcome::ShuttingDown).into());
                };
                call(&inner, request, delivery).await
            };
            let is_success = |result: &Result<ServiceResponse<B>, Error>| {
                result.as_ref().is_ok_and(|response| response.status().is_success())
            };
            let contract = receiver.contract();
            let respond = |outcome, result: Option<Result<_, Error>>| {
                let response = match (result, handle.take()) {
                    (Some(result), _) => {
                        result.map(|response| response::handlers(contract, outcome, response))
                    }
                    (None, Some(request)) => {
                        let response = adapter::Response::from(outcome);
                        Ok(own(request, response.with_contract(contract)))
                    }
                    (None, None) => Err(OutcomeError(outcome).into()),
                };
                record(recording, outcome, &response);
                responder.respond(response);
            };
            drive(&receiver, delivery, &ActixTimer, &in_flight, start, is_success, respond).await;
        };
        Detachable::new(|responder| Box::pin(receive(responder)), spawn)
    }
}

/// Ends the recording of a delivery whose handler has run.
fn record<B>(recording: Recording, outcome: Outcome, response: &Result<ServiceResponse<B>, Error>) {
    let status = match response {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let is_ignored = response
        .as_ref()
        .is_ok_and(|response| response.response().extensions().get::<IgnoredEvent>().is_some());
    if is_ignored {
        recording.end_ignored(status.as_u16());
    } else {
        recording.end(outcome, Some(status.as_u16()));
    }
}

/// Calls the inner service with a verified delivery.
fn call<S: Service<ServiceRequest>>(
    inner: &S,
    mut request: ServiceRequest,
    delivery: Delivery,
) -> S::Future {
    if is_gzip(&request) {
        describe_plain_body(&mut request);
    }
    request.set_payload(Payload::from(delivery.body().clone()));
    request.extensions_mut().insert(delivery);
    inner.call(request)
}

/// Responds to a request in place of its handler.
fn own<B>(
    request: ServiceRequest,
    response: impl Into<adapter::Response>,
) -> ServiceResponse<EitherBody<B>> {
    request.into_response(response::own(response)).map_into_right_body()
}

/// Spawns what remains of a delivery on its worker. Spawning panics on a thread without one, such as that of
/// a worker that has stopped: then the lease of the claim expires.
pub(crate) fn spawn((): (), remaining: Pin<Box<dyn Future<Output = ()>>>) {
    drop(catch_unwind(AssertUnwindSafe(|| rt::spawn(remaining))));
}

/// Returns whether the body was sent as gzip. A verified one has then been decompressed: a receiver that
/// does not do so rejects it.
fn is_gzip(request: &ServiceRequest) -> bool {
    request.headers().get(CONTENT_ENCODING).is_some_and(|value| {
        let coding = value.as_bytes().trim_ascii();
        coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip")
    })
}

/// Removes the headers that describe a compressed body, since the handler gets the plain one.
///
/// The extractors of actix-web would otherwise decompress the plain bytes.
///
/// Like actix-web's own routing, this panics if a middleware in front keeps a clone of the request.
fn describe_plain_body(request: &mut ServiceRequest) {
    let headers = request.headers_mut();
    headers.remove(CONTENT_ENCODING);
    headers.remove(CONTENT_LENGTH);
}

/// Finds out whether a body ends early because a middleware in front limits it.
fn rejection(error: &PayloadError) -> Rejection {
    match error {
        PayloadError::Overflow => body_limited(),
        _ => body_interrupted(),
    }
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
        f.debug_struct("WebhookMiddleware")
            .field("inner", &self.inner)
            .field("receiver", self.state.default_receiver())
            .finish_non_exhaustive()
    }
}
