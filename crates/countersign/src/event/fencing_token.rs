//! Fencing tokens: the order of the claims on one event.

/// A number that rises with every claim on the same event.
///
/// Pass it to the systems that the handler writes to. A system that rejects a write with a lower token
/// than one it has seen is safe from a handler that outlived its lease.
///
/// ```
/// use countersign::dedup::FencingToken;
///
/// let (first, takeover) = (FencingToken::new(7), FencingToken::new(8));
/// assert!(first < takeover);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FencingToken(u64);

impl FencingToken {
    /// Creates the fencing token with this number.
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
