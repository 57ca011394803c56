//! The members of a JSON object.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::document::document as text_of;

/// The names and values of a JSON object's members, in the order of the document.
///
/// Repeated names are all listed, and a value's text is as sent. A name with a lone surrogate, which is not
/// text, is as written: with its quotes and its escapes.
pub(crate) struct Members<'d>(pub(crate) Vec<(String, &'d RawValue)>);

impl<'d> Members<'d> {
    /// Parses a document; `None` if it is not a JSON object.
    pub(crate) fn parse(document: &'d [u8]) -> Option<Self> {
        serde_json::from_str(text_of(document)?).ok()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(object: D) -> Result<Self, D::Error> {
        object.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry()? {
            members.push((name_text(name), value));
        }
        Ok(Members(members))
    }
}

fn name_text(name: &RawValue) -> String {
    serde_json::from_str(name.get()).unwrap_or_else(|_| name.get().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn texts(document: &str) -> Option<Vec<(String, String)>> {
        let Members(members) = Members::parse(document.as_bytes())?;
        Some(members.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect())
    }

    #[test]
    fn members_keep_their_order_and_their_text() {
        let expected =
            [("b", "18446744073709551617"), ("a", "{\"x\": 1.50}"), ("a", "\"\\u0061\"")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let document = "{\"b\":18446744073709551617,\"a\" : {\"x\": 1.50},\"\\u0061\":\"\\u0061\"}";
        assert_eq!(texts(document), Some(expected.to_vec()));
    }

    #[test]
    fn a_name_with_a_lone_surrogate_is_as_written() {
        let expected = [(r#""\ud83d\n""#, "1"), ("😀", "2")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(texts(r#"{"\ud83d\n":1,"\ud83d\ude00":2}"#), Some(expected.to_vec()));
    }

    #[test]
    fn only_an_object_has_members() {
        for document in ["", "[]", "7", "null", "{", "{} trailing", r#"{"\x":1}"#, "{\"\u{1}\":1}"]
        {
            assert_eq!(texts(document), None, "{document}");
        }
    }
}
