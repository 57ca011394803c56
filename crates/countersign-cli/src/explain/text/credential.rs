//! Finds signatures in header values, in any encoding.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use countersign::scheme::{Algorithm, Encoding};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// The longest value that is searched, in bytes: the verifier rejects longer ones.
pub(crate) const MAX_VALUE: usize = 8 * 1024;

/// The largest number of signatures that are tried in one value.
const MAX_FOUND: usize = 8;

/// A part of a value that may be a signature.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Credential<'v> {
    pub(crate) before: &'v str,
    pub(crate) text: &'v str,
    pub(crate) after: &'v str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) encoding: Encoding,
}

/// Returns the parts of `value` that decode to bytes for which `fits` is true.
pub(crate) fn credentials<'v>(value: &'v str, fits: impl Fn(&[u8]) -> bool) -> Vec<Credential<'v>> {
    if value.len() > MAX_VALUE {
        return Vec::new();
    }
    let begins = |at: usize| {
        let before = value.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|letter| !is_signature_char(letter) || letter == '=')
    };
    let mut found = Vec::new();
    for (at, _) in value.char_indices().filter(|(at, _)| begins(*at)) {
        let Some((before, rest)) = value.split_at_checked(at) else { continue };
        let end = rest.find(|letter| !is_signature_char(letter)).unwrap_or(rest.len());
        let Some((text, after)) = rest.split_at_checked(end) else { continue };
        if let Some((bytes, encoding)) = decode(text)
            .into_iter()
            .find(|(bytes, _)| fits(bytes))
            .filter(|_| found.len() < MAX_FOUND)
        {
            found.push(Credential { before, text, after, bytes, encoding });
        }
    }
    found
}

fn is_signature_char(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "+/-_=".contains(letter)
}

/// Returns the decodings of `text`, hexadecimal first.
fn decode(text: &str) -> Vec<(Vec<u8>, Encoding)> {
    // No signature is longer.
    if text.is_empty() || text.len() > 512 {
        return Vec::new();
    }
    let is_padded = text.ends_with('=');
    let mut read = Vec::new();
    if let Some(bytes) = hex_decoded(text.as_bytes()) {
        read.push((bytes, Encoding::Hex));
    }
    let url = if is_padded { Encoding::Base64Url } else { Encoding::Base64UrlUnpadded };
    if text.contains(['-', '_']) {
        read.extend(URL.decode(text).ok().map(|bytes| (bytes, url)));
    } else if let Ok(bytes) = PLAIN.decode(text) {
        let whole = text.len().is_multiple_of(4);
        read.push((bytes, if whole { Encoding::Base64 } else { Encoding::Base64UrlUnpadded }));
    }
    read
}

/// Encodes bytes as a sender with this encoding does.
pub(crate) fn encode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Base64 => base64_text(bytes),
        Encoding::Base64Url => base64::engine::general_purpose::URL_SAFE.encode(bytes),
        Encoding::Base64UrlUnpadded => {
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
        }
        _ => hex_text(bytes),
    }
}

/// Returns whether a signature of `algorithm` may have the length of `bytes`.
pub(crate) fn has_signature_length(algorithm: Algorithm, bytes: &[u8]) -> bool {
    match algorithm {
        Algorithm::HmacSha1 => bytes.len() == 20,
        Algorithm::HmacSha512 | Algorithm::Ed25519 => bytes.len() == 64,
        Algorithm::EcdsaP256 => is_der(bytes),
        _ => bytes.len() == 32,
    }
}

/// Returns whether the bytes begin as an ECDSA signature in DER and have its length.
pub(crate) fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, length, 2, ..] if usize::from(*length) + 2 == bytes.len())
}

pub(crate) fn base64_text(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Decodes base64 in either alphabet, padded or not.
pub(crate) fn base64_decoded(text: &[u8]) -> Option<Vec<u8>> {
    PLAIN.decode(text).or_else(|_| URL.decode(text)).ok()
}

pub(crate) fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn hex_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let byte = |[high, low]: &[u8; 2]| Some(nibble(*high)? << 4 | nibble(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// Returns the name of an encoding for messages.
pub(crate) const fn name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Base64 => "base64",
        Encoding::Base64Url => "URL-safe base64",
        Encoding::Base64UrlUnpadded => "base64 without padding",
        _ => "hexadecimal",
    }
}

/// Returns an encoding as Rust code.
pub(crate) const fn code(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Base64 => "Encoding::Base64",
        Encoding::Base64Url => "Encoding::Base64Url",
        Encoding::Base64UrlUnpadded => "Encoding::Base64UrlUnpadded",
        _ => "Encoding::Hex",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn one(value: &str) -> (String, String, Encoding) {
        let found = credentials(value, |bytes| bytes.len() == 32);
        let [found] = found.as_slice() else { panic!("{found:?}") };
        (found.before.to_owned(), found.after.to_owned(), found.encoding)
    }

    #[test]
    fn a_signature_is_found_in_every_encoding() {
        let bytes = [0xfb_u8; 32];
        for encoding in
            [Encoding::Hex, Encoding::Base64, Encoding::Base64Url, Encoding::Base64UrlUnpadded]
        {
            let text = encode(&bytes, encoding);
            assert_eq!(one(&text), (String::new(), String::new(), encoding));
            let listed = format!("t=1700000000,v1={text},v0=x");
            assert_eq!(one(&listed), ("t=1700000000,v1=".into(), ",v0=x".into(), encoding));
            assert_eq!(one(&format!("sha256={text}")).0, "sha256=");
            assert_eq!(one(&format!("v1,{text}")).0, "v1,");
        }
    }

    #[test]
    fn other_text_is_not_a_signature() {
        for value in ["", "text/html", "1700000000", "é=ü", "=", "===="] {
            assert_eq!(credentials(value, |bytes| bytes.len() == 32), []);
        }
    }
}
