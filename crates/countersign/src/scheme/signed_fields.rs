//! Some fields of a JSON body, signed as text.

use std::borrow::Cow;

use crate::error::{ConfigError, ConfigErrorKind};
use crate::json::pointer::Pointer;

/// A field of a JSON body that is signed; see
/// [`Scheme::hmac_sha256_of_fields`](super::Scheme::hmac_sha256_of_fields).
#[derive(Clone, Debug)]
pub struct Field {
    pub(super) pointer: Cow<'static, str>,
    pub(super) kind: FieldKind,
    pub(super) free_for: Option<(Cow<'static, str>, Vec<Cow<'static, str>>)>,
}

impl Field {
    /// Creates the field at a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), whose
    /// text must not hold a colon.
    #[must_use]
    pub fn new(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), kind: FieldKind::Plain, free_for: None }
    }

    /// Allows the field to hold any text. At most one field of a scheme may.
    #[must_use]
    pub const fn allow_any_text(mut self) -> Self {
        self.kind = FieldKind::Free;
        self
    }

    /// Allows the field to hold any text in events where the text of another signed field, the
    /// selector at the JSON pointer `selector`, is one of `values`.
    ///
    /// In these events, no other field may hold a colon, not even that with
    /// [`allow_any_text`](Self::allow_any_text). The selector must be before all fields that may hold
    /// colons, or after all of them. Otherwise an attacker could move text between the fields of a
    /// captured event so that another field is read as the selector, and the signature would still
    /// match.
    ///
    /// ```
    /// use countersign::scheme::{Encoding, Field, Scheme};
    ///
    /// // In reports, the reference is a file name; in other events, the note is free text.
    /// let fields = [
    ///     Field::new("/reference").allow_any_text_for("/kind", ["report"]),
    ///     Field::new("/note").allow_any_text(),
    ///     Field::new("/kind"),
    /// ];
    /// Scheme::hmac_sha256_of_fields("acme", "/signature", Encoding::Base64, fields).build()?;
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    #[must_use]
    pub fn allow_any_text_for(
        mut self,
        selector: impl Into<Cow<'static, str>>,
        values: impl IntoIterator<Item = impl Into<Cow<'static, str>>>,
    ) -> Self {
        self.free_for = Some((selector.into(), values.into_iter().map(Into::into).collect()));
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
    /// The field may hold any text where the text at this pointer is one of these values.
    free_for: Option<(Pointer, Vec<Cow<'static, str>>)>,
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

impl SignedField {
    /// Parses the pointers of `fields`, and checks that the signed text has exactly one reading.
    ///
    /// The text is the fields' texts, joined by colons. In an event, at most one field may hold colons,
    /// and which one it is depends on the selector alone. The selector holds no colon, and all fields
    /// that may ever hold one are on the same side of it. So from its other side, the number of colons
    /// up to the selector is fixed, and the text alone determines the selector's text; that determines
    /// which field may hold colons; and that field is what remains between a fixed number of colons
    /// from the left and from the right.
    pub(super) fn parse_all(fields: &[Field]) -> Result<Vec<Self>, ConfigError> {
        let list: Vec<_> = fields.iter().map(Self::parse).collect::<Result<_, ConfigError>>()?;
        let count = |kind| list.iter().filter(|field| field.kind == kind).count();
        if count(FieldKind::Plain) + count(FieldKind::Free) == 0 || count(FieldKind::Free) > 1 {
            return Err(invalid(
                "the signed fields must be one or more, and at most one of them may hold any text",
            ));
        }
        let mut conditions = list.iter().filter_map(|field| field.free_for.as_ref());
        let Some((selector, _)) = conditions.next() else { return Ok(list) };
        let may_be_free = |field: &Self| field.kind == FieldKind::Free || field.free_for.is_some();
        let at = list.iter().position(|field| field.pointer == *selector);
        let is_on_one_side = at.and_then(|at| {
            let (before, rest) = list.split_at_checked(at)?;
            let (own, after) = rest.split_first()?;
            let is_plain = own.kind == FieldKind::Plain && own.free_for.is_none();
            let has_free = |fields: &[Self]| fields.iter().any(may_be_free);
            Some(is_plain && !(has_free(before) && has_free(after)))
        });
        let mut values: Vec<_> = list
            .iter()
            .filter_map(|field| field.free_for.as_ref())
            .flat_map(|(_, values)| values)
            .collect();
        let listed = values.len();
        values.sort_unstable();
        values.dedup();
        if is_on_one_side != Some(true)
            || conditions.any(|(other, _)| other != selector)
            || list.iter().any(|field| field.free_for.is_some() && field.kind != FieldKind::Plain)
            || values.len() < listed
        {
            return Err(invalid(
                "fields that may hold any text for some events need one selector: a signed field without colons, before or after all of them, with other values for each",
            ));
        }
        Ok(list)
    }

    fn parse(field: &Field) -> Result<Self, ConfigError> {
        let parse = |(selector, values): &(Cow<'static, str>, Vec<_>)| {
            Ok((Pointer::parse(selector)?, values.clone()))
        };
        Ok(Self {
            pointer: Pointer::parse(&field.pointer)?,
            kind: field.kind,
            free_for: field.free_for.as_ref().map(parse).transpose()?,
        })
    }

    /// Returns whether the event in `body` allows this field to hold any text, beside its kind.
    fn is_free_for(&self, body: &[u8]) -> Option<bool> {
        let Some((selector, values)) = &self.free_for else { return Some(false) };
        let text = selector.text(body)?.unwrap_or(Cow::Borrowed(""));
        Some(values.contains(&text))
    }
}

fn invalid(message: &str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::InvalidScheme, message)
}

/// Returns the texts of `fields`, joined by colons.
///
/// The text has exactly one reading, see [`SignedField::parse_all`]. `None` if a field holds what it
/// must not, or if the body gives it two values.
pub(super) fn join_fields(fields: &[SignedField], body: &[u8]) -> Option<Vec<u8>> {
    let mut free = fields.iter().position(|field| field.kind == FieldKind::Free);
    for (at, field) in fields.iter().enumerate() {
        if field.is_free_for(body)? {
            free = Some(at);
        }
    }
    let mut text = Vec::new();
    let mut is_first = true;
    for (at, field) in fields.iter().enumerate() {
        if field.kind == FieldKind::Absent {
            // Null counts as present here: in a list, another item may follow it.
            if field.pointer.is_absent(body) {
                continue;
            }
            return None;
        }
        let value = field.pointer.text(body)?.unwrap_or(Cow::Borrowed(""));
        if free != Some(at) && value.contains(':') {
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
