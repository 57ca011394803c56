//! What a delivery, or an item of one, has been claimed as.

use crate::event::{ClaimToken, FencingToken, MessageToken};

/// What a delivery, or an item of one, has been claimed as.
#[derive(Clone, Debug, Default)]
pub(crate) enum ClaimedAs {
    /// It has not been claimed.
    #[default]
    Nothing,
    /// The event is claimed; without a token there is no dedup.
    Event { token: Option<ClaimToken>, is_takeover: bool },
    /// It is an attempt at a message of an inbox.
    Message(Box<Redelivery>),
}

/// What is known of the attempt at a stored delivery.
#[derive(Clone, Debug)]
pub(crate) struct Redelivery {
    pub(crate) token: MessageToken,
    pub(crate) attempt: u32,
    pub(crate) is_takeover: bool,
    pub(crate) replays: u32,
    /// The name of the key that verified the request, which may have been removed since.
    pub(crate) key_name: Box<str>,
}

impl ClaimedAs {
    pub(crate) const fn claim_token(&self) -> Option<ClaimToken> {
        match self {
            Self::Event { token, .. } => *token,
            Self::Nothing | Self::Message(_) => None,
        }
    }

    pub(crate) fn redelivery(&self) -> Option<&Redelivery> {
        match self {
            Self::Message(redelivery) => Some(redelivery),
            Self::Nothing | Self::Event { .. } => None,
        }
    }

    pub(crate) fn message_token(&self) -> Option<MessageToken> {
        self.redelivery().map(|redelivery| redelivery.token)
    }

    pub(crate) fn fencing_token(&self) -> Option<FencingToken> {
        match self {
            Self::Nothing => None,
            Self::Event { token, .. } => token.map(|token| token.fencing_token()),
            Self::Message(redelivery) => Some(redelivery.token.fencing_token()),
        }
    }

    pub(crate) fn is_takeover(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Event { is_takeover, .. } => *is_takeover,
            Self::Message(redelivery) => redelivery.is_takeover,
        }
    }
}
