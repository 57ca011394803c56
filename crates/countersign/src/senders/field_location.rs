//! Where a request holds a fact about its event.

use std::borrow::Cow;

/// Where a request holds a fact about its event, for a sender that does not document it.
///
/// ```
/// use countersign::senders::FieldLocation;
///
/// assert_eq!(FieldLocation::header("x-id"), FieldLocation::Header("x-id".into()));
/// assert_eq!(FieldLocation::field("/data/id"), FieldLocation::Field("/data/id".into()));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FieldLocation {
    /// The header of this name.
    Header(Cow<'static, str>),
    /// The field of the body at this JSON pointer (RFC 6901), such as `/id`.
    Field(Cow<'static, str>),
    /// The sender does not send this fact.
    Absent,
}

impl FieldLocation {
    /// The header `name`.
    #[must_use]
    pub fn header(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Header(name.into())
    }

    /// The field of the body at `pointer`.
    #[must_use]
    pub fn field(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self::Field(pointer.into())
    }

    /// Returns whether the location has a name, if it needs one.
    pub(super) fn is_named(&self) -> bool {
        !matches!(self, Self::Header(name) | Self::Field(name) if name.is_empty())
    }
}
