//! Takes the sender's body out of a value that a language or a gateway made of it.

use bytes::Bytes;
use serde::Deserialize;

use crate::explain::finding::{Finding, FindingKind};
use crate::explain::repairs::visit::Visit;
use crate::explain::text::credential::base64_decoded;
use crate::explain::text::escapes::{percent_decoded, without_entities};

/// The longest body that is searched for values of a language, in bytes.
const MAX_WRAPPED: usize = 8 * 1024 * 1024;

/// A buffer as Node.js writes it in JSON.
#[derive(Deserialize)]
struct NodeBuffer {
    r#type: String,
    data: Vec<u8>,
}

/// The event of a function as a gateway writes it.
#[derive(Deserialize)]
struct GatewayEvent {
    body: String,
    #[serde(default, rename = "isBase64Encoded")]
    is_base64: bool,
}

/// Visits the body in each value that this one may be, until `visit` stops.
pub(crate) fn all(body: &Bytes, visit: &mut Visit<'_>) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    if text.len() > MAX_WRAPPED {
        return false;
    }
    values(text.trim(), visit) || escaped(text, visit)
}

fn values(text: &str, visit: &mut Visit<'_>) -> bool {
    let mut found = Vec::new();
    if let Ok(buffer) = serde_json::from_str::<NodeBuffer>(text)
        && buffer.r#type == "Buffer"
    {
        found.push((buffer.data, "the JSON of a Node.js `Buffer`"));
    }
    if let Ok(event) = serde_json::from_str::<GatewayEvent>(text) {
        let inner = if event.is_base64 { base64_decoded(event.body.as_bytes()) } else { None };
        let inner = inner.unwrap_or_else(|| event.body.into_bytes());
        found.push((inner, "a gateway's whole event, whose field `body` holds the sender's body"));
    }
    if let Some(inner) = python_bytes(text) {
        found.push((inner, "a Python value such as `b'…'`, written as text"));
    }
    found.into_iter().any(|(inner, what)| {
        let finding = Finding::proved(
            FindingKind::BodyWrapped,
            format!("The body is {what}."),
            "Pass on the raw bytes of the request's body, not a value that a library or a gateway made of it.",
        );
        visit(finding, inner.into())
    })
}

fn escaped(text: &str, visit: &mut Visit<'_>) -> bool {
    let list = [
        (without_entities(text).map(String::into_bytes), "for HTML, such as `&amp;` for `&`"),
        (percent_decoded(text), "for a URL, such as `%7B` for `{`"),
    ];
    list.into_iter().any(|(inner, how)| {
        let Some(inner) = inner else { return false };
        let finding = Finding::proved(
            FindingKind::BodyEscaped,
            format!("The body was escaped {how}, after it was signed."),
            "Pass on the raw bytes: look for a template, a form or a filter that escapes the body.",
        );
        visit(finding, inner.into())
    })
}

/// Reads `b'…'` or `b"…"` with the escapes that Python writes.
fn python_bytes(text: &str) -> Option<Vec<u8>> {
    let inner = text.strip_prefix('b')?;
    let quote = inner.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    let inner = inner.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'\\', [b'x', digits @ ..]) => {
                let (pair, tail) = digits.split_first_chunk::<2>()?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?);
                tail
            }
            (b'\\', [escape, tail @ ..]) => {
                bytes.push(match escape {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                });
                tail
            }
            (byte, tail) => {
                bytes.push(*byte);
                tail
            }
        };
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::python_bytes;

    #[test]
    fn the_bytes_of_a_python_value_are_restored() {
        for (text, bytes) in [
            (r#"b'{"a": "it\'s"}\n'"#, "{\"a\": \"it's\"}\n".as_bytes()),
            (r#"b"caf\xc3\xa9 \\ '""#, "café \\ '".as_bytes()),
        ] {
            assert_eq!(python_bytes(text).as_deref(), Some(bytes), "{text}");
        }
        for text in ["{}", "b", "b'", "b'\\x4'", "'a'"] {
            assert_eq!(python_bytes(text), None, "{text}");
        }
    }
}
