//! The responses that an adapter sends in place of the handler's.

use std::borrow::Cow;

use bytes::Bytes;

use super::outcome::Outcome;
use crate::contract::Contract;
use crate::error::{RETRY_AFTER, Rejection, RejectionKind};
use crate::senders::HandshakeResponse;

/// A response that an adapter sends in place of the handler's, free of any framework's types.
///
/// The sender gets the status, the headers and the body. The [`rejection`](Self::rejection) or the
/// [`outcome`](Self::outcome) belongs in the extensions of the framework's response, where outer layers
/// read why the status was sent.
///
/// ```
/// use countersign::RejectionKind;
/// use countersign::adapter::{Response, rejection};
///
/// let response = Response::from(rejection(RejectionKind::MethodNotAllowed, ""));
/// assert_eq!(response.status(), 405);
/// assert_eq!(response.headers(), [("allow", "POST".into())]);
/// assert!(response.rejection().is_some());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    status: u16,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    body: Bytes,
    cause: Cause,
}

impl Response {
    /// The handler's success, where it has no response of its own.
    pub(super) const fn success() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Bytes::new(),
            cause: Cause::Outcome(Outcome::Handled),
        }
    }

    /// The response to a delivery some of whose items failed: the sender repeats it.
    pub(super) fn failed_items() -> Self {
        Self {
            status: 503,
            headers: vec![retry_after(RETRY_AFTER)],
            body: Bytes::new(),
            cause: Cause::Outcome(Outcome::Failed),
        }
    }

    /// Replaces the status of an acknowledged event, which is stored or a duplicate, by the success that the
    /// sender's contract asks for.
    #[must_use]
    pub const fn with_contract(mut self, contract: &Contract) -> Self {
        if let Cause::Outcome(Outcome::Stored | Outcome::Duplicate { .. }) = self.cause {
            self.status = contract.success_status(self.status);
        }
        self
    }

    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the headers with their values, which are printable ASCII.
    ///
    /// Names are in lower case, but for a name that a [`Challenge`](crate::senders::Challenge) of your own
    /// writes otherwise.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, Cow<'static, str>)] {
        &self.headers
    }

    /// Returns the body, which is empty except in the response to a handshake.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the rejection that this response is sent for, if it is one.
    #[must_use]
    pub const fn rejection(&self) -> Option<&Rejection> {
        match &self.cause {
            Cause::Rejection(rejection) => Some(rejection),
            Cause::Outcome(_) => None,
        }
    }

    /// Returns the outcome that this response is sent for, if it is one.
    #[must_use]
    pub const fn outcome(&self) -> Option<Outcome> {
        match &self.cause {
            Cause::Rejection(_) => None,
            Cause::Outcome(outcome) => Some(*outcome),
        }
    }
}

/// A bare status, with `Allow` for 405 and `Retry-After` for 503.
impl From<Rejection> for Response {
    fn from(rejection: Rejection) -> Self {
        let mut headers = Vec::new();
        if rejection.kind() == RejectionKind::MethodNotAllowed {
            headers.push(("allow", Cow::Borrowed(rejection.allowed_method())));
        }
        headers.extend(rejection.retry_after().map(retry_after));
        Self {
            status: rejection.status(),
            headers,
            body: Bytes::new(),
            cause: Cause::Rejection(rejection),
        }
    }
}

/// A bare status, with `Retry-After` for 503.
///
/// The status is 500 for an outcome whose response is the handler's, see [`Outcome::status`].
impl From<Outcome> for Response {
    fn from(outcome: Outcome) -> Self {
        Self {
            status: outcome.status().unwrap_or(500),
            headers: outcome.retry_after().map(retry_after).into_iter().collect(),
            body: Bytes::new(),
            cause: Cause::Outcome(outcome),
        }
    }
}

/// The handshake's status, headers and body, which no browser interprets as anything but its content type.
impl From<HandshakeResponse> for Response {
    fn from(response: HandshakeResponse) -> Self {
        let headers = response.content_type().map(|content_type| {
            [
                ("content-type", Cow::Borrowed(content_type)),
                ("x-content-type-options", Cow::Borrowed("nosniff")),
            ]
        });
        let headers = headers.into_iter().flatten();
        Self {
            status: response.status(),
            headers: headers.chain(response.headers().iter().cloned()).collect(),
            body: response.body().clone(),
            cause: Cause::Outcome(Outcome::HandshakeAnswered),
        }
    }
}

fn retry_after(seconds: u64) -> (&'static str, Cow<'static, str>) {
    ("retry-after", Cow::Owned(seconds.to_string()))
}

/// Why an adapter sends a response of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Cause {
    Rejection(Rejection),
    Outcome(Outcome),
}

/// Returns the rejection of a request whose body ends before it is complete.
///
/// ```
/// use countersign::{RejectionKind, adapter};
///
/// assert_eq!(adapter::body_interrupted().kind(), RejectionKind::BodyInterrupted);
/// ```
#[must_use]
pub const fn body_interrupted() -> Rejection {
    Rejection::new(RejectionKind::BodyInterrupted)
}

/// Returns the rejection of a request whose body a layer in front cuts off at a limit of its own.
///
/// ```
/// use countersign::{RejectionKind, adapter};
///
/// let rejection = adapter::body_limited();
/// assert_eq!(rejection.kind(), RejectionKind::BodyTooLarge);
/// assert_eq!(
///     rejection.to_string(),
///     "body exceeds the limit: a layer in front of this one, such as `RequestBodyLimitLayer`, has a lower limit than `max_body_size`; raise it or remove that layer",
/// );
/// ```
#[must_use]
pub fn body_limited() -> Rejection {
    Rejection::new(RejectionKind::BodyTooLarge).with_detail(
        "a layer in front of this one, such as `RequestBodyLimitLayer`, has a lower limit than `max_body_size`; raise it or remove that layer",
    )
}

/// Returns a rejection that an adapter makes itself.
///
/// `detail` becomes part of the operator's text: it must not hold anything of the request.
#[must_use]
pub fn rejection(kind: RejectionKind, detail: &'static str) -> Rejection {
    Rejection::new(kind).with_detail(detail)
}
