//! Files in a form.

use std::fmt;

use bytes::Bytes;

/// A file in a body of the format [`Multipart`](crate::scheme::BodyFormat::Multipart), such as the
/// attachment of a message; see [`Delivery::files`](crate::Delivery::files).
///
/// A part of the form is a file if it has a file name, or a content type other than text and JSON.
#[derive(Clone)]
pub struct FilePart {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) bytes: Bytes,
}

impl FilePart {
    /// Returns the name of the form's field, such as `attachment-1`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the file's name as the sender gives it: **not a safe path**.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// Returns the file's content type as the sender gives it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the file's content, which shares the memory of the body.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl fmt::Debug for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilePart").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
