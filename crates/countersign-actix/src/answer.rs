//! What the sender is told: a status, and when to ask again. Everything else rides in the response's
//! extensions, for the middleware outside.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, ResponseError};
use countersign::senders::HandshakeResponse;
use countersign::{Contract, Outcome, Rejection, RejectionKind};

pub(crate) fn rejected(rejection: Rejection) -> HttpResponse {
    let mut response = HttpResponse::new(status(rejection.status()));
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
pub(crate) fn own(outcome: Outcome) -> HttpResponse {
    let mut response = HttpResponse::new(status(outcome.status().unwrap_or(500)));
    if let Some(secs) = outcome.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
    }
    response.extensions_mut().insert(outcome);
    response
}

/// The answer to the sender's handshake.
pub(crate) fn handshake_answered(reply: &HandshakeResponse) -> HttpResponse {
    let mut response = HttpResponse::build(status(reply.status()));
    if let Some(content_type) = reply.content_type() {
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static(content_type)));
        response.insert_header((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
    }
    let mut response = response.body(reply.body().clone());
    response.extensions_mut().insert(Outcome::HandshakeAnswered);
    response
}

/// The handler's response, with a success told as the sender's contract wants it.
pub(crate) fn handlers<B>(
    contract: &Contract,
    outcome: Outcome,
    mut response: ServiceResponse<B>,
) -> ServiceResponse<B> {
    let code = response.status();
    if code.is_success() {
        let code = status(contract.success_status(code.as_u16()));
        *response.response_mut().status_mut() = code;
    }
    response.response_mut().extensions_mut().insert(outcome);
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An answer that is given while the handler has the request, so as an error.
#[derive(Debug)]
pub(crate) struct Unanswered(pub(crate) Outcome);

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl ResponseError for Unanswered {
    fn status_code(&self) -> StatusCode {
        status(self.0.status().unwrap_or(500))
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        own(self.0)
    }
}
