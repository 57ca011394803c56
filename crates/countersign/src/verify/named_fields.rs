//! The fields of an event that the sender's scheme names, and their positions in the body.

use std::num::NonZeroU32;
use std::ops::Range;

use crate::json::pointer::{Found, Pointer};
use crate::scheme::{CompiledLocation, CompiledTimestamp, Scheme};

/// The number of fields that a scheme names.
pub(super) const FIELDS: usize = 4;

/// A field that a scheme names.
#[derive(Clone, Copy)]
pub(super) enum NamedField {
    Id,
    EventType,
    Time,
    Payload,
}

impl NamedField {
    pub(super) const ALL: [Self; FIELDS] = [Self::Id, Self::EventType, Self::Time, Self::Payload];

    /// Returns the field's location, if it is in the body.
    pub(super) const fn pointer(self, scheme: &Scheme) -> Option<&Pointer> {
        match self {
            Self::Id => in_body(scheme.id.as_ref()),
            Self::EventType => in_body(scheme.event_type.as_ref()),
            Self::Time => match &scheme.timestamp {
                Some(CompiledTimestamp::Body(pointer, _)) => Some(pointer),
                Some(CompiledTimestamp::Header(..) | CompiledTimestamp::Pair(_)) | None => None,
            },
            Self::Payload => scheme.payload.as_ref(),
        }
    }
}

const fn in_body(location: Option<&CompiledLocation>) -> Option<&Pointer> {
    match location {
        Some(CompiledLocation::Body(pointer)) => Some(pointer),
        Some(CompiledLocation::Header(_)) | None => None,
    }
}

/// The positions of the named fields in a JSON document, in the order of [`NamedField::ALL`].
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedFields([Option<Position>; FIELDS]);

/// The position of a JSON value in its document, in bytes. A value has at least one.
#[derive(Clone, Copy, Debug)]
struct Position {
    start: u32,
    length: NonZeroU32,
}

impl Position {
    /// Returns the position of `value`, which is a part of `document`.
    fn of(value: &str, document: &[u8]) -> Option<Self> {
        let start = (value.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
        let length = u32::try_from(value.len()).ok().and_then(NonZeroU32::new)?;
        Some(Self { start: u32::try_from(start).ok()?, length })
    }

    const fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.length.get() as usize
    }
}

impl NamedFields {
    pub(super) fn new(found: &[Found<'_>], document: &[u8]) -> Self {
        let mut fields = Self::default();
        for (field, found) in fields.0.iter_mut().zip(found) {
            *field = found.value().and_then(|value| Position::of(value.get(), document));
        }
        fields
    }

    /// Returns the JSON of a field in the document for which the positions were found.
    pub(super) fn value<'d>(&self, field: NamedField, document: &'d [u8]) -> Option<&'d str> {
        let position = (*self.0.get(field as usize)?)?;
        std::str::from_utf8(document.get(position.range())?).ok()
    }
}
