//! Changes to an input, the same on every run.

/// Pieces of JSON and of headers at which parsers part ways.
const WORDS: [&[u8]; 18] = [
    b"null",
    b"-0",
    b"1e400",
    b"18446744073709551616",
    b"\"\"",
    b"\"\\ud800\"",
    b"{}",
    b"[",
    b"]",
    b",",
    b".",
    b"=",
    b" ",
    b"\n",
    b"\0",
    b"\xff",
    "é".as_bytes(),
    b"2026-02-30T24:00:60Z",
];

/// A stream of numbers from a fixed seed (xorshift64).
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The stream of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// The next number below `limit`; 0 if that is 0.
    pub const fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        if limit == 0 { 0 } else { (self.0 >> 11) as usize % limit }
    }
}

/// Changes `input` in one to three ways; `other` is another input to take pieces from.
#[must_use]
pub fn mutate(input: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(bytes.len());
        match numbers.below(7) {
            0 => bytes.truncate(at),
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            2 => {
                let end = at + numbers.below((bytes.len() - at).min(8));
                bytes.drain(at..end);
            }
            3 => {
                let word = WORDS.get(numbers.below(WORDS.len())).copied().unwrap_or_default();
                bytes.splice(at..at, word.iter().copied());
            }
            4 => {
                let from = numbers.below(other.len());
                let piece = other.get(from..).unwrap_or_default();
                let length = numbers.below(piece.len().min(64));
                bytes.splice(at..at, piece.iter().take(length).copied());
            }
            5 => bytes = swap(&bytes, b'"', numbers),
            _ => bytes = swap(&bytes, b'\n', numbers),
        }
    }
    bytes
}

/// Swaps two of the pieces that `mark` parts: keys and values of JSON, or lines.
fn swap(bytes: &[u8], mark: u8, numbers: &mut Numbers) -> Vec<u8> {
    let mut pieces: Vec<&[u8]> = bytes.split(|byte| *byte == mark).collect();
    let (one, two) = (numbers.below(pieces.len()), numbers.below(pieces.len()));
    // Between two marks stands a string at the odd places, and punctuation at the even ones.
    if one % 2 == two % 2 {
        pieces.swap(one, two);
    }
    pieces.join(&mark)
}
