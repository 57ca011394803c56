use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::{Error, HttpRequest};
use countersign::adapter::{AdapterState, body_interrupted, body_limited, verify};
use countersign::{Headers, Rejection};
use futures_core::Stream;

use crate::response;
use crate::task::{ActixTimer, run};

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
    let verified = {
        let (request, payload) = request.parts_mut();
        let head = Head(request);
        let poll_body = |cx: &mut Context<'_>| {
            let piece = Pin::new(&mut *payload).poll_next(cx);
            piece.map(|piece| piece.map(|piece| piece.map_err(|error| rejection(&error))))
        };
        verify(&state, &ActixTimer, request.method().as_str(), &head, poll_body).await
    };
    match verified {
        Ok((receiver, delivery)) => {
            if is_gzip(&request) {
                describe_plain_body(&mut request);
            }
            request.set_payload(Payload::from(delivery.body().clone()));
            run(receiver, state.shutdown().clone(), inner, request, delivery).await
        }
        Err(response) => Ok(request.into_response(response::own(response)).map_into_right_body()),
    }
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
