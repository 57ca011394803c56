//! Taking one value out of a JSON body, strictly and without building a tree.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::error::{ConfigError, ConfigErrorKind};

/// Where a value stands in a JSON document ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Pointer {
    text: Arc<str>,
    tokens: Arc<[Box<str>]>,
}

impl Pointer {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let invalid = || {
            ConfigError::new(
                ConfigErrorKind::InvalidPointer,
                format!("`{}` is no JSON pointer: write it like `/data/id`", text.escape_debug()),
            )
        };
        let path = text.strip_prefix('/').ok_or_else(invalid)?;
        let tokens = path
            .split('/')
            .map(|token| {
                let plain = token.replace("~1", "").replace("~0", "");
                (!plain.contains('~')).then(|| token.replace("~1", "/").replace("~0", "~").into())
            })
            .collect::<Option<_>>()
            .ok_or_else(invalid)?;
        Ok(Self { text: text.into(), tokens })
    }

    pub(crate) const fn as_shared(&self) -> &Arc<str> {
        &self.text
    }

    /// The text of the string or number that stands there.
    ///
    /// `None` if nothing does, or another kind of value, or an empty string; also where the body is
    /// not JSON or gives a key on the way twice, so that no two readers can take different values.
    pub(crate) fn scalar<'b>(&self, body: &'b [u8]) -> Option<Cow<'b, str>> {
        let raw = self.find(body)?.get();
        let text = match raw.as_bytes().first()? {
            b'"' => serde_json::from_str::<Text<'b>>(raw).ok()?.0,
            b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// What stands there, as its JSON text; `None` in the cases of [`scalar`](Self::scalar).
    pub(crate) fn find<'b>(&self, body: &'b [u8]) -> Option<&'b RawValue> {
        let mut document = serde_json::Deserializer::from_slice(body);
        let found = Walk(&self.tokens).deserialize(&mut document).ok()?;
        document.end().ok()?;
        found
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[derive(serde::Deserialize)]
struct Text<'b>(#[serde(borrow)] Cow<'b, str>);

/// Goes down the tokens that are left; what is beside the way is skipped, not kept.
struct Walk<'p>(&'p [Box<str>]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            <&RawValue>::deserialize(document).map(Some)
        } else {
            document.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((token, rest)) = self.0.split_first() else { return Ok(None) };
        let mut found = None;
        let mut seen = false;
        while let Some(here) = map.next_key_seed(Is(token))? {
            if !here {
                map.next_value::<IgnoredAny>()?;
            } else if seen {
                return Err(A::Error::custom("key given twice"));
            } else {
                seen = true;
                found = map.next_value_seed(Walk(rest))?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let index = self.0.first().filter(|token| is_index(token));
        let index = index.and_then(|token| token.parse::<usize>().ok());
        let mut found = None;
        for at in 0_usize.. {
            let more = if Some(at) == index {
                let rest = self.0.get(1..).unwrap_or_default();
                items.next_element_seed(Walk(rest))?.map(|value| found = value)
            } else {
                items.next_element::<IgnoredAny>()?.map(drop)
            };
            if more.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// An array index as RFC 6901 section 4 writes it.
fn is_index(token: &str) -> bool {
    token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a key is the one sought.
struct Is<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<bool, D::Error> {
        key.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn scalar(pointer: &str, body: &str) -> Option<String> {
        Pointer::parse(pointer).unwrap().scalar(body.as_bytes()).map(Cow::into_owned)
    }

    #[test]
    fn finds_strings_and_numbers_as_they_are_written() {
        assert_eq!(scalar("/a/b", r#"{"x":[{}],"a":{"b":"one"}}"#).as_deref(), Some("one"));
        assert_eq!(scalar("/a", r#"{"a":9007199254740993}"#).as_deref(), Some("9007199254740993"));
        assert_eq!(scalar("/a", r#"{"a":1.50}"#).as_deref(), Some("1.50"));
        assert_eq!(scalar("/a/1/b", r#"{"a":[0,{"b":"é"}]}"#).as_deref(), Some("é"));
        assert_eq!(scalar("/a~1b/m~0n", r#"{"a/b":{"m~n":"esc"}}"#).as_deref(), Some("esc"));
    }

    #[test]
    fn finds_nothing_where_nothing_fits() {
        for body in [
            "",
            "[]",
            "7",
            "null",
            "{}",
            r#"{"a":null}"#,
            r#"{"a":true}"#,
            r#"{"a":{}}"#,
            r#"{"a":""}"#,
            r#"{"a":"x"} trailing"#,
            r#"{"a":"x""#,
            "{\"a\":\"\u{1}\"}",
        ] {
            assert_eq!(scalar("/a", body), None, "{body}");
        }
        assert_eq!(scalar("/a/01", r#"{"a":["x","y"]}"#), None);
    }

    #[test]
    fn refuses_a_key_given_twice_on_the_way() {
        assert_eq!(scalar("/a", r#"{"a":"x","a":"x"}"#), None);
        assert_eq!(scalar("/a/b", r#"{"a":{"b":"x"},"a":{"b":"x"}}"#), None);
        assert_eq!(scalar("/a", r#"{"a":"x","\u0061":"y"}"#), None);
        assert_eq!(scalar("/a", r#"{"a":"x","b":1,"b":2}"#).as_deref(), Some("x"));
    }

    #[test]
    fn refuses_pointers_that_are_none() {
        for text in ["", "a", "a/b", "/~", "/~2", "/a~"] {
            let error = Pointer::parse(text).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidPointer, "{text}");
        }
    }
}
