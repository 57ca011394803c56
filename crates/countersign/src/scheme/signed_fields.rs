//! Some fields of a JSON body, signed as text.

use std::borrow::Cow;

use crate::json::pointer::Pointer;

/// A field of a JSON body.
#[derive(Clone, Debug)]
pub(crate) struct SignedField {
    pub(crate) pointer: Pointer,
    pub(crate) kind: FieldKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FieldKind {
    /// It holds no colon.
    Plain,
    /// It may hold one.
    Free,
    /// It is not there.
    Absent,
}

/// `None` if a field holds what it must not, or could take two values.
pub(super) fn joined(fields: &[SignedField], body: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut is_first = true;
    for field in fields {
        if field.kind == FieldKind::Absent {
            // Null is an item of a list, and another may stand behind it.
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
