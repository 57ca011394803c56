//! What has been claimed.

use super::claim_token::ClaimToken;
use super::message_token::MessageToken;

/// A claimed event: a delivery, an item of it, or a claim of your own.
///
/// A store that keeps its events beside your own tables takes one to mark it as handled in your
/// transaction. See
/// [the guide](https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md).
///
/// ```
/// use countersign::dedup::Claimed;
/// use countersign::{Delivery, Item};
///
/// fn log(claimed: &impl Claimed) {
///     println!("{:?}", claimed.claim_token());
/// }
///
/// fn both(delivery: &Delivery, item: &Item) {
///     log(delivery);
///     log(item);
/// }
/// ```
pub trait Claimed {
    /// Returns the token of the claim; `None` without dedup.
    fn claim_token(&self) -> Option<ClaimToken>;

    /// Returns the token of the attempt at the event's message; `None`, the default, without an
    /// [inbox](crate::inbox).
    fn message_token(&self) -> Option<MessageToken> {
        None
    }
}

impl Claimed for ClaimToken {
    fn claim_token(&self) -> Option<ClaimToken> {
        Some(*self)
    }
}
