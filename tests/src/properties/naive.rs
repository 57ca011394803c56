//! Simple and slow implementations, independent of the code under test.

use hmac::{Hmac, KeyInit, Mac};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::Sha256;

use super::infallible;

/// HMAC-SHA256 over the concatenated `parts`.
pub(super) fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac: Hmac<Sha256> = infallible(Hmac::new_from_slice(key));
    mac.update(&parts.concat());
    mac.finalize().into_bytes().into()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A timestamp's number: 1 to 15 digits without a leading zero.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let number: u64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == text && text.len() <= 15).then_some(number)
}

/// The tokens of a JSON pointer (RFC 6901), or `None` if it is not one.
pub(super) fn tokens(pointer: &str) -> Option<Vec<String>> {
    let path = pointer.strip_prefix('/')?;
    path.split('/')
        .map(|token| {
            let mut escapes = token.split('~').skip(1);
            let sound = escapes.all(|rest| rest.starts_with(['0', '1']));
            sound.then(|| token.replace("~1", "/").replace("~0", "~"))
        })
        .collect()
}

/// The JSON text at `tokens`; `None` if a key on the path is repeated.
pub(super) fn find(body: &[u8], tokens: &[String]) -> Option<String> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let document: &RawValue = serde_json::from_slice(body).ok()?;
    let mut here = document.get();
    for token in tokens {
        here = if here.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(here).ok()?;
            let index = token.parse::<usize>().ok().filter(|index| index.to_string() == *token)?;
            items.get(index)?.get()
        } else {
            let Pairs(pairs) = serde_json::from_str(here).ok()?;
            // A key with a lone surrogate is no text, so no token.
            let text = |key: &RawValue| serde_json::from_str::<String>(key.get()).ok();
            let mut values = pairs.into_iter().filter(|(key, _)| text(key).as_ref() == Some(token));
            match (values.next(), values.next()) {
                (Some((_, value)), None) => value.get(),
                _ => return None,
            }
        };
    }
    Some(here.to_owned())
}

/// The string or number at `tokens`; `None` if it is missing or empty.
pub(super) fn scalar(body: &[u8], tokens: &[String]) -> Option<String> {
    let raw = find(body, tokens)?;
    let text = match raw.as_bytes().first()? {
        // A string with a lone surrogate is as written.
        b'"' => match serde_json::from_str(&raw) {
            Ok(text) => text,
            Err(_) => raw.strip_prefix('"')?.strip_suffix('"')?.to_owned(),
        },
        b'-' | b'0'..=b'9' => raw,
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A JSON object with all its keys, including repeated ones.
struct Pairs<'b>(Vec<(&'b RawValue, &'b RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}
