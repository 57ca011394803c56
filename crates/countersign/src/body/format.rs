//! The formats in which a sender writes its bodies.

use std::borrow::Cow;
use std::sync::Arc;

use super::content_type::Media;
use crate::error::{ConfigError, ConfigErrorKind};

/// A format in which a sender writes its bodies; see
/// [`SchemeBuilder::body_formats`](crate::scheme::SchemeBuilder::body_formats).
///
/// The guide [Forms](https://github.com/countersign/countersign/blob/main/docs/forms.md) shows what a
/// handler gets from each.
///
/// ```
/// use countersign::scheme::BodyFormat;
///
/// assert_eq!(BodyFormat::form_json("payload"), BodyFormat::FormJson("payload".into()));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum BodyFormat {
    /// A JSON document.
    Json,
    /// A form (`application/x-www-form-urlencoded`) whose fields are the event.
    Form,
    /// A form whose field of this name holds the event as JSON.
    FormJson(Cow<'static, str>),
    /// A form in parts (`multipart/form-data`) whose fields are the event.
    ///
    /// Files are not among the fields; see [`Delivery::files`](crate::Delivery::files).
    Multipart,
    /// A form in parts whose field of this name holds the event as JSON.
    MultipartJson(Cow<'static, str>),
}

impl BodyFormat {
    /// A form whose field `name` holds the event as JSON.
    #[must_use]
    pub fn form_json(name: impl Into<Cow<'static, str>>) -> Self {
        Self::FormJson(name.into())
    }

    /// A form in parts whose field `name` holds the event as JSON.
    #[must_use]
    pub fn multipart_json(name: impl Into<Cow<'static, str>>) -> Self {
        Self::MultipartJson(name.into())
    }

    pub(super) const fn media(&self) -> Media {
        match self {
            Self::Json => Media::Json,
            Self::Form | Self::FormJson(_) => Media::Form,
            Self::Multipart | Self::MultipartJson(_) => Media::Multipart,
        }
    }

    /// Returns the name of the field that holds the event as JSON.
    pub(crate) fn json_field(&self) -> Option<&str> {
        match self {
            Self::FormJson(name) | Self::MultipartJson(name) => Some(name),
            Self::Json | Self::Form | Self::Multipart => None,
        }
    }
}

/// The formats of one sender: one or more.
#[derive(Clone, Debug)]
pub(crate) struct BodyFormats(Arc<[BodyFormat]>);

impl BodyFormats {
    /// # Errors
    ///
    /// [`ConfigErrorKind::InvalidScheme`] if there is no format, or a field without a name.
    pub(crate) fn new(formats: Vec<BodyFormat>) -> Result<Self, ConfigError> {
        let problem = if formats.is_empty() {
            "`body_formats` is empty: name the formats in which the sender writes its bodies"
        } else if formats.iter().any(|format| format.json_field() == Some("")) {
            "the form's field that holds the event has no name: write one such as `payload`"
        } else {
            return Ok(Self(formats.into()));
        };
        Err(ConfigError::new(ConfigErrorKind::InvalidScheme, problem))
    }

    pub(crate) fn as_slice(&self) -> &[BodyFormat] {
        &self.0
    }

    /// Returns whether the sender writes bodies of this family.
    fn has(&self, media: Media) -> bool {
        self.0.iter().any(|format| format.media() == media)
    }

    /// Returns the family of a body: by its first bytes, or else that of the first format.
    ///
    /// Only the body decides, since nothing signs the content type. A captured request that is sent again
    /// under another content type would otherwise be another event.
    pub(crate) fn media_of(&self, body: &[u8]) -> Media {
        let first = self.0.first().map_or(Media::Json, BodyFormat::media);
        let (apparent, _) = apparent(body);
        if self.has(apparent) { apparent } else { first }
    }

    /// Returns the family of a body that the sender is not declared to write, if the body clearly begins as
    /// one, for the operator's text.
    #[cold]
    pub(crate) fn undeclared(&self, body: &[u8]) -> Option<Media> {
        let (apparent, start) = apparent(body);
        let is_clear = apparent != Media::Form || begins_with_a_field(start);
        (is_clear && !self.has(apparent)).then_some(apparent)
    }

    /// Returns the formats of a family.
    pub(super) fn of(&self, media: Media) -> impl Iterator<Item = &BodyFormat> {
        self.0.iter().filter(move |format| format.media() == media)
    }
}

/// Returns the family as which a body begins, and the body from its first character on.
fn apparent(body: &[u8]) -> (Media, &[u8]) {
    let start = body.strip_prefix(crate::json::BOM).unwrap_or(body).trim_ascii_start();
    let media = match start {
        // A form's encoding escapes these characters.
        [b'{' | b'[' | b'"', ..] => Media::Json,
        [b'-', b'-', ..] => Media::Multipart,
        _ => Media::Form,
    };
    (media, start)
}

/// Returns whether a form's field is at the start: a name in the characters that a form's encoding leaves or
/// makes, and `=`.
fn begins_with_a_field(start: &[u8]) -> bool {
    let is_encoded = |byte: &u8| byte.is_ascii_alphanumeric() || b"*-._+%".contains(byte);
    let name = start.iter().position(|byte| !is_encoded(byte));
    name.is_some_and(|end| end > 0 && start.get(end) == Some(&b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn media(formats: &[BodyFormat], body: &str) -> Media {
        BodyFormats::new(formats.to_vec()).unwrap().media_of(body.as_bytes())
    }

    #[test]
    fn the_first_bytes_decide_among_the_formats_of_the_sender() {
        let all = [BodyFormat::Form, BodyFormat::Json, BodyFormat::Multipart];
        for body in ["{}", " \r\n{}", "[]", "\u{feff}{}", "\u{feff} [1]", "\"text\""] {
            assert_eq!(media(&all, body), Media::Json, "{body:?}");
        }
        for body in ["", "a=b", "payload=%7B%7D", "-", "-=1", "123", "=", "&"] {
            assert_eq!(media(&all, body), Media::Form, "{body:?}");
        }
        for body in ["--", "--b\r\n", "\r\n--b\r\n"] {
            assert_eq!(media(&all, body), Media::Multipart, "{body:?}");
        }
    }

    #[test]
    fn a_body_in_no_format_of_the_sender_is_read_in_its_first() {
        for body in ["{}", "a=b", "--b\r\n", ""] {
            assert_eq!(media(&[BodyFormat::Json], body), Media::Json, "{body:?}");
            assert_eq!(media(&[BodyFormat::Form], body), Media::Form, "{body:?}");
            assert_eq!(media(&[BodyFormat::Multipart], body), Media::Multipart, "{body:?}");
        }
        let github = [BodyFormat::Json, BodyFormat::form_json("payload")];
        assert_eq!(media(&github, "--b\r\n"), Media::Json);
    }

    #[test]
    fn a_body_that_clearly_begins_in_another_format_is_undeclared() {
        let all = [BodyFormat::Json, BodyFormat::Form, BodyFormat::Multipart];
        let undeclared = |formats: &[BodyFormat], body: &str| {
            BodyFormats::new(formats.to_vec()).unwrap().undeclared(body.as_bytes())
        };
        let bodies = [("{}", Media::Json), ("a%5B=1", Media::Form), ("--b", Media::Multipart)];
        for (body, media) in bodies {
            assert_eq!(undeclared(&all, body), None, "{body}");
            for format in &all {
                let expected = (format.media() != media).then_some(media);
                assert_eq!(undeclared(std::slice::from_ref(format), body), expected, "{body}");
            }
        }
        for body in ["", "text", "=", "=a", "<a b=\"c\"/>", "a b=c", "a", "data", "\u{fffd}=1"] {
            assert_eq!(undeclared(&[BodyFormat::Json], body), None, "{body}");
        }
    }

    #[test]
    fn formats_without_a_name_are_rejected() {
        for formats in [vec![], vec![BodyFormat::Json, BodyFormat::form_json("")]] {
            let error = BodyFormats::new(formats).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidScheme);
        }
    }
}
