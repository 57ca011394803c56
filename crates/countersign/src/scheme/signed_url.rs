//! The text of a URL as a sender signs it, and the ways in which senders rewrite its escapes.

use crate::crypto::encoding::decode_hex_secret;

/// A whole URL that a sender may have signed.
#[derive(Clone, Debug)]
pub(crate) struct SignedUrl {
    pub(crate) text: String,
    /// The query of the URL, before any decoding of the whole text.
    pub(crate) query: String,
}

/// Decodes the escapes that HubSpot decodes before it signs a URL
/// ([table](https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation)).
///
/// None of these characters separates parameters, so the parameters of a query stay the same.
pub(super) fn decode_reserved(url: &str) -> Option<String> {
    map_escapes(url, |byte, escape| match byte {
        b':' | b'/' | b'?' | b'@' | b'!' | b'$' | b'\'' | b'(' | b')' | b'*' | b',' | b';' => {
            vec![byte]
        }
        _ => escape.to_vec(),
    })
}

/// Decodes all escapes; `None` if the result is not UTF-8.
pub(super) fn decode_all(url: &str) -> Option<String> {
    map_escapes(url, |byte, _| vec![byte])
}

/// Writes escapes in upper case, and letters, digits, `-`, `_` and `~` without an escape
/// ([RFC 3986, section 6.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2)).
///
/// A dot stays escaped, so that no dot segment is made.
pub(super) fn normalize_escapes(path: &str) -> String {
    let normalized = map_escapes(path, |byte, escape| match byte {
        b'-' | b'_' | b'~' => vec![byte],
        byte if byte.is_ascii_alphanumeric() => vec![byte],
        _ => escape.to_ascii_uppercase(),
    });
    normalized.unwrap_or_else(|| path.to_owned())
}

/// Replaces each escape by what `map` returns for its byte and its text.
fn map_escapes(text: &str, map: fn(u8, &[u8]) -> Vec<u8>) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escape = rest.split_first_chunk::<3>().filter(|([percent, ..], _)| *percent == b'%');
        let decoded = escape.and_then(|(escape, after)| {
            let [_, digits @ ..] = escape;
            Some((*decode_hex_secret(digits)?.first()?, escape, after))
        });
        match decoded {
            Some((byte, escape, after)) => {
                bytes.extend(map(byte, escape));
                rest = after;
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
