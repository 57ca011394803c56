//! The members of a JSON object.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::document::document as text_of;

/// The names and values of a JSON object's members, in the order of the document.
///
/// Repeated names are all listed, and a value's text is as sent.
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
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
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
    fn only_an_object_has_members() {
        for document in ["", "[]", "7", "null", "{", "{} trailing"] {
            assert_eq!(texts(document), None, "{document}");
        }
    }
}
