//! Printable ASCII.

/// Whether all of `value` is printable ASCII, looked at by eights.
#[inline]
pub(crate) fn is_printable(value: &[u8]) -> bool {
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // Each byte's high bit comes to be set if it is below a space, above a tilde, or set already. The
    // first that is below borrows from its neighbour, but is found itself.
    let odd = |eight: &[u8; 8]| {
        let eight = u64::from_le_bytes(*eight);
        let below = eight.wrapping_sub(u64::from_ne_bytes([b' '; 8]));
        let above = eight.wrapping_add(u64::from_ne_bytes([1; 8]));
        (below | above | eight) & HIGH
    };
    match value.last_chunk::<8>() {
        // The last eight may overlap those before them.
        Some(last) => {
            let (eights, _) = value.as_chunks::<8>();
            eights.iter().fold(odd(last), |found, eight| found | odd(eight)) == 0
        }
        None => value.iter().all(|byte| (b' '..=b'~').contains(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_printable;

    #[test]
    fn printable_is_from_space_to_tilde_in_any_place() {
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
