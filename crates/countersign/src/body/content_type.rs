//! The families of body formats.

/// A family of body formats, each with a content type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Media {
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`.
    Multipart,
}

impl Media {
    /// Returns the name of the family in the operator's text.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Form => "a form (`application/x-www-form-urlencoded`)",
            Self::Multipart => "a form (`multipart/form-data`)",
        }
    }
}
