//! Forms: re-encoding them, and converting them to and from JSON.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Returns the decoded fields of a form; `None` if the body is not a form.
fn fields(body: &str) -> Option<Vec<(String, String)>> {
    if body.is_empty() || !body.contains('=') || body.contains(['\n', '{', '"', ' ']) {
        return None;
    }
    body.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        (rest, _) = match first {
            b'+' => (tail, bytes.push(b' ')),
            b'%' => {
                let (digits, tail) = tail.split_first_chunk::<2>()?;
                let digits = std::str::from_utf8(digits).ok()?;
                (tail, bytes.push(u8::from_str_radix(digits, 16).ok()?))
            }
            byte => (tail, bytes.push(*byte)),
        };
    }
    String::from_utf8(bytes).ok()
}

/// A style of percent-encoding.
#[derive(Clone, Copy)]
struct Style {
    plus: bool,
    upper: bool,
    /// The characters that are not escaped, beside letters and digits.
    plain: &'static str,
}

const STYLES: [Style; 6] = [
    // Browsers and PHP.
    Style { plus: true, upper: true, plain: "-._*" },
    // Python and PHP.
    Style { plus: true, upper: true, plain: "-._~" },
    Style { plus: true, upper: true, plain: "-._" },
    Style { plus: false, upper: true, plain: "-._~" },
    // JavaScript's encodeURIComponent.
    Style { plus: false, upper: true, plain: "-._~!*'()" },
    Style { plus: true, upper: false, plain: "-._" },
];

fn encoded(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric() || style.plain.contains(letter) {
            out.push(letter);
        } else if letter == ' ' && style.plus {
            out.push('+');
        } else if style.upper {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push_str(&format!("%{byte:02x}"));
        }
    }
    out
}

fn written(fields: &[(String, String)], style: Style) -> Vec<u8> {
    let pair = |(name, value): &(String, String)| {
        format!("{}={}", encoded(name, style), encoded(value, style))
    };
    fields.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes()
}

/// Returns the form as other libraries write it.
pub(crate) fn rewritten(body: &[u8]) -> Vec<Vec<u8>> {
    let Some(mut fields) = std::str::from_utf8(body).ok().and_then(fields) else {
        return Vec::new();
    };
    let mut list: Vec<_> = STYLES.iter().map(|style| written(&fields, *style)).collect();
    fields.sort();
    list.extend(STYLES.iter().map(|style| written(&fields, *style)));
    list
}

/// Returns the JSON documents that a form may contain, or the forms from which JSON may have been made.
pub(crate) fn converted(body: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    let mut list = Vec::new();
    if let Some(fields) = fields(text) {
        for (name, value) in &fields {
            for side in [value, name] {
                if side.starts_with(['{', '[']) {
                    list.push(side.clone().into_bytes());
                }
            }
        }
        list.push(as_json(&fields).into_bytes());
    } else if let Some(inner) = text.strip_suffix('=').filter(|inner| inner.starts_with('{')) {
        // A body parser took the whole document as the name of a field.
        list.push(inner.as_bytes().to_vec());
    }
    if text.starts_with(['{', '[']) {
        // Only the value of the form's one field was kept.
        let field = [("payload".to_owned(), text.to_owned())];
        list.extend(STYLES.iter().map(|style| written(&field, *style)));
    }
    if let Ok(Fields(fields)) = serde_json::from_str(text) {
        let plain = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            Value::Null => Some(String::new()),
            Value::Array(_) | Value::Object(_) => None,
        };
        let fields: Option<Vec<_>> =
            fields.into_iter().map(|(name, value)| Some((name, plain(&value)?))).collect();
        let fields = fields.filter(|fields| !fields.is_empty()).unwrap_or_default();
        if !fields.is_empty() {
            list.extend(STYLES.iter().map(|style| written(&fields, *style)));
        }
    }
    list
}

/// The fields of an object, in the order of the document.
struct Fields(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(document: D) -> Result<Self, D::Error> {
        document.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Fields(fields))
    }
}

fn as_json(fields: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| {
        format!("{}:{}", Value::from(name.as_str()), Value::from(value.as_str()))
    };
    format!("{{{}}}", fields.iter().map(pair).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::converted;

    #[test]
    fn a_form_made_from_a_document_keeps_the_order_of_its_fields() {
        let forms = converted(br#"{"b":"2 x","a":1,"b":null}"#);
        assert!(forms.contains(&b"b=2+x&a=1&b=".to_vec()));
    }
}
