//! The attempt at a stored delivery.

use crate::event::MessageToken;

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
