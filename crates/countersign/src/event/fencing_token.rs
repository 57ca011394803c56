//! What tells a claim from every other of its key.

/// A number given with each claim of a key, higher each time.
///
/// Hand it on to whatever the handler writes to: a write with a lower fencing token than one seen before
/// comes from a handler whose lease ran out.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FencingToken(u64);

impl FencingToken {
    /// The fencing token with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}
