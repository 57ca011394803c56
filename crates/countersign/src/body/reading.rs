//! The one reading of a body.

use std::borrow::Cow;

use bytes::Bytes;

use super::content_type::Media;
use super::file_part::FilePart;
use super::form;
use super::format::{BodyFormat, BodyFormats};
use super::multipart;
use crate::json::pointer::Pointer;

/// The event in a body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading<'b> {
    /// The text of a JSON document, which is not parsed yet.
    Json(&'b [u8]),
    /// The fields of a form, in its encoding, which is checked.
    Fields(&'b [u8]),
}

impl<'b> Reading<'b> {
    /// Returns the text of the string or number at a pointer: in a form, the value of a field.
    ///
    /// `None` if there is no value, an empty one, or more than one.
    pub(crate) fn scalar(self, pointer: &Pointer) -> Option<Cow<'b, str>> {
        match self {
            Self::Json(text) => pointer.scalar(text),
            Self::Fields(fields) => {
                let mut values = form::values(fields, pointer.only_token()?);
                let value = values.next().filter(|value| !value.is_empty())?;
                values.next().is_none().then_some(value)
            }
        }
    }
}

/// What is decoded from a form, once.
#[derive(Debug)]
pub(crate) struct DecodedForm {
    /// The event, or what is wrong with the form.
    event: Result<Event, Cow<'static, str>>,
    files: Vec<FilePart>,
}

#[derive(Debug)]
enum Event {
    Json(String),
    Fields(Bytes),
}

impl DecodedForm {
    /// Decodes a body; `None` if it is JSON, which needs no decoding.
    pub(crate) fn read(formats: &BodyFormats, body: &Bytes) -> Option<Self> {
        let media = formats.media_of(body);
        let (fields, files) = match media {
            Media::Json => return None,
            Media::Form => (form::check(body).map(|()| body.clone()), Vec::new()),
            Media::Multipart => match multipart::read(body) {
                Ok(parts) => (Ok(parts.fields.into()), parts.files),
                Err(what) => (Err(what), Vec::new()),
            },
        };
        Some(Self { event: fields.and_then(|fields| event(formats, media, fields)), files })
    }

    /// Reads a signed query, which holds the event's fields as a form does.
    pub(crate) fn of_query(query: &Bytes) -> Self {
        let event = form::check(query).map(|()| Event::Fields(query.clone()));
        Self { event, files: Vec::new() }
    }

    /// Returns the event, or what is wrong with the form.
    pub(crate) fn reading(&self) -> Result<Reading<'_>, &Cow<'static, str>> {
        match &self.event {
            Ok(Event::Json(text)) => Ok(Reading::Json(text.as_bytes())),
            Ok(Event::Fields(fields)) => Ok(Reading::Fields(fields)),
            Err(what) => Err(what),
        }
    }

    /// Returns the form's files.
    pub(crate) fn files(&self) -> &[FilePart] {
        &self.files
    }
}

/// Returns the JSON of the only field that may hold the event, or else all fields.
fn event(formats: &BodyFormats, media: Media, fields: Bytes) -> Result<Event, Cow<'static, str>> {
    let names: Vec<_> = formats.of(media).filter_map(BodyFormat::json_field).collect();
    let mut found = names.iter().flat_map(|name| form::values(&fields, name));
    match (found.next(), found.next()) {
        (Some(text), None) => Ok(Event::Json(text.into_owned())),
        (Some(_), Some(_)) => {
            Err(format!("the form has more than one field {}", list(&names)).into())
        }
        (None, _) if formats.of(media).any(|format| format.json_field().is_none()) => {
            drop(found);
            Ok(Event::Fields(fields))
        }
        (None, _) => Err(format!("the form has no field {}", list(&names)).into()),
    }
}

/// Writes the names of fields, which are the sender's configuration and not a part of the body.
fn list(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}
