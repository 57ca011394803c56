//! A way for a type to get the text of the document that it is decoded from, without a copy.

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::Error;

/// The name under which a type requests the text: it calls `deserialize_newtype_struct` with it.
///
/// From [`from_text`] its visitor gets the text of the whole document by `visit_borrowed_str`. Every other
/// deserializer knows nothing of the name, and passes itself to `visit_newtype_struct`.
pub(crate) const DOCUMENT_TEXT: &str = "$countersign::DocumentText";

/// Decodes a JSON document, as [`serde_json::from_str`] does, and gives its text to a type that requests it.
pub(crate) fn from_text<'d, T: Deserialize<'d>>(text: &'d str) -> Result<T, Error> {
    T::deserialize(DocumentText(text))
}

struct DocumentText<'d>(&'d str);

impl<'d> DocumentText<'d> {
    /// Decodes the whole document by one method of serde_json's deserializer.
    #[inline]
    fn decode<T>(
        self,
        read: impl FnOnce(
            &mut serde_json::Deserializer<serde_json::de::StrRead<'d>>,
        ) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut json = serde_json::Deserializer::from_str(self.0);
        let value = read(&mut json)?;
        json.end()?;
        Ok(value)
    }
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $Argument:ty),*);)+) => {
        $(
            #[inline]
            fn $method<V: Visitor<'d>>(
                self,
                $($argument: $Argument,)*
                visitor: V,
            ) -> Result<V::Value, Error> {
                self.decode(|json| json.$method($($argument,)* visitor))
            }
        )+
    };
}

impl<'d> Deserializer<'d> for DocumentText<'d> {
    type Error = Error;

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'d>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == DOCUMENT_TEXT {
            return visitor.visit_borrowed_str(self.0);
        }
        self.decode(|json| json.deserialize_newtype_struct(name, visitor))
    }

    forward! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt;

    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;

    /// The text of the document, if the deserializer gives it.
    #[derive(Debug, PartialEq)]
    struct Text<'d>(Option<&'d str>);

    struct TextVisitor;

    impl<'d> Visitor<'d> for TextVisitor {
        type Value = Text<'d>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a document")
        }

        fn visit_borrowed_str<E>(self, text: &'d str) -> Result<Text<'d>, E> {
            Ok(Text(Some(text)))
        }

        fn visit_newtype_struct<D: Deserializer<'d>>(self, json: D) -> Result<Text<'d>, D::Error> {
            serde::de::IgnoredAny::deserialize(json).map(|_| Text(None))
        }
    }

    impl<'d> Deserialize<'d> for Text<'d> {
        fn deserialize<D: Deserializer<'d>>(json: D) -> Result<Self, D::Error> {
            json.deserialize_newtype_struct(DOCUMENT_TEXT, TextVisitor)
        }
    }

    #[test]
    fn a_type_that_requests_the_text_gets_the_whole_document() {
        assert_eq!(from_text::<Text<'_>>(" {} x").unwrap(), Text(Some(" {} x")));
        assert_eq!(serde_json::from_str::<Text<'_>>(" {} ").unwrap(), Text(None));
        assert_eq!(from_text::<Vec<Text<'_>>>("[1]").unwrap(), [Text(None)]);
    }

    #[test]
    fn other_types_are_decoded_as_by_serde_json() {
        assert_eq!(from_text::<serde_json::Value>(" {\"a\":[1]} ").unwrap(), json!({"a": [1]}));
        assert_eq!(from_text::<Option<u128>>("null").unwrap(), None);
        assert_eq!(from_text::<i128>("-1").unwrap(), -1);
        assert_eq!(from_text::<(u8, char, f32)>("[1,\"c\",1.5]").unwrap(), (1, 'c', 1.5));
        assert_eq!(from_text::<&RawValue>(" 1.50 ").unwrap().get(), "1.50");
        assert_eq!(from_text::<&str>("\"text\"").unwrap(), "text");
        assert_eq!(from_text::<Result<u8, ()>>("{\"Ok\":1}").unwrap(), Ok(1));
        assert_eq!(from_text::<BTreeMap<u8, ()>>("{\"1\":null}").unwrap(), [(1, ())].into());
    }

    #[test]
    fn text_after_the_document_is_an_error() {
        let error = from_text::<u8>("1 2").unwrap_err();
        assert_eq!(error.to_string(), serde_json::from_str::<u8>("1 2").unwrap_err().to_string());
    }
}
