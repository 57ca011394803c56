//! Signatures as they stand in header values, however they are written.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use countersign::scheme::Encoding;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// A longer value is rejected before it is read, and not looked into here either.
pub(super) const LONGEST: usize = 8 * 1024;

/// The most that are looked at in one value.
const MOST: usize = 8;

/// A piece of a value that reads as a signature.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Credential<'v> {
    pub(super) before: &'v str,
    pub(super) text: &'v str,
    pub(super) after: &'v str,
    pub(super) bytes: Vec<u8>,
    pub(super) encoding: Encoding,
}

/// The pieces of `value` that read as a signature of a length for which `fits` holds.
pub(super) fn credentials<'v>(value: &'v str, fits: impl Fn(&[u8]) -> bool) -> Vec<Credential<'v>> {
    if value.len() > LONGEST {
        return Vec::new();
    }
    let begins = |at: usize| {
        let before = value.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|letter| !is_of_a_signature(letter) || letter == '=')
    };
    let mut found = Vec::new();
    for (at, _) in value.char_indices().filter(|(at, _)| begins(*at)) {
        let Some((before, rest)) = value.split_at_checked(at) else { continue };
        let end = rest.find(|letter| !is_of_a_signature(letter)).unwrap_or(rest.len());
        let Some((text, after)) = rest.split_at_checked(end) else { continue };
        if let Some((bytes, encoding)) =
            decode(text).into_iter().find(|(bytes, _)| fits(bytes)).filter(|_| found.len() < MOST)
        {
            found.push(Credential { before, text, after, bytes, encoding });
        }
    }
    found
}

fn is_of_a_signature(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "+/-_=".contains(letter)
}

/// What `text` may be, hexadecimal first.
fn decode(text: &str) -> Vec<(Vec<u8>, Encoding)> {
    // Beyond this no signature is written.
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

/// As a sender of this encoding writes it.
pub(super) fn encode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Base64 => base64_text(bytes),
        Encoding::Base64Url => base64::engine::general_purpose::URL_SAFE.encode(bytes),
        Encoding::Base64UrlUnpadded => {
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
        }
        _ => hex_text(bytes),
    }
}

pub(super) fn base64_text(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Base64 in either alphabet, padded or not.
pub(super) fn base64_decoded(text: &[u8]) -> Option<Vec<u8>> {
    PLAIN.decode(text).or_else(|_| URL.decode(text)).ok()
}

pub(super) fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn hex_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
    let byte = |[high, low]: &[u8; 2]| Some(nibble(*high)? << 4 | nibble(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

/// What people call an encoding.
pub(super) const fn name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Base64 => "base64",
        Encoding::Base64Url => "URL-safe base64",
        Encoding::Base64UrlUnpadded => "base64 without padding",
        _ => "hexadecimal",
    }
}

/// As it stands in Rust.
pub(super) const fn code(encoding: Encoding) -> &'static str {
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
    fn a_signature_is_found_however_it_is_written() {
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
    fn other_text_is_no_signature() {
        for value in ["", "text/html", "1700000000", "é=ü", "=", "===="] {
            assert_eq!(credentials(value, |bytes| bytes.len() == 32), []);
        }
    }
}
