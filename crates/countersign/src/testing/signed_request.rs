//! A signed request, as it goes over the wire.

use std::fmt;

use bytes::Bytes;

use crate::headers::Headers;

/// A complete signed request: a `POST` with target, headers and body, or what else the sender delivers by.
///
/// - With feature `http` it converts into an [`http::Request`] whose body is made from [`Bytes`], for
///   axum's `oneshot`.
/// - `countersign-actix` converts it into actix-web's `TestRequest`.
/// - It implements [`Headers`], for [`Receiver::verify`](crate::Receiver::verify).
#[derive(Clone, Eq, PartialEq)]
#[must_use]
pub struct SignedRequest {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl SignedRequest {
    /// Returns the method by which the sender delivers.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// Returns the path and the query, as in the request line.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Returns the headers: names in lower case, and values.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Returns the body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Adds a header that is not signed, such as one that identifies the request in a log.
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.headers.push((name.as_ref().to_ascii_lowercase(), value.into()));
        self
    }

    pub(super) fn value_mut(&mut self, name: &str) -> Option<&mut String> {
        self.headers.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// Visits the headers and returns the query; an absent query is an empty one.
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
/// Panics if the target or a header that the test has set is invalid in HTTP.
#[cfg(feature = "http")]
impl<B: From<Bytes>> From<SignedRequest> for http::Request<B> {
    #[track_caller]
    fn from(request: SignedRequest) -> Self {
        let mut whole = http::Request::builder().method(request.method).uri(request.target());
        for (name, value) in &request.headers {
            whole = whole.header(name, value);
        }
        match whole.body(request.body.into()) {
            Ok(whole) => whole,
            Err(error) => panic!("the test's request is not valid HTTP: {error}"),
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
