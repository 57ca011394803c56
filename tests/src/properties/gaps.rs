//! What the crates are known to let through, each to be deleted here once it is closed there.

/// A derived struct takes an array for its fields in order; an event as a whole does not.
pub(super) fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}
