//! Signed content that is derived from the request, for senders that do not sign the body as it is.

use bytes::Bytes;

use crate::crypto::mac::TAG_BYTES;

/// What is known of signed content that is not the body itself.
#[derive(Clone)]
pub(super) struct SignedContent {
    /// The digest of the content, which identifies the event.
    pub(super) digest: [u8; TAG_BYTES],
    /// The signed query, where the sender delivers by `GET` and it is the event.
    pub(super) query: Option<Bytes>,
}
