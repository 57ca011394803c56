//! What the operator reads of a body that does not fit a type.
//!
//! The messages of serde, and of a type's own code, may quote the body. So nothing of a message is kept but
//! what is a name of the receiver's own types.

use serde::Deserialize;
use serde::de::value::Error as FormError;
use serde_json::Value;
use serde_json::error::Category;
use serde_path_to_error::{Deserializer, Path, Track};

use super::form::decode_form_text;
use super::own_names::{Location, locate};

/// What the operator reads of a document in UTF-16, which some senders on .NET use by mistake.
pub(super) const UTF_16: &str = "it is UTF-16, and JSON is sent in UTF-8";

/// The largest document that is read into a tree to describe what does not fit, in bytes.
///
/// A tree takes some ten times the memory of its document.
const MAX_TREE: usize = 1 << 20;

/// Describes why a JSON document does not fit `T`.
///
/// The document is decoded a second time to find the field at fault, so that decoding what does fit costs
/// nothing for it.
#[cold]
pub(super) fn json_mismatch<'d, T: Deserialize<'d>>(
    error: &serde_json::Error,
    text: &'d str,
) -> String {
    let at = || {
        let path = path_of::<T, _>(&mut serde_json::Deserializer::from_str(text));
        let document = if text.len() <= MAX_TREE { serde_json::from_str(text).ok() } else { None };
        locate::<T>(&path, &document.unwrap_or_default())
    };
    let what = match error.classify() {
        Category::Data => mismatch(&error.to_string(), &at(), text.as_bytes()),
        Category::Syntax if is_lone_surrogate(error) => {
            format!(
                "{} has half of a character (a lone surrogate): decode it as `RawJson`",
                at().value()
            )
        }
        _ if looks_like_utf16(text) => UTF_16.to_owned(),
        Category::Eof => "JSON ends early".to_owned(),
        _ => "it is not JSON".to_owned(),
    };
    match error.line() {
        // The error of a type's own code has no position.
        0 => what,
        line => format!("{what}, at line {line} column {}", error.column()),
    }
}

/// Describes why a form does not fit `T`.
#[cold]
pub(super) fn form_mismatch<'d, T: Deserialize<'d>>(error: &FormError, form: &'d [u8]) -> String {
    let path = path_of::<T, _>(serde_html_form::Deserializer::from_bytes(form));
    // A name that a message quotes from the form occurs in its text, with or without escapes.
    let text = decode_form_text(form).unwrap_or_default();
    let (message, at) = (error.to_string(), locate::<T>(&path, &Value::Null));
    if message.ends_with("expected any valid JSON value") {
        return format!("{} is a form's text, and `RawJson` fits JSON alone", at.value());
    }
    mismatch(&message, &at, &text)
}

/// Returns the path to the value at which decoding fails.
fn path_of<'d, T: Deserialize<'d>, D: serde::Deserializer<'d>>(document: D) -> Path {
    let mut track = Track::new();
    let _fails_again = T::deserialize(Deserializer::new(document, &mut track));
    track.path()
}

/// Describes an error of a type, and where it is.
fn mismatch(message: &str, at: &Location, body: &[u8]) -> String {
    let own = |start| {
        let name = message.rsplit_once(start)?.1.split_once('`')?.0;
        (at.has_field(name) || is_elsewhere(name, body)).then_some(name)
    };
    if let Some(name) = own("missing field `") {
        format!("it has no field `{}`", at.field(name))
    } else if let Some(name) = own("duplicate field `") {
        format!("its field `{}` is given twice", at.field(name))
    } else if let Some(event) = own("expected the event `") {
        format!("it is not the event `{event}`")
    } else if message.starts_with("unknown field ") {
        match at.parent() {
            "" => "it has a field that the type does not have".to_owned(),
            parent => format!("`{parent}` has a field that the type does not have"),
        }
    } else {
        format!("{} does not fit", at.value())
    }
}

/// Returns whether `name` is a plain name that does not occur in the body, so is not quoted from it.
fn is_elsewhere(name: &str, body: &[u8]) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let is_in_body = memchr::memmem::find(body, name.as_bytes()).is_some();
    !name.is_empty() && name.bytes().all(is_plain) && !is_in_body
}

/// Returns whether a string has an escape of one half of a character.
fn is_lone_surrogate(error: &serde_json::Error) -> bool {
    let message = error.to_string();
    ["lone leading surrogate", "unexpected end of hex escape"]
        .iter()
        .any(|own| message.starts_with(own))
}

/// Returns whether the text of a document is that of UTF-16, which begins with an ASCII character.
fn looks_like_utf16(text: &str) -> bool {
    matches!(text.as_bytes(), [0, ascii, ..] | [ascii, 0, ..] if *ascii != 0)
}
