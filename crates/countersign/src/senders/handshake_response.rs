//! The response to a handshake.

use bytes::Bytes;

/// The response to a handshake.
///
/// The adapters send it without calling the handler. Code that drives a
/// [`Receiver`](crate::Receiver) itself sends it as follows:
///
/// ```
/// use countersign::{Receiver, Secret, senders};
///
/// let okta = senders::OKTA.keys(Secret::new("the secret of the event hook")?)?;
/// let receiver = Receiver::new(okta);
/// let headers = [("x-okta-verification-challenge", "a challenge")];
/// let response = receiver.handshake_response("GET", &headers)?.expect("a handshake");
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.content_type(), Some("application/json"));
/// assert_eq!(&response.body()[..], br#"{"verification":"a challenge"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandshakeResponse {
    status: u16,
    content_type: Option<&'static str>,
    body: Bytes,
}

impl HandshakeResponse {
    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Returns the value of `Content-Type`, if there is a body.
    ///
    /// Send `X-Content-Type-Options: nosniff` with it, so that no browser renders an echoed challenge as a
    /// page.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'static str> {
        self.content_type
    }

    /// Returns the body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// A response without a body.
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, content_type: None, body: Bytes::new() }
    }

    pub(super) fn text(text: impl Into<Bytes>) -> Self {
        Self { status: 200, content_type: Some("text/plain; charset=utf-8"), body: text.into() }
    }

    pub(super) fn json(body: impl Into<Bytes>) -> Self {
        Self { status: 200, content_type: Some("application/json"), body: body.into() }
    }
}
