//! Requests as JSON: one a line for `verify --jsonl`, or one alone as a capture.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::Captured;

/// A JSON capture: an object with `headers` and `body` or `body_b64`.
pub(super) fn capture(bytes: &[u8]) -> Result<Captured, String> {
    match parse(bytes)? {
        Value::Object(fields) => {
            request(&fields).map_err(|Field { name, mend }| format!("field `{name}`: {mend}"))
        }
        _ => Err("is no JSON object: give one with `headers` and `body`".to_owned()),
    }
}

/// What is wrong with a field: its name, and the mend. It never holds the field's value.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) mend: &'static str,
}

impl Field {
    pub(crate) const fn new(name: &'static str, mend: &'static str) -> Self {
        Self { name, mend }
    }
}

/// The request among the fields of an object.
pub(crate) fn request(fields: &Map<String, Value>) -> Result<Captured, Field> {
    let headers = match fields.get("headers") {
        None => return Err(Field::new("headers", "is missing: give a list of `[name, value]`")),
        Some(headers) => pairs(headers),
    };
    let headers =
        headers.ok_or(Field::new("headers", "is no list of `[name, value]`, both text"))?;
    Ok(Captured {
        method: text(fields, "method")?.unwrap_or("POST").to_owned(),
        url: text(fields, "url")?.map(str::to_owned),
        headers,
        body: body(fields)?,
    })
}

/// A field of text; `None` if it is absent or null.
pub(crate) fn text<'f>(
    fields: &'f Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'f str>, Field> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Field::new(name, "is no text: write it in quotes")),
    }
}

/// A field with a whole number of seconds; `None` if it is absent or null.
pub(crate) fn seconds(
    fields: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<u64>, Field> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(Field::new(
            name,
            "is no whole number of seconds: give one that is not negative",
        )),
    }
}

/// Names with values: a list of `[name, value]`, a list of `{"name": …, "value": …}`, or an object,
/// whose values may be lists of texts.
pub(crate) fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    match value {
        Value::Array(list) => list.iter().map(pair).collect(),
        Value::Object(fields) => {
            let mut pairs = Vec::new();
            for (name, value) in fields {
                let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                for value in values {
                    pairs.push((name.clone(), value.as_str()?.to_owned()));
                }
            }
            Some(pairs)
        }
        _ => None,
    }
}

fn pair(value: &Value) -> Option<(String, String)> {
    let (name, value) = match value {
        Value::Array(pair) => {
            let [name, value] = pair.as_slice() else { return None };
            (name, value)
        }
        Value::Object(fields) => (fields.get("name")?, fields.get("value")?),
        _ => return None,
    };
    Some((name.as_str()?.to_owned(), value.as_str()?.to_owned()))
}

fn body(fields: &Map<String, Value>) -> Result<Vec<u8>, Field> {
    let is_there = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    if is_there("body") && is_there("body_b64") {
        return Err(Field::new("body_b64", "stands beside `body`: give one of the two"));
    }
    if let Some(text) = text(fields, "body")? {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(text) = text(fields, "body_b64")? {
        return decoded(text).ok_or(Field::new("body_b64", "is not base64 with padding"));
    }
    match fields.get("form") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(form) => {
            let fields = pairs(form)
                .ok_or(Field::new("form", "is no object or list of `[name, value]`, both text"))?;
            Ok(form_body(&fields))
        }
    }
}

/// Base64 with padding.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// A form as [the URL standard](https://url.spec.whatwg.org/#urlencoded-serializing) writes it.
pub(super) fn form_body(fields: &[(String, String)]) -> Vec<u8> {
    let encoded = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b' ' => Cow::Borrowed("+"),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                    Cow::Owned(char::from(byte).to_string())
                }
                byte => Cow::Owned(format!("%{byte:02X}")),
            })
            .collect()
    };
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.join("&").into_bytes()
}

/// A JSON document. The error says where it breaks, and holds nothing of it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let bytes = bytes.strip_prefix(super::MARK).unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "ends early",
            _ => "is no JSON",
        };
        format!("{what}, at line {} column {}", error.line(), error.column())
    })
}

/// Whether the document is a HAR.
pub(super) fn is_har(bytes: &[u8]) -> bool {
    parse(bytes).is_ok_and(|document| document.get("log").is_some())
}
