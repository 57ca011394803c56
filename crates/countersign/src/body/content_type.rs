//! The content types of bodies.

/// A family of content types.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Media {
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
}

impl Media {
    /// Returns the family that the value of a `content-type` header names, without its parameters.
    ///
    /// The signature covers no content type, so the result is for the operator's text alone.
    pub(crate) fn of_header(value: &[u8]) -> Option<Self> {
        // Nearly every request: the value is compared once, without a search.
        if value == b"application/json" {
            return Some(Self::Json);
        }
        let name = value.split(|byte| *byte == b';').next()?.trim_ascii();
        let ends_with = |suffix: &[u8]| {
            name.len()
                .checked_sub(suffix.len())
                .and_then(|at| name.get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        };
        if name.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            Some(Self::Form)
        } else if name.eq_ignore_ascii_case(b"multipart/form-data") {
            Some(Self::Multipart)
        } else if ends_with(b"/json") || ends_with(b"+json") {
            Some(Self::Json)
        } else {
            None
        }
    }

    /// Returns the name of the family in the operator's text.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Form => "a form (`application/x-www-form-urlencoded`)",
            Self::Multipart => "a form (`multipart/form-data`)",
        }
    }
}
