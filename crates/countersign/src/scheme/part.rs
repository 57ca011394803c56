//! The parts of the signed content.

use std::borrow::Cow;

use super::signed_fields::FieldKind;
use crate::headers::IndexedHeader;

/// One piece of what a sender signs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// Fixed text, such as the `.` between two others.
    Literal(Cow<'static, str>),
    /// A header's value as received.
    Header(Cow<'static, str>),
    /// The timestamp's digits as received.
    Timestamp,
    /// The event's id as received; it stands in a header.
    Id,
    /// The body's bytes as received.
    Body,
    /// The public URL of the endpoint, and then the fields of a form body by name, as Twilio signs.
    ///
    /// A body that is no form stands in the query as `bodySHA256` instead. The URL is tried with its
    /// port and without. It stands for the body, and alone.
    UrlAndForm(Cow<'static, str>),
}

/// A [`Part::Literal`].
impl From<&'static str> for Part {
    fn from(text: &'static str) -> Self {
        Self::Literal(text.into())
    }
}

/// A field of the body that is signed; see [`Scheme::hmac_sha256_of_fields`].
#[derive(Clone, Debug)]
pub struct Field {
    pub(crate) pointer: Cow<'static, str>,
    pub(crate) kind: FieldKind,
}

impl Field {
    /// The field at this JSON pointer; it must not hold a colon.
    #[must_use]
    pub fn new(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), kind: FieldKind::Plain }
    }

    /// It may hold any text; one field may.
    #[must_use]
    pub const fn allow_any_text(mut self) -> Self {
        self.kind = FieldKind::Free;
        self
    }

    /// It is not signed and must not be there: a second event beside the one that is signed.
    #[must_use]
    pub const fn must_be_absent(mut self) -> Self {
        self.kind = FieldKind::Absent;
        self
    }
}

#[derive(Clone, Debug)]
pub(crate) enum SignedPart {
    Literal(Cow<'static, str>),
    /// Any header but the id's.
    Header(IndexedHeader),
    /// The header that holds the event's id.
    Id(IndexedHeader),
    Timestamp,
    Body,
}
