//! JSON values that keep their text.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::surrogates::without_lone_surrogates;

/// A JSON value that keeps its text byte for byte.
///
/// Equality compares the texts: `1.0` does not equal `1`, and white space inside the value counts. A
/// `RawJson` can be deserialized from and serialized to JSON only.
///
/// ```
/// use countersign::RawJson;
///
/// #[derive(serde::Deserialize)]
/// struct Payload {
///     amount: RawJson,
/// }
///
/// let payload: Payload = serde_json::from_str(r#"{"amount": 10.50}"#)?;
/// assert_eq!(payload.amount.get(), "10.50");
/// assert_eq!(payload.amount.parse::<f64>()?, 10.5);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct RawJson(Box<RawValue>);

impl RawJson {
    /// Returns the JSON text, without surrounding white space.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Deserializes the value as a `T`.
    ///
    /// # Errors
    ///
    /// Returns serde's error, with line and column, if the value does not match `T`.
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.get())
    }

    /// Deserializes the value as a `T`, with `\u{fffd}` in place of each lone surrogate.
    ///
    /// JSON can write one half of a surrogate pair, such as `"\ud83d"`, which no `String` can hold. Some
    /// senders do so where they cut a text within an emoji. [`parse`](Self::parse) rejects such a value.
    ///
    /// ```
    /// use countersign::RawJson;
    ///
    /// let text: RawJson = serde_json::from_str(r#""see you \ud83d""#)?;
    /// assert_eq!(text.parse_lossy::<String>()?, "see you \u{fffd}");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails like [`parse`](Self::parse).
    pub fn parse_lossy<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&without_lone_surrogates(self.get()))
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawJson({})", self.get())
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for RawJson {}
