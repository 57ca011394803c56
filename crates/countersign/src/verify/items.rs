//! The items of a delivery, and the identity of each.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::body::reading::Reading;
use crate::crypto::encoding::hex;
use crate::crypto::mac::sha256;
use crate::error::{Rejection, RejectionKind};
use crate::event::Identity;
use crate::json::canonical::canonical;
use crate::json::document;
use crate::json::places::{Found, PlacesError, find};
use crate::scheme::{CompiledItems, PlaceOfItems};
use crate::verify::claimed_as::ClaimedAs;
use crate::verify::{Delivery, Item};

impl Delivery {
    /// Returns the events that the body holds, in order, where the scheme says where they are; else the
    /// whole body as one item.
    ///
    /// [`for_each_item`](Self::for_each_item) also deduplicates them one by one.
    ///
    /// ```
    /// use countersign::{Delivery, Rejection};
    ///
    /// fn types(delivery: &Delivery) -> Result<Vec<String>, Rejection> {
    ///     let items = delivery.items()?;
    ///     Ok(items.iter().filter_map(|item| item.event_type().map(str::to_owned)).collect())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if the body is not JSON, holds no list of items, or repeats a key on
    /// the way to one.
    pub fn items(&self) -> Result<Vec<Item>, Rejection> {
        match self.scheme().items.as_ref() {
            Some(items) => self.items_at(items),
            None => self.whole_body().map(|item| vec![item]),
        }
    }

    /// Returns the identity of the delivery as the list of its items; `None` without items.
    pub(super) fn identity_of_items(&self) -> Option<Identity> {
        let items = self.items_at(self.scheme().items.as_ref()?).ok()?;
        (!items.is_empty()).then(|| Identity::items(items.iter().map(Item::identity)))
    }

    fn items_at(&self, items: &CompiledItems) -> Result<Vec<Item>, Rejection> {
        let document = self.document()?;
        let text = text(&document)?;
        let places: Vec<_> = items.0.iter().map(|at| &at.place).collect();
        let found = find(&places, text).map_err(|error| match error {
            PlacesError::NotJson => undecodable("the body is not JSON"),
            PlacesError::Ambiguous => undecodable("a key on the way to the items is repeated"),
            PlacesError::Absent => undecodable("no list of items is at the configured place")
                .with_location(places.first().map_or(&"".into(), |place| place.as_shared())),
        })?;
        let mut outer: Vec<_> = items.0.iter().map(|_| OuterFields::default()).collect();
        let mut all = Vec::with_capacity(found.len());
        for (index, found) in found.into_iter().enumerate() {
            let (Some(at), Some(outer)) = (items.0.get(found.place), outer.get_mut(found.place))
            else {
                continue;
            };
            let identity = match self.signed_digest() {
                Some(digest) => Identity::signed_item(digest),
                None => identity(at, &found, outer.read(at, &found, text)),
            };
            // An item without an id of its own may come again in an event of another name.
            let identity = match self.identifying_event_type() {
                Some(event_type) if identity.is_short_lived() => {
                    identity.with_event_type(&event_type)
                }
                _ => identity,
            };
            let event_type = at.event_type.as_ref();
            let event_type = event_type.and_then(|field| field.scalar(found.value.as_bytes()));
            let parents = found.parents.iter();
            all.push(Item {
                index,
                event_type: event_type.map(Cow::into),
                json: document.slice_ref(found.value.as_bytes()),
                parents: parents.map(|parent| document.slice_ref(parent.as_bytes())).collect(),
                pointer: found.pointer.into(),
                identity,
                claimed_as: ClaimedAs::Nothing,
            });
        }
        Ok(all)
    }

    /// Returns the body as one item, which is claimed with the delivery.
    fn whole_body(&self) -> Result<Item, Rejection> {
        let document = self.document()?;
        let value: &RawValue = serde_json::from_str(text(&document)?)
            .map_err(|_| undecodable("the body is not JSON"))?;
        Ok(Item {
            index: 0,
            pointer: "".into(),
            json: document.slice_ref(value.get().as_bytes()),
            parents: Box::default(),
            event_type: self.event_type().map(Cow::into),
            identity: Identity::from(self),
            claimed_as: self.claimed_as.clone(),
        })
    }

    /// Returns the JSON document in the body: a part of the body, or what a form is decoded to.
    fn document(&self) -> Result<Bytes, Rejection> {
        match self.reading() {
            Ok(Reading::Json(json)) if self.body.as_ptr_range().contains(&json.as_ptr()) => {
                Ok(self.body.slice_ref(json))
            }
            Ok(Reading::Json(json)) => Ok(Bytes::copy_from_slice(json)),
            Ok(Reading::Fields(_)) => Err(undecodable("the body is a form, which holds no items")),
            Err(what) => Err(self.undecodable(what.clone())),
        }
    }
}

fn text(json: &Bytes) -> Result<&str, Rejection> {
    document(json).ok_or(undecodable("not UTF-8"))
}

fn undecodable(detail: &'static str) -> Rejection {
    Rejection::new(RejectionKind::Undecodable).with_detail(detail)
}

/// The values of the fields around the items of one place.
///
/// An enclosing element may hold many items, so each field is read once for each element, not once for
/// each item: the work stays proportional to the body.
#[derive(Default)]
struct OuterFields<'d> {
    elements: Vec<&'d str>,
    values: Vec<Option<Cow<'d, str>>>,
}

impl<'d> OuterFields<'d> {
    /// Returns the values around `found`, in the order of the configuration.
    fn read(
        &mut self,
        at: &PlaceOfItems,
        found: &Found<'d>,
        document: &'d str,
    ) -> &[Option<Cow<'d, str>>] {
        for (index, outer) in at.within.iter().enumerate() {
            let element = match outer.parent {
                Some(parent) => found.parents.get(parent).copied().unwrap_or_default(),
                None => document,
            };
            let read = || outer.field.scalar(element.as_bytes());
            match (self.elements.get_mut(index), self.values.get_mut(index)) {
                (Some(last), Some(value)) => {
                    if !std::ptr::eq(*last, element) {
                        (*last, *value) = (element, read());
                    }
                }
                _ => {
                    self.elements.push(element);
                    self.values.push(read());
                }
            }
        }
        &self.values
    }
}

/// Returns the identity of an item: its place, the fields around it, and its id or digest.
fn identity(at: &PlaceOfItems, found: &Found<'_>, outer: &[Option<Cow<'_, str>>]) -> Identity {
    let json = found.value.as_bytes();
    let mut fields: Vec<Cow<'_, str>> = vec![at.place.as_shared().as_ref().into()];
    fields.extend(outer.iter().cloned().flat_map(optional));
    for (number, id) in at.ids.iter().enumerate() {
        let id: Option<Vec<_>> = id.iter().map(|field| field.scalar(json)).collect();
        if let Some(id) = id {
            fields.push(format!("id {number}").into());
            fields.extend(id);
            // A flag, such as `is_deleted`, is not a string or number.
            let values = at.optional.iter().map(|field| field.text(json).flatten());
            fields.extend(values.flat_map(optional));
            return Identity::item(fields.iter().map(|field| &**field), false);
        }
    }
    let without: Vec<_> = at.without.iter().map(|field| field.tokens()).collect();
    // Text that has no canonical form is known by its bytes.
    let (kind, text) = match canonical(found.value, &without) {
        Some(text) => ("members", sha256(text.as_bytes())),
        None => ("bytes", sha256(json)),
    };
    fields.extend([kind.into(), hex(&text).into()]);
    Identity::item(fields.iter().map(|field| &**field), true)
}

/// Writes an optional value such that it differs from every other, and from none.
fn optional(value: Option<Cow<'_, str>>) -> [Cow<'_, str>; 2] {
    match value {
        Some(value) => ["some".into(), value],
        None => ["none".into(), "".into()],
    }
}
