//! The signed content before the body.

use arrayvec::ArrayVec;

use crate::crypto::mac::BLOCK_BYTES;

/// The signed content before the body, gathered so that the MAC takes it in one update.
///
/// Content of up to 96 bytes, which nearly every sender's is, needs no allocation.
#[derive(Default)]
pub(crate) struct SignedPrefix {
    short: ArrayVec<u8, 96>,
    /// The whole content, once it is longer than `short`; empty before.
    long: Vec<u8>,
}

impl SignedPrefix {
    /// Appends `bytes`.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let fits = match bytes {
            // A single byte is mostly the dot between two values; a `memcpy` call would cost more.
            [byte] => self.short.try_push(*byte).is_ok(),
            _ => self.short.try_extend_from_slice(bytes).is_ok(),
        };
        if !fits || !self.long.is_empty() {
            self.push_long(bytes);
        }
    }

    #[cold]
    fn push_long(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(&self.short);
        }
        self.long.extend_from_slice(bytes);
    }

    /// Returns how many bytes are missing to a whole number of the hash's blocks.
    pub(crate) fn gap(&self) -> usize {
        self.bytes().len().wrapping_neg() % BLOCK_BYTES
    }

    /// Returns the whole content.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.long.is_empty() { &self.short } else { &self.long }
    }
}
