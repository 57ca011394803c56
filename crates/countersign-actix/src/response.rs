//! Responses: the handler's, and those that the middleware sends itself.
//!
//! The rejection or the outcome goes into the response's extensions, where outer middleware reads it.

use std::fmt;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use countersign::{Contract, Outcome, adapter};

/// Converts a response that is sent in place of the handler's.
pub(crate) fn own(response: impl Into<adapter::Response>) -> HttpResponse {
    let own = response.into();
    let mut response =
        HttpResponse::with_body(status(own.status()), BoxBody::new(own.body().clone()));
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
pub(crate) fn handlers<B: MessageBody>(
    contract: &Contract,
    outcome: Outcome,
    mut response: ServiceResponse<B>,
) -> ServiceResponse<EitherBody<B>> {
    let code = response.status();
    response.response_mut().extensions_mut().insert(outcome);
    if !code.is_success() {
        return response.map_into_left_body();
    }
    let code = status(contract.success_status(code.as_u16()));
    *response.response_mut().status_mut() = code;
    if code != StatusCode::NO_CONTENT {
        return response.map_into_left_body();
    }
    for header in [CONTENT_LENGTH, CONTENT_TYPE] {
        response.headers_mut().remove(header);
    }
    response.map_body(|_, _| EitherBody::right(BoxBody::new(())))
}

pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An outcome as an actix error, for a response that is due while the handler has the request.
///
/// A [`ServiceResponse`] cannot be made then: it contains the request.
#[derive(Debug)]
pub(crate) struct OutcomeError(pub(crate) Outcome);

impl fmt::Display for OutcomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl ResponseError for OutcomeError {
    fn status_code(&self) -> StatusCode {
        status(adapter::Response::from(self.0).status())
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        own(self.0)
    }
}
