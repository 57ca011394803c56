//! Some fields of a JSON body, signed as text.

use std::borrow::Cow;

use crate::json::pointer::Pointer;

/// A field of a JSON body that is signed; see
/// [`Scheme::hmac_sha256_of_fields`](super::Scheme::hmac_sha256_of_fields).
#[derive(Clone, Debug)]
pub struct Field {
    pub(super) pointer: Cow<'static, str>,
    pub(super) kind: FieldKind,
}

impl Field {
    /// Creates the field at a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), whose
    /// text must not hold a colon.
    #[must_use]
    pub fn new(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), kind: FieldKind::Plain }
    }

    /// Allows the field to hold any text. At most one field of a scheme may.
    #[must_use]
    pub const fn allow_any_text(mut self) -> Self {
        self.kind = FieldKind::Free;
        self
    }

    /// Requires that the field is absent, and does not sign it.
    ///
    /// Such a field would hold a second event beside the one that is signed.
    #[must_use]
    pub const fn must_be_absent(mut self) -> Self {
        self.kind = FieldKind::Absent;
        self
    }
}

/// A [`Field`] whose pointer is parsed.
#[derive(Clone, Debug)]
pub(crate) struct SignedField {
    pub(crate) pointer: Pointer,
    pub(crate) kind: FieldKind,
}

/// The texts that a field may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FieldKind {
    /// The field is signed and must not hold a colon.
    Plain,
    /// The field is signed and may hold any text.
    Free,
    /// The field must be absent.
    Absent,
}

/// Returns the texts of `fields`, joined by colons.
///
/// The text has exactly one reading: all fields but one hold no colon. `None` if a field holds what it
/// must not, or if the body gives it two values.
pub(super) fn join_fields(fields: &[SignedField], body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut is_first = true;
    for field in fields {
        if field.kind == FieldKind::Absent {
            // Null counts as present here: in a list, another item may follow it.
            if field.pointer.is_absent(body) {
                continue;
            }
            return None;
        }
        let value = field.pointer.text(body)?.unwrap_or(Cow::Borrowed(""));
        if field.kind == FieldKind::Plain && value.contains(':') {
            return None;
        }
        if !is_first {
            text.push(b':');
        }
        is_first = false;
        text.extend_from_slice(value.as_bytes());
    }
    Some(text)
}
