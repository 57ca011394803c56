//! Responses: the handler's, and those that the layer sends itself.
//!
//! The rejection or the outcome goes into the response's extensions, where outer layers read it.

use bytes::Bytes;
use countersign::{Contract, Outcome, adapter};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::body::ResponseBody;

/// Converts a response that is sent in place of the handler's.
pub(crate) fn own<B: From<Bytes>>(response: impl Into<adapter::Response>) -> Response<B> {
    let own = response.into();
    let mut response = Response::new(B::from(own.body().clone()));
    *response.status_mut() = status(own.status());
    for (name, value) in own.headers() {
        // A name of a user's own challenge may be in any case, or not a name at all.
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some(rejection) = own.rejection() {
        response.extensions_mut().insert(rejection.clone());
    }
    if let Some(outcome) = own.outcome() {
        response.extensions_mut().insert(outcome);
    }
    response
}

/// Returns the handler's response, a success with the status that the sender's contract asks for. A 204 has
/// no body.
pub(crate) fn handlers<B>(
    contract: &Contract,
    outcome: Outcome,
    response: Response<B>,
) -> Response<ResponseBody<B>> {
    let mut response = response.map(ResponseBody::new);
    if response.status().is_success() {
        *response.status_mut() = status(contract.success_status(response.status().as_u16()));
        if response.status() == StatusCode::NO_CONTENT {
            *response.body_mut() = ResponseBody::default();
            for header in [CONTENT_LENGTH, CONTENT_TYPE] {
                response.headers_mut().remove(header);
            }
        }
    }
    response.extensions_mut().insert(outcome);
    response
}

pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
