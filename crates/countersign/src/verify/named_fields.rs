//! The fields of an event that the sender's scheme names, found in one pass over the body.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ops::Range;

use crate::body::reading::Reading;
use crate::json::pointer::{Found, MAX_POINTERS, Pointer, find_all, scalar_text};
use crate::scheme::{CompiledLocation, CompiledTimestamp, Scheme};
use crate::verify::Delivery;

/// The number of fields that a scheme names.
const FIELDS: usize = 4;

/// A field that a scheme names.
#[derive(Clone, Copy)]
pub(super) enum NamedField {
    Id,
    EventType,
    Time,
    Payload,
}

impl NamedField {
    const ALL: [Self; FIELDS] = [Self::Id, Self::EventType, Self::Time, Self::Payload];

    /// Returns the field's location, if it is in the body.
    const fn pointer(self, scheme: &Scheme) -> Option<&Pointer> {
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
    fn new(found: &[Found<'_>], document: &[u8]) -> Self {
        let mut fields = Self::default();
        for (field, found) in fields.0.iter_mut().zip(found) {
            *field = found.value().and_then(|value| Position::of(value.get(), document));
        }
        fields
    }
}

impl Delivery {
    /// Returns the text of the string or number in a field that the scheme names in the body.
    pub(super) fn named_scalar(&self, field: NamedField) -> Option<Cow<'_, str>> {
        let pointer = field.pointer(self.scheme())?;
        match self.reading().ok()? {
            Reading::Json(text) => scalar_text(self.named_value(field, text)?),
            reading @ Reading::Fields(_) => reading.scalar(pointer),
        }
    }

    /// Returns the JSON of a field that the scheme names, in the event's JSON document.
    ///
    /// `None` if there is no value, if the document is not JSON, or if it repeats a key on the path.
    pub(super) fn named_value<'d>(&self, field: NamedField, text: &'d [u8]) -> Option<&'d str> {
        let fields = self.named_fields.get_or_init(|| {
            let mut found = [Found::Absent; FIELDS];
            let pointers = NamedField::ALL.map(|field| field.pointer(self.scheme()));
            find_all(pointers, &mut found, text)
                .map(|()| NamedFields::new(&found, text))
                .unwrap_or_default()
        });
        let position = (*fields.0.get(field as usize)?)?;
        std::str::from_utf8(text.get(position.range())?).ok()
    }

    /// Returns the text of the string or number at each of several pointers, in one pass over the body that
    /// also finds the fields that the scheme names.
    ///
    /// `None` if the event is not JSON, or if it repeats a key on any of the paths.
    pub(crate) fn scalars<const N: usize>(
        &self,
        pointers: [&Pointer; N],
    ) -> Option<[Option<Cow<'_, str>>; N]> {
        let Reading::Json(text) = self.reading().ok()? else { return None };
        let named = NamedField::ALL.map(|field| {
            let is_known = self.named_fields.get().is_some();
            field.pointer(self.scheme()).filter(|_| !is_known)
        });
        let mut found = [Found::Absent; MAX_POINTERS];
        find_all(pointers.into_iter().map(Some).chain(named), &mut found, text)?;
        let (own, named) = found.split_first_chunk::<N>()?;
        if let Some(named) = named.first_chunk::<FIELDS>() {
            self.named_fields.get_or_init(|| NamedFields::new(named, text));
        }
        let is_unambiguous = own.iter().all(|found| !matches!(found, Found::Ambiguous));
        is_unambiguous.then(|| own.map(|found| scalar_text(found.value()?.get())))
    }
}
