//! One event of a delivery that holds several.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;

use crate::body::decode_json;
use crate::error::{Rejection, RejectionKind};
use crate::event::{ClaimToken, Claimed, FencingToken, Identity, MessageToken};
use crate::verify::claimed_as::ClaimedAs;

/// One event of a delivery that may hold several, such as a SendGrid event or a change in a Meta entry.
///
/// [`Delivery::items`](crate::Delivery::items) and
/// [`Delivery::for_each_item`](crate::Delivery::for_each_item) return items. An item shares the delivery's body
/// and is cheap to clone.
///
/// ```
/// use countersign::{Item, Rejection};
///
/// #[derive(serde::Deserialize)]
/// struct Click {
///     email: String,
///     url: String,
/// }
///
/// fn on_item(item: &Item) -> Result<(), Rejection> {
///     if item.event_type() == Some("click") {
///         let click: Click = item.event()?;
///         println!("{} of the delivery: {} -> {}", item.pointer(), click.email, click.url);
///     }
///     Ok(())
/// }
/// ```
///
/// [Batches](https://github.com/countersign/countersign/blob/main/docs/batches.md) is the guide.
#[derive(Clone)]
pub struct Item {
    pub(super) index: usize,
    pub(super) pointer: Box<str>,
    pub(super) json: Bytes,
    /// The enclosing list elements, the outermost first.
    pub(super) parents: Box<[Bytes]>,
    pub(super) event_type: Option<Box<str>>,
    pub(super) identity: Identity,
    pub(crate) claimed_as: ClaimedAs,
}

impl Item {
    /// Returns the item's JSON as sent, to the byte.
    #[must_use]
    pub fn json(&self) -> &str {
        text(&self.json)
    }

    /// Decodes the item as `T`, which may borrow from it.
    ///
    /// A [`RawJson`](crate::RawJson) keeps the item's text.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if the item does not fit `T`. The message names the field of `T` at
    /// fault, but holds nothing of the body.
    pub fn event<'i, T: Deserialize<'i>>(&'i self) -> Result<T, Rejection> {
        decode(&self.json)
    }

    /// Returns the item's position among the items of its delivery, from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Returns the item's JSON pointer in the body, such as `/entry/0/changes/1`; empty for the whole
    /// body.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Returns the item's type, where the sender names it in a field of the item.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// Returns the JSON of each list element that encloses the item, the innermost first.
    ///
    /// For a change of a Meta page this is the page's entry.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        self.parents.iter().rev().map(text)
    }

    /// Decodes the outermost list element that encloses the item as `T`, such as a Meta entry with the
    /// id of its page.
    ///
    /// The element also holds the items beside this one.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::Undecodable`] if no list element encloses the item, or it does not fit `T`.
    pub fn entry<'i, T: Deserialize<'i>>(&'i self) -> Result<T, Rejection> {
        let Some(entry) = self.parents.first() else {
            return Err(Rejection::new(RejectionKind::Undecodable)
                .with_detail("no list element encloses the item"));
        };
        decode(entry)
    }

    /// Returns what makes this item the same event in another delivery.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns the token of the item's claim, by which a store commits the item in the handler's own
    /// transaction; `None` without dedup, and for an item that
    /// [`Delivery::items`](crate::Delivery::items) returned.
    #[must_use]
    pub const fn claim_token(&self) -> Option<ClaimToken> {
        self.claimed_as.claim_token()
    }

    /// Returns the fencing token of the item's claim, which guards the handler's own writes.
    #[must_use]
    pub fn fencing_token(&self) -> Option<FencingToken> {
        self.claimed_as.fencing_token()
    }

    /// Returns whether the claim took over from an expired lease, whose handler may have done part of
    /// the work.
    #[must_use]
    pub fn is_takeover(&self) -> bool {
        self.claimed_as.is_takeover()
    }
}

impl Claimed for Item {
    fn claim_token(&self) -> Option<ClaimToken> {
        self.claim_token()
    }

    /// The token of the delivery's message, if the item is the whole body.
    fn message_token(&self) -> Option<MessageToken> {
        self.claimed_as.message_token()
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("index", &self.index)
            .field("pointer", &self.pointer)
            .field("json_bytes", &self.json.len())
            .field("claimed_as", &self.claimed_as)
            .finish_non_exhaustive()
    }
}

fn decode<'i, T: Deserialize<'i>>(json: &'i Bytes) -> Result<T, Rejection> {
    decode_json(json).map_err(|what| Rejection::new(RejectionKind::Undecodable).with_detail(what))
}

/// An item is a piece of a body that was parsed as text.
fn text(json: &Bytes) -> &str {
    std::str::from_utf8(json).unwrap_or_default()
}
