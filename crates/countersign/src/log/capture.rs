//! Rejected requests that are kept whole.

use std::fmt;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::crypto::encoding::base64;
use crate::headers::Headers;
use crate::time::Timestamp;

/// The largest body that is kept, in bytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Headers that are credentials with any sender.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// A rejected request as it was received: a JSON object that `countersign explain` reads.
///
/// It has the `sender`, `method`, `url`, `headers`, `now` (the time of arrival) and `body`, or `body_b64` where
/// that is not text. `secret_headers` names the headers that may hold a secret: do not pass them on.
/// `body_is_whole` is `false` if the body did not arrive in time, or is longer than 1 MiB.
#[derive(Clone, Eq, PartialEq)]
pub struct CapturedRequest(Box<str>);

impl CapturedRequest {
    /// Takes the JSON of a captured request, for a store.
    #[must_use]
    pub fn from_json(json: impl Into<Box<str>>) -> Self {
        Self(json.into())
    }

    /// Returns the JSON.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

/// Shows the size alone: the request may hold a secret.
impl fmt::Debug for CapturedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedRequest").field("bytes", &self.0.len()).finish_non_exhaustive()
    }
}

/// What is kept of a request while its body arrives, in case that it is rejected.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    pieces: Vec<Bytes>,
    bytes: usize,
    is_truncated: bool,
    is_complete: bool,
}

impl Capture {
    /// Keeps a piece of the body.
    pub(crate) fn keep(&mut self, piece: &Bytes) {
        self.bytes = self.bytes.saturating_add(piece.len());
        if self.bytes > MAX_BODY_BYTES {
            self.is_truncated = true;
        } else {
            self.pieces.push(piece.clone());
        }
    }

    /// Returns whether more of the body can be kept, and there may be more.
    pub(crate) const fn has_space(&self) -> bool {
        !self.is_complete && !self.is_truncated
    }

    /// Notes that the body has ended.
    pub(crate) fn complete(&mut self) {
        self.is_complete = true;
    }

    /// Returns the body if it is whole and no longer than `bytes`.
    pub(crate) fn body_within(&self, bytes: usize) -> Option<Vec<u8>> {
        let is_whole = self.is_complete && !self.is_truncated && self.bytes <= bytes;
        is_whole.then(|| self.pieces.concat())
    }

    /// Returns the number of bytes that were read of the body.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the request. `is_credential` returns whether the sender's scheme has a secret in a header.
    pub(crate) fn finish<H: Headers + ?Sized>(
        self,
        sender: &str,
        method: &str,
        head: &H,
        at: Timestamp,
        is_credential: impl Fn(&str) -> bool,
    ) -> CapturedRequest {
        let (mut headers, mut secret) = (Vec::new(), Vec::new());
        head.each(|name, value| {
            headers.push(json!([name, String::from_utf8_lossy(value)]));
            let is_known = CREDENTIALS.iter().any(|known| known.eq_ignore_ascii_case(name));
            if is_known || is_credential(name) {
                secret.push(Value::from(name));
            }
        });
        let mut request = json!({
            "sender": sender,
            "method": method,
            "headers": headers,
            "secret_headers": secret,
            "now": at.as_secs(),
            "body_is_whole": self.is_complete && !self.is_truncated,
        });
        if let (Some(path), Value::Object(fields)) = (head.path(), &mut request) {
            let query = head.query().filter(|query| !query.is_empty());
            let url = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
            fields.insert("url".to_owned(), url.into());
        }
        let body = self.pieces.concat();
        if let Value::Object(fields) = &mut request {
            match String::from_utf8(body) {
                Ok(text) => fields.insert("body".to_owned(), text.into()),
                Err(binary) => {
                    fields.insert("body_b64".to_owned(), base64(binary.as_bytes()).into())
                }
            };
        }
        CapturedRequest(request.to_string().into())
    }
}
