//! The memory of which key verifies the requests of a sender.

use std::sync::atomic::{AtomicU8, Ordering};

/// Set if another key verified the last request.
const MISSED: u8 = 0x80;

/// The number of the key that is tried first: the one that verified the latest requests.
///
/// Another key replaces it once two requests in a row are verified by other keys. One request does not
/// suffice: where a sender's machines sign with the old and the new key in turns, the first key would
/// otherwise be the wrong one for every request, instead of every second one.
///
/// Only a verified request changes the number, and it changes nothing but the order of trial. So neither a
/// lost update nor an outdated number has an effect on a result, and the accesses need no ordering.
#[derive(Debug, Default)]
pub(super) struct FirstKey(AtomicU8);

impl FirstKey {
    /// Returns the key's number: 0 before any request is verified.
    pub(super) fn number(&self) -> usize {
        usize::from(self.0.load(Ordering::Relaxed) & !MISSED)
    }

    /// Records that the key with the number `matched` verified a request.
    ///
    /// In the usual case nothing is written, so that the threads of a server share the cache line.
    pub(super) fn record(&self, matched: usize) {
        let before = self.0.load(Ordering::Relaxed);
        let first = before & !MISSED;
        // A keyring has at most eight keys.
        let matched = matched as u8;
        let after = match before & MISSED {
            _ if matched == first => first,
            0 => first | MISSED,
            _ => matched,
        };
        if after != before {
            self.0.store(after, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn after(matched: &[usize], expected: usize) {
        let first = FirstKey::default();
        matched.iter().for_each(|matched| first.record(*matched));
        assert_eq!(first.number(), expected);
    }

    #[test]
    fn the_first_key_of_the_ring_is_the_first_at_the_start() {
        after(&[], 0);
    }

    #[test]
    fn two_requests_of_other_keys_in_a_row_replace_the_first_key() {
        after(&[1], 0);
        after(&[1, 1], 1);
        after(&[1, 2], 2);
        after(&[7, 7, 0, 0], 0);
    }

    #[test]
    fn keys_in_turns_do_not_replace_the_first_key() {
        after(&[1, 0, 1, 0, 1], 0);
        after(&[1, 1, 0, 1, 0, 1, 0], 1);
    }
}
