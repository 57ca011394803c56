//! The parts of the signed content.

use std::borrow::Cow;

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
#[derive(Clone, Debug, Eq, PartialEq)]
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
    /// The public URL of the endpoint followed by the sorted fields of a form body, as Twilio signs.
    ///
    /// For a body that is not a form, its digest is in the query as `bodySHA256`. The URL is tried with
    /// its port and without. This part includes the body and must be the only one.
    UrlAndForm(Cow<'static, str>),
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
}
