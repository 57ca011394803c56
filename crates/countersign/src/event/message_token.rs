//! Message tokens: what identifies an attempt at a message of the inbox.

use std::fmt;

use super::fencing_token::FencingToken;
use super::store_id::StoreId;

/// The number of a message in its inbox: a later message has a greater one.
///
/// ```
/// use countersign::inbox::MessageId;
///
/// assert!(MessageId::new(7) < MessageId::new(8));
/// assert_eq!(MessageId::new(7).to_string(), "7");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(u64);

impl MessageId {
    /// Creates the id with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Identifies one attempt at a message: the message's id, the attempt's fencing token, and the store that
/// has the message.
///
/// An operation with the token of an earlier attempt changes nothing.
///
/// ```
/// use countersign::dedup::FencingToken;
/// use countersign::inbox::{MessageId, MessageToken};
///
/// let token = MessageToken::new(MessageId::new(7), FencingToken::new(40));
/// assert_eq!(token.id().as_u64(), 7);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct MessageToken {
    id: MessageId,
    fencing_token: FencingToken,
    store: Option<StoreId>,
}

impl MessageToken {
    /// Creates the token of the attempt that was granted `fencing_token`, without the store's id.
    #[must_use]
    pub const fn new(id: MessageId, fencing_token: FencingToken) -> Self {
        Self { id, fencing_token, store: None }
    }

    /// Adds the id of the store that has the message.
    #[must_use]
    pub const fn in_store(mut self, store: StoreId) -> Self {
        self.store = Some(store);
        self
    }

    /// Returns the message's id.
    #[must_use]
    pub const fn id(self) -> MessageId {
        self.id
    }

    /// Returns the attempt's fencing token.
    #[must_use]
    pub const fn fencing_token(self) -> FencingToken {
        self.fencing_token
    }

    /// Returns the id of the store that has the message: ids and fencing tokens are small numbers that every
    /// store grants.
    #[must_use]
    pub const fn store(self) -> Option<StoreId> {
        self.store
    }
}
