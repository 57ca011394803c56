//! Strict hexadecimal and base64 ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)).
//!
//! One text for one value: white space, characters of another alphabet, wrong padding and stray bits
//! in the last character are rejected. Hexadecimal digits may have either case.
//!
//! The `base64` crate does all base64 except the tag of a request, see [`decode_base64_tag`].

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use zeroize::Zeroizing;

use crate::crypto::mac::{MAX_SIGNATURE_BYTES, SignatureBytes, TAG_BYTES};

/// The text encoding of a signature.
///
/// ```
/// use countersign::scheme::{Encoding, SignatureLocation};
///
/// let signature = SignatureLocation::header("x-signature", Encoding::Hex).prefix("sha256=");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// Hexadecimal: two digits for each byte, in either case.
    Hex,
    /// Base64 with padding, in the alphabet of RFC 4648 section 4.
    Base64,
    /// Base64 with padding, in the URL-safe alphabet of RFC 4648 section 5.
    Base64Url,
    /// Base64 without padding, in the URL-safe alphabet of RFC 4648 section 5.
    Base64UrlUnpadded,
}

impl Encoding {
    /// Decodes a text that encodes exactly one tag.
    #[inline]
    pub(crate) fn decode_tag(self, text: &[u8]) -> Option<[u8; TAG_BYTES]> {
        match self {
            Self::Base64 => decode_base64_tag(text, *b"+/"),
            Self::Base64Url => decode_base64_tag(text, *b"-_"),
            Self::Hex | Self::Base64UrlUnpadded => {
                let mut tag = [0; TAG_BYTES];
                (self.decode_into(text, &mut tag)? == TAG_BYTES).then_some(tag)
            }
        }
    }

    /// Decodes a signature of any length up to [`MAX_SIGNATURE_BYTES`].
    pub(crate) fn decode(self, text: &[u8]) -> Option<SignatureBytes> {
        let mut signature = SignatureBytes::from([0; MAX_SIGNATURE_BYTES]);
        let length = self.decode_into(text, &mut signature)?;
        signature.truncate(length);
        Some(signature)
    }

    /// Decodes `text` into `out` and returns the number of bytes; `None` if they do not fit.
    fn decode_into(self, text: &[u8], out: &mut [u8]) -> Option<usize> {
        match self {
            Self::Hex => decode_hex(text, out),
            Self::Base64 => STANDARD.decode_slice(text, out).ok(),
            Self::Base64Url => URL_SAFE.decode_slice(text, out).ok(),
            Self::Base64UrlUnpadded => URL_SAFE_NO_PAD.decode_slice(text, out).ok(),
        }
    }

    #[cfg(feature = "sign")]
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex(bytes),
            Self::Base64 => base64(bytes),
            Self::Base64Url => URL_SAFE.encode(bytes),
            Self::Base64UrlUnpadded => URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

/// Encodes `bytes` in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

/// Encodes `bytes` in base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes a base64 secret: padding is all there or all missing, and the last character may have
/// stray bits.
///
/// Some senders print secrets so. The operator configures a secret and no request carries one, so
/// accepting two texts for one value is safe here.
pub(crate) fn decode_base64_secret(text: &[u8]) -> Option<Vec<u8>> {
    let engine = if text.ends_with(b"=") { PADDED_SECRET } else { UNPADDED_SECRET };
    // Allocated at full size: a buffer that grows would leave a copy of the secret in freed memory.
    let mut bytes = Zeroizing::new(vec![0; text.len().div_ceil(4) * 3]);
    let length = engine.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(std::mem::take(&mut *bytes))
}

const PADDED_SECRET: GeneralPurpose = secret_engine(DecodePaddingMode::RequireCanonical);
const UNPADDED_SECRET: GeneralPurpose = secret_engine(DecodePaddingMode::RequireNone);

const fn secret_engine(padding: DecodePaddingMode) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(padding);
    GeneralPurpose::new(&alphabet::STANDARD, config)
}

/// Decodes URL-safe base64 without padding.
pub(crate) fn decode_base64_url(text: &[u8]) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes a hexadecimal secret, in either case.
pub(crate) fn decode_hex_secret(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; text.len() / 2]);
    decode_hex(text, &mut bytes)?;
    Some(std::mem::take(&mut *bytes))
}

fn decode_hex(text: &[u8], out: &mut [u8]) -> Option<usize> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() > out.len() {
        return None;
    }
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
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

/// The length of a tag in base64 with padding.
const TAG_TEXT: usize = TAG_BYTES.div_ceil(3) * 4;

/// Decodes one tag in base64 with padding.
///
/// Invariant: the result is that of the `base64` crate for every text. A difference would accept a second
/// text for a tag, or reject a valid signature.
///
/// This is written by hand because every request of many senders passes through it, and the length is a
/// constant here. Values are computed without a branch or a table, which the compiler turns into vector
/// instructions.
#[inline]
fn decode_base64_tag(text: &[u8], last_two: [u8; 2]) -> Option<[u8; TAG_BYTES]> {
    let text: &[u8; TAG_TEXT] = text.try_into().ok()?;
    let values = |characters: &[u8; 16]| {
        let mut values = *characters;
        values.iter_mut().for_each(|value| *value = value_of(*value, last_two));
        u128::from_be_bytes(values)
    };
    let [first, second] = text.as_chunks::<16>().0 else { return None };
    // The last sixteen overlap the second. Padding has the value zero, so that it adds no bits.
    let (first, second) = (values(first), values(second));
    let last = values(text.last_chunk()?) & !0xff;
    let is_valid = (first | second | last) & NO_VALUE == 0 && text.ends_with(b"=");
    let [[a, b], [c, d], [e, f]] = [first, second, last << 32].map(pack);
    let tag = [a << 16 | b >> 32, b << 32 | c >> 16, c << 48 | d, e << 16 | f >> 32];
    let tag = tag.map(u64::to_be_bytes).as_flattened().try_into().ok()?;
    (is_valid && f as u32 == 0).then_some(tag)
}

/// The bits that are not in the value of any character, in sixteen bytes.
const NO_VALUE: u128 = u128::from_ne_bytes([0xc0; 16]);

/// Returns the value of a character of base64; of any other byte, 255.
///
/// `last_two` are the characters with the values 62 and 63.
#[inline]
fn value_of(character: u8, [plus, slash]: [u8; 2]) -> u8 {
    let upper = character.wrapping_sub(b'A');
    let lower = character.wrapping_sub(b'a');
    let digit = character.wrapping_sub(b'0');
    // One more than the value, so that zero is none.
    let one_more = if upper < 26 { upper.wrapping_add(1) } else { 0 }
        | if lower < 26 { lower.wrapping_add(27) } else { 0 }
        | if digit < 10 { digit.wrapping_add(53) } else { 0 }
        | if character == plus { 63 } else { 0 }
        | if character == slash { 64 } else { 0 };
    one_more.wrapping_sub(1)
}

/// Packs sixteen values of six bits into the low 48 bits of two numbers, the first value topmost.
#[inline]
const fn pack(values: u128) -> [u64; 2] {
    let pairs = values & mask(6, 16) | (values & mask(6, 16) << 8) >> 2;
    let fours = pairs & mask(12, 32) | (pairs & mask(12, 32) << 16) >> 4;
    let eights = fours & mask(24, 64) | (fours & mask(24, 64) << 32) >> 8;
    [(eights >> 64) as u64, eights as u64]
}

/// Returns a number with the lowest `bits` of every `of` bits set.
const fn mask(bits: u32, of: u32) -> u128 {
    u128::MAX / ((1 << of) - 1) * ((1 << bits) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_decoded_as_the_base64_crate_decodes_it() {
        let tag: [u8; TAG_BYTES] = std::array::from_fn(|index| (index * 37 + 251) as u8);
        for (engine, last_two) in [(STANDARD, *b"+/"), (URL_SAFE, *b"-_")] {
            let text = engine.encode(tag).into_bytes();
            assert_eq!(decode_base64_tag(&text, last_two), Some(tag));
            for position in 0..text.len() {
                for byte in 0..=u8::MAX {
                    let mut text = text.clone();
                    text[position] = byte;
                    let expected = engine.decode(&text).ok().and_then(|tag| tag.try_into().ok());
                    assert_eq!(
                        decode_base64_tag(&text, last_two),
                        expected,
                        "{byte} at {position}"
                    );
                }
                assert_eq!(decode_base64_tag(&text[..position], last_two), None);
            }
        }
    }
}
