//! Sizes and counts, for `#[serde(deserialize_with)]`.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};

use crate::json::RawJson;

/// Deserializes a whole number in any notation (`48213`, `48213.0`, `4.8213e4`).
///
/// The vendor documents these fields as plain numbers. A number that is negative, has a fraction or exceeds
/// `u64` becomes `None`: an unusable size must not make the whole event undecodable.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    let Some(raw) = Option::<RawJson>::deserialize(deserializer)? else { return Ok(None) };
    let text = raw.get();
    if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(D::Error::invalid_type(Unexpected::Other("another value"), &"a number"));
    }
    Ok(text.parse().ok().or_else(|| whole(text.parse().ok()?)))
}

/// Returns the integer that equals a float, if there is one.
fn whole(float: f64) -> Option<u64> {
    // The first float above `u64::MAX`.
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    let fits = (0.0..LIMIT).contains(&float) && float.fract() == 0.0;
    fits.then_some(float as u64)
}
