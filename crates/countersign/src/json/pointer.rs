//! Taking one value out of a JSON body, strictly and without building a tree.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::walk::{Found, find};
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
        // Every `~` begins one of the two escapes.
        if path.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
            return Err(invalid());
        }
        let tokens = path
            .split('/')
            .map(|token| token.replace("~1", "/").replace("~0", "~").into())
            .collect();
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
        scalar(self.find(body)?)
    }

    /// The text of the string, number or truth value that stands there, also where it is empty;
    /// `Some(None)` if nothing or null does.
    ///
    /// `None` if another kind of value does, and where the body is not JSON or not clear.
    pub(crate) fn text<'b>(&self, body: &'b [u8]) -> Option<Option<Cow<'b, str>>> {
        let [found] = find([&self.tokens], body)?;
        let raw = match found {
            Found::Nothing => return Some(None),
            Found::One(value) => value.get(),
            Found::Twice => return None,
        };
        match raw.as_bytes().first()? {
            b'"' => Some(Some(serde_json::from_str::<Text<'_>>(raw).ok()?.0)),
            b'n' => Some(None),
            b'{' | b'[' => None,
            _ => Some(Some(Cow::Borrowed(raw))),
        }
    }

    /// Whether nothing at all stands there, not even null; `false` where the body is not JSON or not
    /// clear.
    pub(crate) fn is_absent(&self, body: &[u8]) -> bool {
        matches!(find([&self.tokens], body), Some([Found::Nothing]))
    }

    /// What stands there, as its JSON text; `None` in the cases of [`scalar`](Self::scalar).
    pub(crate) fn find<'b>(&self, body: &'b [u8]) -> Option<&'b RawValue> {
        let [found] = find([&self.tokens], body)?;
        found.value()
    }
}

/// What [`Pointer::scalar`] gives for each of several pointers, in one pass over the body; `None` if
/// any of them could take two values.
pub(crate) fn scalars<'b, const N: usize>(
    pointers: [&Pointer; N],
    body: &'b [u8],
) -> Option<[Option<Cow<'b, str>>; N]> {
    let found = find(pointers.map(|pointer| &*pointer.tokens), body)?;
    let is_clear = found.iter().all(|found| !matches!(found, Found::Twice));
    is_clear.then(|| found.map(|found| scalar(found.value()?)))
}

fn scalar(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    let text = match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<Text<'_>>(raw).ok()?.0,
        b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(feature = "sign")]
impl Pointer {
    /// Where it points in a document to be changed; the last step is made if it is a new key.
    pub(crate) fn slot<'d>(
        &self,
        document: &'d mut serde_json::Value,
    ) -> Option<&'d mut serde_json::Value> {
        use serde_json::Value;

        let (last, way) = self.tokens.split_last()?;
        let parent = way.iter().try_fold(document, |value, token| match value {
            Value::Object(fields) => fields.get_mut(&**token),
            Value::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
            _ => None,
        })?;
        Some(parent.as_object_mut()?.entry(&**last).or_insert(Value::Null))
    }
}

impl fmt::Debug for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[derive(serde::Deserialize)]
struct Text<'b>(#[serde(borrow)] Cow<'b, str>);

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
    fn rejects_a_key_given_twice_on_the_way() {
        assert_eq!(scalar("/a", r#"{"a":"x","a":"x"}"#), None);
        assert_eq!(scalar("/a/b", r#"{"a":{"b":"x"},"a":{"b":"x"}}"#), None);
        assert_eq!(scalar("/a", r#"{"a":"x","\u0061":"y"}"#), None);
        assert_eq!(scalar("/a", r#"{"a":"x","b":1,"b":2}"#).as_deref(), Some("x"));
    }

    #[test]
    fn rejects_a_body_that_is_not_utf8_wherever_it_is_not() {
        let id = Pointer::parse("/a").unwrap();
        assert_eq!(id.scalar(b"{\"a\":\"x\",\"b\":\"\xff\"}"), None);
    }

    #[test]
    fn follows_several_at_once() {
        let [a, b, c, both, twice] =
            ["/a/x", "/a/y", "/b/1", "/a", "/c"].map(|text| Pointer::parse(text).unwrap());
        let body = br#"{"b":[1,2],"a":{"y":"Y","x":"X"},"c":3,"c":4}"#;
        let found = scalars([&a, &b, &c], body);
        assert_eq!(found, Some(["X", "Y", "2"].map(|text| Some(text.into()))));
        assert_eq!(scalars([&a, &twice], body), None);
        let found = find([&*both.tokens, &*a.tokens], body)
            .unwrap()
            .map(|found| found.value().map(RawValue::get));
        assert_eq!(found, [Some(r#"{"y":"Y","x":"X"}"#), Some(r#""X""#)]);
    }

    #[test]
    fn rejects_pointers_that_are_none() {
        for text in ["", "a", "a/b", "/~", "/~2", "/a~", "/~~10", "/~~1~10"] {
            let error = Pointer::parse(text).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidPointer, "{text}");
        }
    }
}
