//! Decoding an event as a type of the receiver.

use serde::Deserialize;
use serde::de::value::Error as FormError;

use super::undecodable::{UTF_16, form_mismatch, json_mismatch};
use crate::json::{document, from_text};

/// Decodes a JSON document, with or without a byte order mark before it.
///
/// # Errors
///
/// How the document does not fit `T`, without anything of its content.
pub(crate) fn decode_json<'d, T: Deserialize<'d>>(text: &'d [u8]) -> Result<T, String> {
    let Some(text) = document(text) else {
        return Err(match text {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => UTF_16.to_owned(),
            _ => "it is not UTF-8".to_owned(),
        });
    };
    // A type that requests the text may decode it by other means, and report other errors.
    from_text(text)
        .or_else(|_| serde_json::from_str(text).map_err(|error| json_mismatch::<T>(&error, text)))
}

/// Decodes the fields of a form: numbers and booleans from their text, repeated fields into a list.
///
/// # Errors
///
/// How the fields do not fit `T`, without anything of their values.
pub(crate) fn decode_form<'d, T: Deserialize<'d>>(form: &'d [u8]) -> Result<T, String> {
    serde_html_form::from_bytes(form).map_err(|error: FormError| form_mismatch::<T>(&error, form))
}
