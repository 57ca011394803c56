//! Strict hexadecimal and base64 ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)).
//!
//! One text for one value: white space, characters of another alphabet, wrong padding and stray bits
//! in the last character are rejected. Hexadecimal digits may have either case.

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
    pub(crate) fn decode_tag(self, text: &[u8]) -> Option<[u8; TAG_BYTES]> {
        let mut tag = [0; TAG_BYTES];
        (self.decode_into(text, &mut tag)? == TAG_BYTES).then_some(tag)
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
