//! Strict hexadecimal and base64 ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)).
//!
//! One text for one value: no white space, no foreign alphabet, right padding, and no stray bits in
//! the last character. Hexadecimal letters may be of either case.

use arrayvec::ArrayVec;

use crate::crypto::mac::{MAX_SIGNATURE_BYTES, SignatureBytes, TAG_BYTES};

/// How a signature is written.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// Two hexadecimal digits a byte, either case.
    Hex,
    /// Base64 with padding, alphabet of RFC 4648 section 4.
    Base64,
    /// Base64 with padding, URL-safe alphabet of RFC 4648 section 5.
    Base64Url,
    /// The same without padding.
    Base64UrlUnpadded,
}

impl Encoding {
    /// Reads exactly one tag.
    pub(crate) fn decode_tag(self, text: &[u8]) -> Option<[u8; TAG_BYTES]> {
        let mut tag = [0; TAG_BYTES];
        let length = match self {
            Self::Hex => decode_hex(text, &mut tag),
            Self::Base64 => return decode_base64_tag(text, &STANDARD),
            Self::Base64Url => return decode_base64_tag(text, &URL_SAFE),
            Self::Base64UrlUnpadded => decode_unpadded(text, &mut tag),
        }?;
        (length == TAG_BYTES).then_some(tag)
    }

    /// Reads one signature, of whatever length.
    pub(crate) fn decode(self, text: &[u8]) -> Option<SignatureBytes> {
        let mut signature = SignatureBytes::from([0; MAX_SIGNATURE_BYTES]);
        let length = match self {
            Self::Hex => decode_hex(text, &mut signature),
            Self::Base64 => decode_base64(text, &STANDARD, &mut signature),
            Self::Base64Url => decode_base64(text, &URL_SAFE, &mut signature),
            Self::Base64UrlUnpadded => decode_unpadded(text, &mut signature),
        }?;
        signature.truncate(length);
        Some(signature)
    }

    #[cfg(feature = "sign")]
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex(bytes),
            Self::Base64 => encode_base64(bytes, STANDARD_ALPHABET),
            Self::Base64Url => encode_base64(bytes, URL_SAFE_ALPHABET),
            Self::Base64UrlUnpadded => {
                let mut text = encode_base64(bytes, URL_SAFE_ALPHABET);
                text.truncate(text.trim_end_matches('=').len());
                text
            }
        }
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

/// A base64 secret: padding may be missing and its last character may have stray bits, as some senders
/// print it so; it is set up by the operator, and nothing else is forgiven.
pub(crate) fn decode_base64_secret(text: &[u8]) -> Option<Vec<u8>> {
    // All at once: growing would leave a copy behind.
    let mut padded = zeroize::Zeroizing::new(Vec::with_capacity(text.len() + 3));
    padded.extend_from_slice(text);
    if !text.ends_with(b"=") {
        padded.resize(text.len().next_multiple_of(4), b'=');
    }
    let mut bytes = vec![0; padded.len() / 4 * 3];
    let (length, _) = decode_base64_lax(&padded, &STANDARD, &mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

/// URL-safe base64 without padding, of up to 72 bytes.
pub(crate) fn decode_base64_url(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; MAX_SIGNATURE_BYTES];
    let length = decode_unpadded(text, &mut bytes)?;
    bytes.truncate(length);
    Some(bytes)
}

/// A hexadecimal secret, in either case.
pub(crate) fn decode_hex_secret(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; text.len() / 2];
    decode_hex(text, &mut bytes)?;
    Some(bytes)
}

fn decode_hex(text: &[u8], out: &mut [u8]) -> Option<usize> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > out.len() {
        return None;
    }
    for (slot, [high, low]) in out.iter_mut().zip(pairs) {
        *slot = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(pairs.len())
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The length of a tag in base64.
const TAG_TEXT: usize = TAG_BYTES.div_ceil(3) * 4;

/// One tag, whose length is known to the compiler.
#[inline]
fn decode_base64_tag(text: &[u8], table: &Table) -> Option<[u8; TAG_BYTES]> {
    let mut text: [u8; TAG_TEXT] = text.try_into().ok()?;
    // The last character is padding, and is read as no bits.
    let padding = std::mem::replace(text.last_mut()?, FIRST);
    let mut bytes = [[0; 3]; TAG_TEXT / 4];
    let mut invalid = 0;
    for (group, slot) in text.as_chunks::<4>().0.iter().zip(&mut bytes) {
        invalid |= sextets(table, *group, slot);
    }
    let (tag, stray) = bytes.as_flattened().split_first_chunk()?;
    (padding == b'=' && invalid & INVALID == 0 && *stray == [0]).then_some(*tag)
}

/// URL-safe base64 that must not be padded.
fn decode_unpadded(text: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut padded: ArrayVec<u8, { MAX_SIGNATURE_BYTES.div_ceil(3) * 4 }> = text.try_into().ok()?;
    // A length that is one over a multiple of four holds no whole byte more.
    while padded.len() % 4 != 0 {
        padded.try_push(b'=').ok()?;
    }
    if text.ends_with(b"=") {
        return None;
    }
    decode_base64(&padded, &URL_SAFE, out)
}

fn decode_base64(text: &[u8], table: &Table, out: &mut [u8]) -> Option<usize> {
    let (length, has_stray_bits) = decode_base64_lax(text, table, out)?;
    (!has_stray_bits).then_some(length)
}

/// How many bytes there are, and whether bits are left over in the last character.
fn decode_base64_lax(text: &[u8], table: &Table, out: &mut [u8]) -> Option<(usize, bool)> {
    let (groups, rest) = text.as_chunks::<4>();
    let Some((last, whole)) = groups.split_last() else {
        return rest.is_empty().then_some((0, false));
    };
    let (out, tail) = out.split_at_mut_checked(whole.len() * 3)?;
    let (slots, _) = out.as_chunks_mut::<3>();
    let mut invalid = 0;
    for (group, slot) in whole.iter().zip(slots) {
        invalid |= sextets(table, *group, slot);
    }
    let (padded, length) = match *last {
        [a, b, b'=', b'='] => ([a, b, FIRST, FIRST], 1),
        [a, b, c, b'='] => ([a, b, c, FIRST], 2),
        group => (group, 3),
    };
    let mut end = [0; 3];
    invalid |= sextets(table, padded, &mut end);
    let (end, stray) = end.split_at_checked(length)?;
    if !rest.is_empty() || invalid & INVALID != 0 {
        return None;
    }
    tail.get_mut(..length)?.copy_from_slice(end);
    Some((whole.len() * 3 + length, stray.iter().any(|bits| *bits != 0)))
}

/// The character for six zero bits, in both alphabets.
const FIRST: u8 = b'A';

/// Four characters as three bytes; what it gives has the bit [`INVALID`] if one is not in the alphabet.
#[inline]
fn sextets(table: &Table, characters: [u8; 4], out: &mut [u8; 3]) -> u32 {
    let [a, b, c, d] = characters;
    let bits = table.at(0, a) | table.at(1, b) | table.at(2, c) | table.at(3, d);
    let [_, x, y, z] = bits.to_be_bytes();
    *out = [x, y, z];
    bits
}

/// For each of four places the value of every character, already where it belongs.
struct Table([[u32; 256]; 4]);

impl Table {
    #[inline]
    fn at(&self, place: usize, character: u8) -> u32 {
        let values = self.0.get(place);
        values.and_then(|values| values.get(usize::from(character))).copied().unwrap_or(INVALID)
    }
}

const STANDARD_ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE_ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static STANDARD: Table = table(STANDARD_ALPHABET);
static URL_SAFE: Table = table(URL_SAFE_ALPHABET);

/// Marks characters outside the alphabet; no three bytes have this bit.
const INVALID: u32 = 1 << 31;

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated at compile time, where a slip fails the build"
)]
const fn table(alphabet: &[u8; 64]) -> Table {
    let mut table = [[INVALID; 256]; 4];
    let mut place = 0;
    while place < 4 {
        let mut at = 0;
        while at < alphabet.len() {
            table[place][alphabet[at] as usize] = (at as u32) << (18 - 6 * place);
            at += 1;
        }
        place += 1;
    }
    Table(table)
}

/// Base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    encode_base64(bytes, STANDARD_ALPHABET)
}

fn encode_base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let letter = |bits: u32| {
        let at = usize::try_from(bits & 63).unwrap_or_default();
        char::from(alphabet.get(at).copied().unwrap_or(FIRST))
    };
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut bits = 0_u32;
        for byte in group.iter().chain(&[0, 0]).take(3) {
            bits = bits << 8 | u32::from(*byte);
        }
        let letters = [letter(bits >> 18), letter(bits >> 12), letter(bits >> 6), letter(bits)];
        text.extend(letters.iter().take(group.len() + 1));
        text.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    text
}
