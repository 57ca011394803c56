//! Requests as JSON: one per line for `verify --jsonl`, or one as a capture.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::captured::{BYTE_ORDER_MARK, Captured};

/// Reads a JSON capture: an object with `headers` and `body` or `body_b64`.
pub(super) fn capture(bytes: &[u8]) -> Result<Captured, String> {
    match parse(bytes)? {
        Value::Object(fields) => {
            request(&fields).map_err(|FieldError { name, hint }| format!("field `{name}`: {hint}"))
        }
        _ => Err("is not a JSON object with `headers` and `body`".to_owned()),
    }
}

/// The error of a field: its name, and what is wrong. It never contains the field's value.
#[derive(Debug)]
pub(crate) struct FieldError {
    pub(crate) name: &'static str,
    pub(crate) hint: &'static str,
}

impl FieldError {
    pub(crate) const fn new(name: &'static str, hint: &'static str) -> Self {
        Self { name, hint }
    }
}

/// Reads the request in the fields of an object.
pub(crate) fn request(fields: &Map<String, Value>) -> Result<Captured, FieldError> {
    let headers = match fields.get("headers") {
        None => {
            return Err(FieldError::new("headers", "is missing: add a list of `[name, value]`"));
        }
        Some(headers) => pairs(headers),
    };
    let headers = headers
        .ok_or(FieldError::new("headers", "is not a list of `[name, value]`, both strings"))?;
    Ok(Captured {
        method: text(fields, "method")?.unwrap_or("POST").to_owned(),
        url: text(fields, "url")?.map(str::to_owned),
        headers,
        body: body(fields)?,
    })
}

/// Reads a string field; `None` if it is absent or null.
pub(crate) fn text<'f>(
    fields: &'f Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'f str>, FieldError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(FieldError::new(name, "is not a string: write it in quotes")),
    }
}

/// Reads a field with a whole number of seconds; `None` if it is absent or null.
pub(crate) fn seconds(
    fields: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<u64>, FieldError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or(FieldError::new(name, "is not a non-negative whole number of seconds")),
    }
}

/// Reads names with values: a list of `[name, value]`, a list of `{"name": …, "value": …}`, or an
/// object whose values may be lists of strings.
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

fn body(fields: &Map<String, Value>) -> Result<Vec<u8>, FieldError> {
    let is_present = |name: &str| fields.get(name).is_some_and(|value| !value.is_null());
    if is_present("body") && is_present("body_b64") {
        return Err(FieldError::new("body_b64", "is given besides `body`: keep one of the two"));
    }
    if let Some(text) = text(fields, "body")? {
        return Ok(text.as_bytes().to_vec());
    }
    if let Some(text) = text(fields, "body_b64")? {
        return decoded(text).ok_or(FieldError::new("body_b64", "is not base64 with padding"));
    }
    match fields.get("form") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(form) => {
            let fields = pairs(form).ok_or(FieldError::new(
                "form",
                "is not an object or a list of `[name, value]`, both strings",
            ))?;
            Ok(form_body(&fields))
        }
    }
}

/// Decodes base64 with padding.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Encodes a form like [the URL standard](https://url.spec.whatwg.org/#urlencoded-serializing) does.
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

/// Parses a JSON document. The error has the position, and no part of the document.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Eof => "is truncated JSON",
            _ => "is not JSON",
        };
        format!("{what}, at line {} column {}", error.line(), error.column())
    })
}

/// Returns whether the document is a HAR.
pub(super) fn is_har(bytes: &[u8]) -> bool {
    parse(bytes).is_ok_and(|document| document.get("log").is_some())
}
