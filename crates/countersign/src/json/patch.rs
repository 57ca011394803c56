//! A field of a partial update.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field that a partial update may leave out, clear, or set.
///
/// Declare such a field with `#[serde(default, skip_serializing_if = "Patch::is_absent")]`: a
/// format cannot write a missing value, so an `Absent` that is not skipped is written as null.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Patch<T> {
    /// The field was not sent: nothing changed.
    #[default]
    Absent,
    /// The field was sent as null: the value was cleared.
    Null,
    /// The field was sent with a value.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether the field was not sent.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value that was sent, if there was one.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Carries the change over to a stored value: leaves it, clears it, or replaces it.
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
        // Only a field that is there gets here.
        let sent = Option::deserialize(deserializer)?;
        Ok(sent.map_or(Self::Null, Self::Value))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}
