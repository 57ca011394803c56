//! How a delivery finds the fields of its event: in one pass over the body.

use std::borrow::Cow;

use crate::body::reading::Reading;
use crate::json::pointer::{Found, MAX_POINTERS, Pointer, find_all, scalar_text};
use crate::verify::Delivery;
use crate::verify::named_fields::{FIELDS, NamedField, NamedFields};

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
        fields.value(field, text)
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
