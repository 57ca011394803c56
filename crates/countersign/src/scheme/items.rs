//! Where a sender that sends several events in one body puts them, and what identifies each.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::{ConfigError, ConfigErrorKind};
use crate::json::places::{OuterField, Place};
use crate::json::pointer::Pointer;

/// Where the items of a body are, for a sender that sends several events in one body, and what
/// identifies each.
///
/// A place is a JSON pointer (RFC 6901) in which `*` stands for every element of a list: `/events/*`,
/// `/entry/*/changes/*`, or `/*` for a body that is a list. Where places are nested, the innermost values
/// are the items.
///
/// An item is identified by its fields alone, never by its position or by the other items, so it is
/// known again in a batch of another composition. The text of an id counts, exactly as sent. An item
/// without an id is identified by the digest of its members, in any order.
///
/// ```
/// use countersign::scheme::{Encoding, Items, Scheme, SignatureLocation};
///
/// // {"account":"acme","events":[{"id":7,"kind":"paid"},{"kind":"ping","attempt":2}]}
/// let items = Items::at("/events/*")
///     .id(["/id"])
///     .within(["/account"])
///     .without(["/attempt"])
///     .event_type("/kind");
/// let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
///     .items(items)
///     .build()?;
/// # Ok::<(), countersign::ConfigError>(())
/// ```
///
/// [Batches](https://github.com/countersign/countersign/blob/main/docs/batches.md) is the guide.
#[derive(Clone, Debug)]
#[must_use]
pub struct Items {
    places: Vec<ItemsAt>,
}

/// The items at one place.
#[derive(Clone, Debug)]
struct ItemsAt {
    place: Cow<'static, str>,
    ids: Vec<Vec<Cow<'static, str>>>,
    optional: Vec<Cow<'static, str>>,
    within: Vec<Cow<'static, str>>,
    without: Vec<Cow<'static, str>>,
    event_type: Option<Cow<'static, str>>,
}

impl Items {
    /// The items at `place`, identified by their digest.
    pub fn at(place: impl Into<Cow<'static, str>>) -> Self {
        Self { places: vec![ItemsAt::new(place.into())] }
    }

    /// Adds the items at another place, to which the settings after it apply.
    pub fn and_at(mut self, place: impl Into<Cow<'static, str>>) -> Self {
        self.places.push(ItemsAt::new(place.into()));
        self
    }

    /// Sets the fields of an item that together are its id.
    ///
    /// May be called several times: the first list of which an item has every field is its id. The
    /// fields are strings or numbers, at JSON pointers in the item.
    pub fn id(self, fields: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        let fields = fields.into_iter().map(Into::into).collect();
        self.change(|at| at.ids.push(fields))
    }

    /// Sets fields of an item that are part of its id where it has them.
    pub fn optional(self, fields: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        let fields = fields.into_iter().map(Into::into).collect();
        self.change(|at| at.optional = fields)
    }

    /// Sets fields around an item that are part of its identity, such as `/entry/*/id` for an item at
    /// `/entry/*/changes/*`.
    pub fn within(self, places: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        let places = places.into_iter().map(Into::into).collect();
        self.change(|at| at.within = places)
    }

    /// Sets members that are not part of an item's digest, since a retry changes them.
    pub fn without(self, fields: impl IntoIterator<Item = impl Into<Cow<'static, str>>>) -> Self {
        let fields = fields.into_iter().map(Into::into).collect();
        self.change(|at| at.without = fields)
    }

    /// Sets the field that holds an item's type: a JSON pointer in the item.
    pub fn event_type(self, field: impl Into<Cow<'static, str>>) -> Self {
        let field = field.into();
        self.change(|at| at.event_type = Some(field))
    }

    fn change(mut self, change: impl FnOnce(&mut ItemsAt)) -> Self {
        if let Some(at) = self.places.last_mut() {
            change(at);
        }
        self
    }

    /// Validates the places and pointers. `is_body_signed` is false if the signature covers fields of the
    /// body only.
    pub(super) fn compile(&self, is_body_signed: bool) -> Result<CompiledItems, ConfigError> {
        let places = self.places.iter().map(ItemsAt::compile).collect::<Result<Arc<[_]>, _>>()?;
        if !is_body_signed && !matches!(&*places, [only] if !only.place.is_in_list()) {
            return Err(ConfigError::new(
                ConfigErrorKind::InvalidScheme,
                "the signature covers fields of the body, so not every element of a list: set one place for `items`, without `*`",
            ));
        }
        Ok(CompiledItems(places))
    }
}

impl ItemsAt {
    const fn new(place: Cow<'static, str>) -> Self {
        Self {
            place,
            ids: Vec::new(),
            optional: Vec::new(),
            within: Vec::new(),
            without: Vec::new(),
            event_type: None,
        }
    }

    fn compile(&self) -> Result<PlaceOfItems, ConfigError> {
        let place = Place::parse(&self.place)?;
        let outer = |field: &Cow<'static, str>| {
            Place::parse(field)?.as_field_around(&place).ok_or_else(|| {
                ConfigError::new(
                    ConfigErrorKind::InvalidPointer,
                    format!(
                        "`{}` is not a field around the items at `{}`: begin it with the place of a list element that encloses them",
                        field.escape_debug(),
                        self.place.escape_debug()
                    ),
                )
            })
        };
        let within = self.within.iter().map(outer).collect::<Result<_, ConfigError>>()?;
        Ok(PlaceOfItems {
            ids: self.ids.iter().map(|fields| pointers(fields)).collect::<Result<_, _>>()?,
            optional: pointers(&self.optional)?,
            within,
            without: pointers(&self.without)?,
            event_type: self.event_type.as_deref().map(Pointer::parse).transpose()?,
            place,
        })
    }
}

fn pointers(fields: &[Cow<'static, str>]) -> Result<Vec<Pointer>, ConfigError> {
    fields.iter().map(|field| Pointer::parse(field)).collect()
}

/// The places of items, validated.
#[derive(Clone, Debug)]
pub(crate) struct CompiledItems(pub(crate) Arc<[PlaceOfItems]>);

/// One place of items, validated.
#[derive(Debug)]
pub(crate) struct PlaceOfItems {
    pub(crate) place: Place,
    pub(crate) ids: Vec<Vec<Pointer>>,
    pub(crate) optional: Vec<Pointer>,
    pub(crate) within: Vec<OuterField>,
    pub(crate) without: Vec<Pointer>,
    pub(crate) event_type: Option<Pointer>,
}
