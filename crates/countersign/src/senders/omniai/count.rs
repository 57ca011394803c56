//! Sizes and counts, for `#[serde(deserialize_with)]`.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};

use crate::json::RawJson;

/// Reads a whole number however it is written (`48213`, `48213.0`, `4.8213e4`).
///
/// The vendor types these fields as plain numbers. One that is negative, has a fraction or passes
/// `u64` reads as `None`: a size that says nothing is no reason to lose the event around it.
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

/// A float as the integer it is equal to.
fn whole(float: f64) -> Option<u64> {
    // The first float above `u64::MAX`.
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    let fits = (0.0..LIMIT).contains(&float) && float.fract() == 0.0;
    fits.then_some(float as u64)
}
