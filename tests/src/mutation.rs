//! Deterministic mutations of an input.

/// Pieces of JSON and of headers that parsers treat differently.
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

/// A deterministic random number generator (xorshift64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Creates the generator with this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// Returns the next number below `limit`; 0 if the limit is 0.
    pub const fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        if limit == 0 { 0 } else { (self.0 >> 11) as usize % limit }
    }
}

/// Mutates `input` one to three times; `other` is another input to copy pieces from.
#[must_use]
pub fn mutate(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            2 => {
                let end = at + random.below((bytes.len() - at).min(8));
                bytes.drain(at..end);
            }
            3 => {
                let word = WORDS.get(random.below(WORDS.len())).copied().unwrap_or_default();
                bytes.splice(at..at, word.iter().copied());
            }
            4 => {
                let from = random.below(other.len());
                let piece = other.get(from..).unwrap_or_default();
                let length = random.below(piece.len().min(64));
                bytes.splice(at..at, piece.iter().take(length).copied());
            }
            5 => bytes = swap(&bytes, b'"', random),
            _ => bytes = swap(&bytes, b'\n', random),
        }
    }
    bytes
}

/// Swaps two of the pieces that `separator` separates: keys and values of JSON, or lines.
fn swap(bytes: &[u8], separator: u8, random: &mut Random) -> Vec<u8> {
    let mut pieces: Vec<&[u8]> = bytes.split(|byte| *byte == separator).collect();
    let (one, two) = (random.below(pieces.len()), random.below(pieces.len()));
    // Between quotes, odd pieces are strings and even pieces are punctuation.
    if one % 2 == two % 2 {
        pieces.swap(one, two);
    }
    pieces.join(&separator)
}
