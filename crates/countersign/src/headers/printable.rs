//! Printable ASCII.

/// Returns whether every byte of `value` is printable ASCII: from the space to the tilde.
#[inline]
pub(crate) fn is_printable(value: &[u8]) -> bool {
    value.iter().all(|byte| (b' '..=b'~').contains(byte))
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
