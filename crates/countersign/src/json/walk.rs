//! One pass over a JSON document that finds the values at several pointers.
//!
//! No tree is built: serde_json's deserializer drives a visitor that follows the pointers, and values
//! that no pointer leads to are skipped. A key that a pointer needs and that an object holds twice makes the
//! result [`Found::Ambiguous`]. Otherwise two parsers could read different values from one signed body.

use std::fmt;

use arrayvec::ArrayVec;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::document::document;

/// The most pointers that one pass can follow.
pub(crate) const MAX_POINTERS: usize = 16;

/// The pointers that lead into one value: the index of each, and its remaining tokens.
type Paths<'p> = ArrayVec<(usize, &'p [Box<str>]), MAX_POINTERS>;

/// The result for one pointer.
#[derive(Clone, Copy)]
pub(crate) enum Found<'b> {
    /// No value is at the pointer.
    Absent,
    /// Exactly one value is at the pointer.
    Unique(&'b RawValue),
    /// A key on the path is repeated, so more than one value could be meant.
    Ambiguous,
}

impl<'b> Found<'b> {
    pub(crate) const fn value(self) -> Option<&'b RawValue> {
        match self {
            Self::Unique(value) => Some(value),
            Self::Absent | Self::Ambiguous => None,
        }
    }
}

/// Finds the value at each list of pointer tokens, if there is a list; `None` if the body is not JSON.
///
/// Of more than [`MAX_POINTERS`] lists, the others are [`Found::Absent`].
pub(super) fn find<'p, 'b>(
    pointers: impl IntoIterator<Item = Option<&'p [Box<str>]>>,
    found: &mut [Found<'b>],
    body: &'b [u8],
) -> Option<()> {
    found.fill(Found::Absent);
    let pointers = pointers.into_iter().enumerate().take(MAX_POINTERS);
    let paths: Paths<'_> = pointers.filter_map(|(at, tokens)| Some((at, tokens?))).collect();
    // JSON is UTF-8. serde_json does not validate strings that it skips, so the whole body is checked.
    let mut json = serde_json::Deserializer::from_str(document(body)?);
    Walk { paths: &paths, found }.deserialize(&mut json).ok()?;
    json.end().ok()
}

/// A visitor that follows `paths` into one value and writes each result to its index in `found`.
struct Walk<'w, 'p, 'b> {
    paths: &'w [(usize, &'p [Box<str>])],
    found: &'w mut [Found<'b>],
}

impl<'b> Walk<'_, '_, 'b> {
    /// Records `value` for the paths that end at it, and follows the others into it.
    fn descend(&mut self, paths: &[(usize, &[Box<str>])], value: &'b RawValue) {
        for (index, remaining) in paths {
            let found = if remaining.is_empty() {
                Found::Unique(value)
            } else {
                let mut inner_found = [Found::Absent; MAX_POINTERS];
                let walk = Walk { paths: &[(*index, *remaining)], found: &mut inner_found };
                let mut inner = serde_json::Deserializer::from_str(value.get());
                match walk.deserialize(&mut inner) {
                    Ok(()) => inner_found.get(*index).copied().unwrap_or(Found::Ambiguous),
                    Err(_) => Found::Ambiguous,
                }
            };
            self.set(*index, found);
        }
    }

    fn set(&mut self, index: usize, found: Found<'b>) {
        if let Some(slot) = self.found.get_mut(index) {
            *slot = found;
        }
    }
}

impl<'b> DeserializeSeed<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, document: D) -> Result<(), D::Error> {
        document.deserialize_any(self)
    }
}

impl<'b> Visitor<'b> for Walk<'_, '_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'b>>(mut self, mut map: A) -> Result<(), A::Error> {
        // One bit for each pointer whose next token was met in this object.
        let mut seen = 0_u32;
        while let Some(key) = map.next_key::<&RawValue>()? {
            let paths = continued(self.paths, key.get());
            let bits = paths.iter().fold(0, |bits, (index, _)| bits | 1 << index);
            if paths.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else if seen & bits != 0 {
                paths.iter().for_each(|(index, _)| self.set(*index, Found::Ambiguous));
                map.next_value::<IgnoredAny>()?;
            } else if paths.iter().all(|(_, remaining)| !remaining.is_empty()) {
                map.next_value_seed(Walk { paths: &paths, found: &mut *self.found })?;
            } else {
                self.descend(&paths, map.next_value()?);
            }
            seen |= bits;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'b>>(mut self, mut items: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let is_here = |token: &str| is_index(token) && token.parse() == Ok(index);
            let paths = matching_paths(self.paths, is_here);
            if paths.is_empty() {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
            } else {
                let Some(value) = items.next_element()? else { break };
                self.descend(&paths, value);
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Returns the paths whose next token matches, without that token.
fn matching_paths<'p>(
    paths: &[(usize, &'p [Box<str>])],
    matches: impl Fn(&str) -> bool,
) -> Paths<'p> {
    let next = |(index, tokens): &(usize, &'p [Box<str>])| {
        let (token, remaining) = tokens.split_first()?;
        matches(token).then_some((*index, remaining))
    };
    paths.iter().filter_map(next).collect()
}

/// Returns whether `token` is an array index by RFC 6901 section 4: no leading zero.
fn is_index(token: &str) -> bool {
    token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns the paths that continue with an object's key, given as JSON.
///
/// No path continues with a key that has a lone surrogate, which is not text.
fn continued<'p>(paths: &[(usize, &'p [Box<str>])], key: &str) -> Paths<'p> {
    let quoted = key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(text) if !text.contains('\\') => matching_paths(paths, |token| token == text),
        _ => match serde_json::from_str::<String>(key) {
            Ok(text) => matching_paths(paths, |token| token == text),
            Err(_) => Paths::new(),
        },
    }
}
