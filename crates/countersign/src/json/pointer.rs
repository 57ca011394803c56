//! JSON pointers, and the values that they select from a body.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::walk::find;
pub(crate) use super::walk::{Found, MAX_POINTERS};
use crate::error::{ConfigError, ConfigErrorKind};

/// The path of a value in a JSON document ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
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
                format!(
                    "`{}` is not a JSON pointer: write one such as `/data/id`",
                    text.escape_debug()
                ),
            )
        };
        let path = text.strip_prefix('/').ok_or_else(invalid)?;
        // Every `~` starts one of the two escapes.
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

    /// Returns the pointer's only step; `None` if it has more.
    pub(crate) fn only_token(&self) -> Option<&str> {
        match &*self.tokens {
            [only] => Some(only),
            _ => None,
        }
    }

    pub(crate) fn tokens(&self) -> &[Box<str>] {
        &self.tokens
    }

    /// Returns the text of the string or number at the pointer.
    ///
    /// A number's text is its digits as sent, never rounded: `1` and `1.0` differ, and the string `"1"`
    /// has the text of the number `1`.
    /// A string with a lone surrogate, which is not text, is returned as written, with its escapes.
    ///
    /// `None` if there is no value, a value of another type, or an empty string. Also `None` if the body
    /// is not JSON or repeats a key on the path: two parsers could read different values from it.
    pub(crate) fn scalar<'b>(&self, body: &'b [u8]) -> Option<Cow<'b, str>> {
        scalar_text(self.find(body)?.get())
    }

    /// Returns the text of the string, number or boolean at the pointer, even if it is empty;
    /// `Some(None)` if there is no value or null.
    ///
    /// `None` if the value is an object or array, if the body is not JSON, or if it repeats a key on the
    /// path.
    pub(crate) fn text<'b>(&self, body: &'b [u8]) -> Option<Option<Cow<'b, str>>> {
        let raw = match self.only(body)? {
            Found::Absent => return Some(None),
            Found::Unique(value) => value.get(),
            Found::Ambiguous => return None,
        };
        match raw.as_bytes().first()? {
            b'"' => Some(Some(serde_json::from_str::<Text<'_>>(raw).ok()?.0)),
            b'n' => Some(None),
            b'{' | b'[' => None,
            _ => Some(Some(Cow::Borrowed(raw))),
        }
    }

    /// Returns whether there is no value at the pointer, not even null.
    ///
    /// `false` if the body is not JSON or repeats a key on the path.
    pub(crate) fn is_absent(&self, body: &[u8]) -> bool {
        matches!(self.only(body), Some(Found::Absent))
    }

    /// Returns the JSON text of the value at the pointer.
    ///
    /// `None` if there is no value, if the body is not JSON, or if it repeats a key on the path.
    pub(crate) fn find<'b>(&self, body: &'b [u8]) -> Option<&'b RawValue> {
        self.only(body)?.value()
    }

    fn only<'b>(&self, body: &'b [u8]) -> Option<Found<'b>> {
        let mut found = [Found::Absent];
        find([Some(&*self.tokens)], &mut found, body)?;
        let [found] = found;
        Some(found)
    }
}

/// Finds the values at several pointers in one pass over the body, each where `found` has the pointer's index.
///
/// `None` if the body is not JSON. Of more than [`MAX_POINTERS`] pointers, the others have no value.
pub(crate) fn find_all<'p, 'b>(
    pointers: impl IntoIterator<Item = Option<&'p Pointer>>,
    found: &mut [Found<'b>],
    body: &'b [u8],
) -> Option<()> {
    find(pointers.into_iter().map(|pointer| Some(&*pointer?.tokens)), found, body)
}

/// Returns the text of a string or number, as [`Pointer::scalar`] does.
pub(crate) fn scalar_text(raw: &str) -> Option<Cow<'_, str>> {
    let text = match raw.as_bytes().first()? {
        b'"' => match serde_json::from_str::<Text<'_>>(raw) {
            Ok(text) => text.0,
            // A replacement character instead would make two events one.
            Err(_) => Cow::Borrowed(raw.strip_prefix('"')?.strip_suffix('"')?),
        },
        b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(feature = "sign")]
impl Pointer {
    /// Returns the value at the pointer in a document to be changed; a missing last key is inserted.
    pub(crate) fn slot<'d>(
        &self,
        document: &'d mut serde_json::Value,
    ) -> Option<&'d mut serde_json::Value> {
        use serde_json::Value;

        let (last, path) = self.tokens.split_last()?;
        let parent = path.iter().try_fold(document, |value, token| match value {
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

/// A string that borrows from the document if it has no escapes.
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
    fn returns_strings_and_numbers_as_written() {
        assert_eq!(scalar("/a/b", r#"{"x":[{}],"a":{"b":"one"}}"#).as_deref(), Some("one"));
        assert_eq!(scalar("/a", r#"{"a":9007199254740993}"#).as_deref(), Some("9007199254740993"));
        assert_eq!(scalar("/a", r#"{"a":1.50}"#).as_deref(), Some("1.50"));
        assert_eq!(scalar("/a/1/b", r#"{"a":[0,{"b":"é"}]}"#).as_deref(), Some("é"));
        assert_eq!(scalar("/a~1b/m~0n", r#"{"a/b":{"m~n":"esc"}}"#).as_deref(), Some("esc"));
    }

    #[test]
    fn returns_none_without_a_string_or_number() {
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
            "{\"b\u{1}\":1,\"a\":\"x\"}",
            "{\"a\":\"x\",\"\\ud83d\u{1}\":1}",
            r#"{"\x":1,"a":"x"}"#,
            r#"{"\ud8":1,"a":"x"}"#,
        ] {
            assert_eq!(scalar("/a", body), None, "{body}");
        }
        assert_eq!(scalar("/a/01", r#"{"a":["x","y"]}"#), None);
    }

    #[test]
    fn rejects_a_repeated_key_on_the_path() {
        assert_eq!(scalar("/a", r#"{"a":"x","a":"x"}"#), None);
        assert_eq!(scalar("/a/b", r#"{"a":{"b":"x"},"a":{"b":"x"}}"#), None);
        assert_eq!(scalar("/a", r#"{"a":"x","\u0061":"y"}"#), None);
        assert_eq!(scalar("/a", r#"{"a":"x","b":1,"b":2}"#).as_deref(), Some("x"));
    }

    #[test]
    fn returns_a_string_with_a_lone_surrogate_as_written() {
        assert_eq!(scalar("/a", r#"{"a":"x\ud83d\n"}"#).as_deref(), Some(r"x\ud83d\n"));
        assert_eq!(scalar("/a", r#"{"a":"\ud83d\ude00"}"#).as_deref(), Some("😀"));
    }

    #[test]
    fn skips_lone_surrogates_in_other_values_and_keys() {
        let body = r#"{"\ude00":1,"b":{"\ud83d":["\ud83d"]},"a":"x"}"#;
        assert_eq!(scalar("/a", body).as_deref(), Some("x"));
    }

    #[test]
    fn skips_a_byte_order_mark_once() {
        assert_eq!(scalar("/a", "\u{feff} {\"a\":\"x\"}").as_deref(), Some("x"));
        assert_eq!(scalar("/a", "\u{feff}\u{feff}{\"a\":\"x\"}"), None);
        assert_eq!(scalar("/a", " \u{feff}{\"a\":\"x\"}"), None);
    }

    #[test]
    fn rejects_a_body_with_invalid_utf8_anywhere() {
        let id = Pointer::parse("/a").unwrap();
        assert_eq!(id.scalar(b"{\"a\":\"x\",\"b\":\"\xff\"}"), None);
    }

    #[test]
    fn follows_several_pointers_in_one_pass() {
        let [a, b, c, both, twice] =
            ["/a/x", "/a/y", "/b/1", "/a", "/c"].map(|text| Pointer::parse(text).unwrap());
        let body = br#"{"b":[1,2],"a":{"y":"Y","x":"X"},"c":3,"c":4}"#;
        let pointers = [&a, &b, &c, &both, &twice].map(Some);
        let mut found = [Found::Absent; 7];
        let all = [pointers[0], None].into_iter().chain(pointers);
        assert_eq!(find_all(all, &mut found, body), Some(()));
        let found = found.map(|found| found.value().map(RawValue::get));
        let expected =
            [r#""X""#, "", r#""X""#, r#""Y""#, "2", r#"{"y":"Y","x":"X"}"#, ""].map(Some);
        assert_eq!(found, expected.map(|text| text.filter(|text| !text.is_empty())));
    }

    #[test]
    fn rejects_malformed_pointers() {
        for text in ["", "a", "a/b", "/~", "/~2", "/a~", "/~~10", "/~~1~10"] {
            let error = Pointer::parse(text).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::InvalidPointer, "{text}");
        }
    }
}
