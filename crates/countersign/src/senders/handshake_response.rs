//! The response to a handshake.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::json;

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
    headers: Vec<(&'static str, Cow<'static, str>)>,
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

    /// Returns the headers that the sender expects, with values in printable ASCII, such as an echoed
    /// `x-hook-secret`.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, Cow<'static, str>)] {
        &self.headers
    }

    /// Returns the body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// A response without a body.
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, content_type: None, headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn text(text: impl Into<Bytes>) -> Self {
        let content_type = Some("text/plain; charset=utf-8");
        Self { content_type, body: text.into(), ..Self::empty(200) }
    }

    pub(super) fn json(body: impl Into<Bytes>) -> Self {
        Self { content_type: Some("application/json"), body: body.into(), ..Self::empty(200) }
    }

    /// A JSON object with one field.
    pub(super) fn field(name: &str, value: &str) -> Self {
        Self::json(json!({ name: value }).to_string())
    }

    /// Adds a header; its value must be printable ASCII.
    pub(super) fn with_header(
        mut self,
        name: &'static str,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
