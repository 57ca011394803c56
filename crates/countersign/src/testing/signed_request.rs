//! One request as it goes over the wire, for whatever takes requests in your test.

use std::fmt;

use bytes::Bytes;

use crate::headers::Headers;

/// A whole request as its sender sends it: a `POST` with target, headers and body.
///
/// It turns into an [`http::Request`] of any body that is made from bytes (feature `http`), so it
/// goes straight into axum's `oneshot`; `countersign-actix` turns it into actix's `TestRequest`; and
/// it is [`Headers`], for [`Receiver::verify`](crate::Receiver::verify).
#[derive(Clone, Eq, PartialEq)]
#[must_use]
pub struct SignedRequest {
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl SignedRequest {
    /// Path and query, as they stand in the request's first line.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Names, in lower case, and values.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// One more header, which nothing signs: to find the request again in a log, say.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.headers.push((name.as_ref().to_ascii_lowercase(), value.into()));
        self
    }

    pub(super) fn value_mut(&mut self, name: &str) -> Option<&mut String> {
        self.headers.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// The head of the request, query and all.
impl Headers for SignedRequest {
    fn each<'h>(&'h self, visit: impl FnMut(&'h str, &'h [u8])) {
        self.headers.each(visit);
    }

    fn query(&self) -> Option<&str> {
        Some(self.query.as_deref().unwrap_or_default())
    }
}

/// # Panics
///
/// If the target or a header that the test gave cannot stand in a request.
#[cfg(feature = "http")]
impl<B: From<Bytes>> From<SignedRequest> for http::Request<B> {
    #[track_caller]
    fn from(request: SignedRequest) -> Self {
        let mut whole = http::Request::post(request.target());
        for (name, value) in &request.headers {
            whole = whole.header(name, value);
        }
        match whole.body(request.body.into()) {
            Ok(whole) => whole,
            Err(error) => panic!("the test's request cannot be sent: {error}"),
        }
    }
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("SignedRequest")
            .field("path", &self.path)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
