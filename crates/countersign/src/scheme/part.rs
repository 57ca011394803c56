//! The parts of the signed content.

use std::borrow::Cow;
use std::fmt;

use super::public_url::redacted;
use crate::headers::IndexedHeader;

/// One part of the signed content; see [`SchemeBuilder::signs`](super::SchemeBuilder::signs).
///
/// A text converts to a literal:
///
/// ```
/// use countersign::scheme::Part;
///
/// let slack = [Part::from("v0:"), Part::Timestamp, ":".into(), Part::Body];
/// assert_eq!(slack[2], Part::Literal(":".into()));
/// ```
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// A fixed text, such as the `.` between two values.
    Literal(Cow<'static, str>),
    /// The value of the header with this name, as received.
    Header(Cow<'static, str>),
    /// The timestamp, as received.
    Timestamp,
    /// The event's id as received, which must be in a header.
    Id,
    /// The bytes of the body, as received.
    Body,
    /// The public URL of the endpoint, as HubSpot and Square sign it.
    ///
    /// The URL is the configured one, not that of the request: the `Host` header is set by the client.
    /// Forms that are equal in meaning are tried as well, at most sixteen in all: without the default
    /// port or credentials, with the host in lower case, and with escapes decoded as some senders do
    /// before they sign. A fragment is left out, since no client sends it. If the URL is configured with a query, a request whose query has the same
    /// parameters in another order or with other escapes is tried with its own query, too. No form is
    /// the beginning of another, so no byte can move between the URL and the part after it.
    ///
    /// Before this part, there must be nothing, a literal or the body.
    Url(Cow<'static, str>),
    /// The public URL of the endpoint followed by the sorted fields of a form body, as Twilio signs.
    ///
    /// For a body that is not a form, its digest is in the query as `bodySHA256`. The URL is tried with
    /// its port and without, and in the other forms of [`Url`](Self::Url). If it is configured with a
    /// query, only requests whose query has the same parameters are accepted. This part includes the
    /// body and must be the only one.
    UrlAndForm(Cow<'static, str>),
}

/// Shows URLs without credentials.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.debug_tuple("Literal").field(text).finish(),
            Self::Header(name) => f.debug_tuple("Header").field(name).finish(),
            Self::Timestamp => f.write_str("Timestamp"),
            Self::Id => f.write_str("Id"),
            Self::Body => f.write_str("Body"),
            Self::Url(url) => f.debug_tuple("Url").field(&redacted(url)).finish(),
            Self::UrlAndForm(url) => f.debug_tuple("UrlAndForm").field(&redacted(url)).finish(),
        }
    }
}

/// Creates a [`Part::Literal`].
impl From<&'static str> for Part {
    fn from(text: &'static str) -> Self {
        Self::Literal(text.into())
    }
}

/// A part of the signed content, with header names indexed.
#[derive(Clone, Debug)]
pub(crate) enum SignedPart {
    Literal(Cow<'static, str>),
    /// The value of any header but the id's.
    Header(IndexedHeader),
    /// The value of the header that holds the event's id.
    Id(IndexedHeader),
    Timestamp,
    Body,
    /// One of the forms of the scheme's public URL.
    Url,
}
