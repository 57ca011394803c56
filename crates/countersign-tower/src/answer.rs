//! What the sender is told: a status, and when to ask again. Everything else rides in the response's
//! extensions, for the layers outside.

use countersign::{Contract, Outcome, Refusal, RefusalKind};
use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::body::ResponseBody;

pub(crate) fn refused<B>(refusal: Refusal) -> Response<ResponseBody<B>> {
    let mut response = empty(refusal.status());
    if refusal.kind() == RefusalKind::MethodNotAllowed {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response.extensions_mut().insert(refusal);
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
