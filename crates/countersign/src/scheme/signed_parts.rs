//! A request as its sender sends it.

use super::body_digest::BODY_DIGEST;
use super::content::Content;
use crate::crypto::encoding::hex;
use crate::crypto::mac::sha256;

/// A request as its sender sends it, for tests and tools; see
/// [`SigningRequest::request`](super::SigningRequest::request).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignedParts {
    /// The headers that make the request authentic, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The query of the request's target, where the sender signs one.
    pub query: Option<String>,
    /// The body, with the signature if the sender puts it there.
    pub body: Vec<u8>,
}

impl SignedParts {
    /// Adds the digest of a body that is not a form to the query, where the sender signs the URL.
    pub(super) fn add_digest(&mut self, content: &Content) {
        let Content::UrlAndForm(url) = content else { return };
        if url.is_query_event {
            return;
        }
        let is_form = !matches!(self.body.trim_ascii_start(), [b'{' | b'[', ..]);
        let given = self.query.as_deref().or(url.query()).unwrap_or_default();
        if is_form || given.contains(BODY_DIGEST) {
            return;
        }
        let joint = if given.is_empty() { "" } else { "&" };
        self.query = Some(format!("{given}{joint}{BODY_DIGEST}={}", hex(&sha256(&self.body))));
    }
}
