//! One pass over a JSON document that finds the values at several pointers.

use std::fmt;

use arrayvec::ArrayVec;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The most pointers that are followed at once.
const MOST: usize = 16;

/// The numbers of pointers, and their tokens that are left.
type Paths<'p> = ArrayVec<(usize, &'p [Box<str>]), MOST>;

#[derive(Clone, Copy)]
pub(super) enum Found<'b> {
    Nothing,
    One(&'b RawValue),
    /// It may be either of two.
    Twice,
}

impl<'b> Found<'b> {
    pub(super) const fn value(self) -> Option<&'b RawValue> {
        match self {
            Self::One(value) => Some(value),
            Self::Nothing | Self::Twice => None,
        }
    }
}

/// Finds the value at each list of pointer tokens; `None` if the body is not JSON.
pub(super) fn find<'b, const N: usize>(
    pointers: [&[Box<str>]; N],
    body: &'b [u8],
) -> Option<[Found<'b>; N]> {
    let mut found = [Found::Nothing; N];
    let paths: Paths<'_> = pointers.into_iter().enumerate().take(MOST).collect();
    // JSON is UTF-8; serde_json would not look at what is skipped.
    let mut document = serde_json::Deserializer::from_str(std::str::from_utf8(body).ok()?);
    Walk { paths: &paths, found: &mut found }.deserialize(&mut document).ok()?;
    document.end().ok()?;
    Some(found)
}

/// Goes down the tokens that are left; what is beside the way is skipped, not kept.
struct Walk<'w, 'p, 'b> {
    paths: &'w [(usize, &'p [Box<str>])],
    found: &'w mut [Found<'b>],
}

impl<'b> Walk<'_, '_, 'b> {
    /// Takes `value` for the paths that end at it, and goes on into it for the others.
    fn enter(&mut self, paths: &[(usize, &[Box<str>])], value: &'b RawValue) {
        for (at, rest) in paths {
            let found = if rest.is_empty() {
                Found::One(value)
            } else {
                let mut below = [Found::Nothing; MOST];
                let walk = Walk { paths: &[(*at, *rest)], found: &mut below };
                let mut inner = serde_json::Deserializer::from_str(value.get());
                match walk.deserialize(&mut inner) {
                    Ok(()) => below.get(*at).copied().unwrap_or(Found::Twice),
                    Err(_) => Found::Twice,
                }
            };
            if let Some(slot) = self.found.get_mut(*at) {
                *slot = found;
            }
        }
    }

    fn reject(&mut self, paths: &[(usize, &[Box<str>])]) {
        for (at, _) in paths {
            if let Some(slot) = self.found.get_mut(*at) {
                *slot = Found::Twice;
            }
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
        let mut seen = 0_u32;
        while let Some(paths) = map.next_key_seed(Key(self.paths))? {
            let bits = paths.iter().fold(0, |bits, (at, _)| bits | 1 << at);
            if paths.is_empty() {
                map.next_value::<IgnoredAny>()?;
            } else if seen & bits != 0 {
                self.reject(&paths);
                map.next_value::<IgnoredAny>()?;
            } else if paths.iter().all(|(_, rest)| !rest.is_empty()) {
                map.next_value_seed(Walk { paths: &paths, found: &mut *self.found })?;
            } else {
                self.enter(&paths, map.next_value()?);
            }
            seen |= bits;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'b>>(mut self, mut items: A) -> Result<(), A::Error> {
        for index in 0_usize.. {
            let here = |token: &str| is_index(token) && token.parse() == Ok(index);
            let paths = below(self.paths, here);
            if paths.is_empty() {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    break;
                }
            } else {
                let Some(value) = items.next_element()? else { break };
                self.enter(&paths, value);
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

/// The paths that go on by a token for which `here` holds.
fn below<'p>(paths: &[(usize, &'p [Box<str>])], here: impl Fn(&str) -> bool) -> Paths<'p> {
    let next = |(at, tokens): &(usize, &'p [Box<str>])| {
        let (token, rest) = tokens.split_first()?;
        here(token).then_some((*at, rest))
    };
    paths.iter().filter_map(next).collect()
}

/// An array index as RFC 6901 section 4 writes it.
fn is_index(token: &str) -> bool {
    token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A key, as the paths that go on by it.
struct Key<'w, 'p>(&'w [(usize, &'p [Box<str>])]);

impl<'de, 'p> DeserializeSeed<'de> for Key<'_, 'p> {
    type Value = Paths<'p>;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Paths<'p>, D::Error> {
        key.deserialize_str(self)
    }
}

impl<'p> Visitor<'_> for Key<'_, 'p> {
    type Value = Paths<'p>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Paths<'p>, E> {
        Ok(below(self.0, |token| token == key))
    }
}
