//! Fields of partial updates.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field that a partial update may omit, clear or set.
///
/// Declare such a field with `#[serde(default, skip_serializing_if = "Patch::is_absent")]`. Without
/// `skip_serializing_if`, an `Absent` is serialized as null.
///
/// ```
/// use countersign::Patch;
///
/// #[derive(serde::Deserialize)]
/// struct Update {
///     #[serde(default)]
///     email: Patch<String>,
///     #[serde(default)]
///     phone: Patch<String>,
///     #[serde(default)]
///     name: Patch<String>,
/// }
///
/// let update: Update = serde_json::from_str(r#"{"email":"new@example.com","phone":null}"#)?;
/// let (mut email, mut phone, mut name) =
///     (None, Some("555-0100".to_owned()), Some("Ada".to_owned()));
/// update.email.apply_to(&mut email);
/// update.phone.apply_to(&mut phone);
/// update.name.apply_to(&mut name);
/// assert_eq!(email.as_deref(), Some("new@example.com"));
/// assert_eq!(phone, None);
/// assert_eq!(name.as_deref(), Some("Ada"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Patch<T> {
    /// The field was omitted: the stored value is unchanged.
    #[default]
    Absent,
    /// The field was null: the stored value is cleared.
    Null,
    /// The field had a value: the stored value is replaced.
    Value(T),
}

impl<T> Patch<T> {
    /// Returns whether the field was omitted.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns the new value, if the field had one.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Applies the change to a stored value: leaves, clears or replaces it.
    pub fn apply_to(self, stored: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *stored = None,
            Self::Value(value) => *stored = Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde calls this for a field that is present; an omitted field takes the default, `Absent`.
        let sent = Option::deserialize(deserializer)?;
        Ok(sent.map_or(Self::Null, Self::Value))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}
