//! Printable ASCII.

/// Returns whether every byte of `value` is printable ASCII: from the space to the tilde.
#[inline]
pub(crate) fn is_printable(value: &[u8]) -> bool {
    // Eight bytes at a time. The last eight may overlap those before them.
    let Some(last) = value.last_chunk::<8>() else {
        return value.iter().all(|byte| (b' '..=b'~').contains(byte));
    };
    let (chunks, _) = value.as_chunks::<8>();
    chunks.iter().fold(unprintable(last), |all, chunk| all | unprintable(chunk)) == 0
}

/// Returns zero if every byte of `chunk` is printable ASCII.
///
/// The topmost bit of a byte is set by the byte itself if it is not ASCII, by the difference if a byte is
/// below the space, and by the sum if it is above the tilde. A borrow or carry leaves only a byte that has set its
/// own bit.
#[inline]
fn unprintable(chunk: &[u8; 8]) -> u64 {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let bytes = u64::from_ne_bytes(*chunk);
    let below = bytes.wrapping_sub(EACH * 0x20);
    let above = bytes.wrapping_add(EACH);
    (bytes | below | above) & (EACH * 0x80)
}

#[cfg(test)]
mod tests {
    use super::is_printable;

    #[test]
    fn printable_is_from_space_to_tilde_at_every_position() {
        for length in 0..40 {
            assert!(is_printable(&vec![b' '; length]));
            assert!(is_printable(&vec![b'~'; length]));
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut value = vec![b'a'; length];
                    value[at] = byte;
                    assert_eq!(is_printable(&value), (b' '..=b'~').contains(&byte), "{value:?}");
                }
            }
        }
    }
}
