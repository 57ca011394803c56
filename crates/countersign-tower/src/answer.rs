//! What the sender is told: a status, and when to ask again. Everything else rides in the response's
//! extensions, for the layers outside.

use countersign::senders::HandshakeResponse;
use countersign::{Contract, Outcome, Rejection, RejectionKind};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Response, StatusCode};

use crate::body::ResponseBody;

pub(crate) fn rejected<B>(rejection: Rejection) -> Response<ResponseBody<B>> {
    let mut response = empty(rejection.status());
    if rejection.kind() == RejectionKind::MethodNotAllowed {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    if rejection.status() == 503 {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response.extensions_mut().insert(rejection);
    response
}

/// An answer of our own, where no response of the handler's is to be had.
pub(crate) fn own<B>(outcome: Outcome) -> Response<ResponseBody<B>> {
    let mut response = empty(outcome.status().unwrap_or(500));
    if let Some(secs) = outcome.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
    }
    response.extensions_mut().insert(outcome);
    response
}

/// The answer to the sender's handshake.
pub(crate) fn handshake_answered<B>(reply: &HandshakeResponse) -> Response<ResponseBody<B>> {
    let mut response = Response::new(ResponseBody::own(reply.body().clone()));
    *response.status_mut() = status(reply.status());
    if let Some(content_type) = reply.content_type() {
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    response.extensions_mut().insert(Outcome::HandshakeAnswered);
    response
}

/// The handler's response, with a success told as the sender's contract wants it.
pub(crate) fn handlers<B>(
    contract: &Contract,
    outcome: Outcome,
    response: Response<B>,
) -> Response<ResponseBody<B>> {
    let mut response = response.map(ResponseBody::new);
    if response.status().is_success() {
        *response.status_mut() = status(contract.success_status(response.status().as_u16()));
    }
    response.extensions_mut().insert(outcome);
    response
}

fn empty<B>(code: u16) -> Response<ResponseBody<B>> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = status(code);
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
