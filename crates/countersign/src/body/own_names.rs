//! Which steps of a path into a document are names of the receiver's own types.
//!
//! The key of a map is a piece of the body, and the name of a struct's field is not. A path alone does not
//! show which of both a step is. So the type decides: it is deserialized from a document that has little but
//! this path, and what it requests at each step shows what the step is.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// A location in a document, in which every key that is not a name of the type is written `*`.
#[derive(Default)]
pub(super) struct Location {
    path: String,
    /// The length of the path without its last step.
    parent: usize,
    /// The fields of the struct at the location.
    fields: &'static [&'static str],
}

impl Location {
    /// Returns what the operator reads of the value at the location.
    pub(super) fn value(&self) -> String {
        match &*self.path {
            "" => "a value".to_owned(),
            path => format!("the value of `{path}`"),
        }
    }

    pub(super) fn parent(&self) -> &str {
        self.path.get(..self.parent).unwrap_or_default()
    }

    /// Returns whether the value at the location is a struct with the field `name`.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.fields.contains(&name)
    }

    /// Returns the path of the field `name` of the value at the location.
    pub(super) fn field(&self, name: &str) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        format!("{}{dot}{name}", self.path)
    }

    fn push_index(&mut self, index: usize) {
        self.parent = self.path.len();
        self.path.push_str(&format!("[{index}]"));
    }

    fn push_name(&mut self, name: &str) {
        self.parent = self.path.len();
        self.path = self.field(name);
    }
}

/// Returns the location that `path` leads to in `document`, which is decoded as `T`.
pub(super) fn locate<'d, T: Deserialize<'d>>(path: &Path, document: &Value) -> Location {
    let steps: Vec<_> = path.iter().collect();
    let mut location = Location::default();
    let mut probe = Probe { steps: &steps, document, found: &mut location };
    let _always_fails = T::deserialize(&mut probe);
    // The type does not show what it reads beyond this step, so the names there may be keys of a map.
    let Probe { steps, found, .. } = probe;
    for step in steps {
        match step {
            Segment::Seq { index } => found.push_index(*index),
            _ => found.push_name("*"),
        }
    }
    location
}

/// A document that consists of one path, whose end fits no type.
struct Probe<'p> {
    /// The steps that the type has not read yet.
    steps: &'p [&'p Segment],
    /// The part of the true document at the present step.
    document: &'p Value,
    found: &'p mut Location,
}

fn end<T>() -> Result<T, Error> {
    Err(Error::custom("the end of the path"))
}

impl Probe<'_> {
    /// Reads the next step if it is a key, and records its name if it is one of `names`.
    fn key(&mut self, names: &[&str]) -> Option<String> {
        let (step, rest) = self.steps.split_first()?;
        let (Segment::Map { key } | Segment::Enum { variant: key }) = step else { return None };
        self.found.push_name(if names.contains(&&**key) { key } else { "*" });
        self.steps = rest;
        Some(key.clone())
    }

    fn descend<'d, V: Visitor<'d>>(
        &mut self,
        names: &[&str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let here = self.document;
        let Some(key) = self.key(names) else { return end() };
        // An adjacently tagged enum has two fields. The tag, which is text, selects the type of the other.
        let other = names.iter().find(|name| names.len() == 2 && **name != key);
        let tag = other.and_then(|name| Some(((*name).to_owned(), here.get(name)?.as_str()?)));
        self.document = here.get(&key).unwrap_or(&Value::Null);
        visitor.visit_map(Entries { tag, is_at_tag: false, key: Some(key), probe: self })
    }
}

impl<'de> Deserializer<'de> for &mut Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        end()
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.steps.is_empty() {
            self.found.fields = fields;
        }
        self.descend(fields, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.descend(&[], visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some((Segment::Seq { index }, rest)) = self.steps.split_first() else { return end() };
        self.steps = rest;
        self.document = self.document.get(index).unwrap_or(&Value::Null);
        self.found.push_index(*index);
        visitor.visit_seq(Item(Some(self)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        self.key(variants);
        end()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct identifier ignored_any
    }
}

/// An object with the key on the path, after the tag if there is one.
struct Entries<'e, 'p> {
    tag: Option<(String, &'p str)>,
    is_at_tag: bool,
    key: Option<String>,
    probe: &'e mut Probe<'p>,
}

impl<'d> MapAccess<'d> for Entries<'_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'d>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.is_at_tag = self.tag.is_some() && !self.is_at_tag;
        let key = match &self.tag {
            Some((name, _)) if self.is_at_tag => name.clone(),
            _ => match self.key.take() {
                Some(key) => key,
                None => return end(),
            },
        };
        let key: StrDeserializer<'_, Error> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'d>>(&mut self, seed: V) -> Result<V::Value, Error> {
        if let (true, Some((_, text))) = (self.is_at_tag, &self.tag) {
            let text: StrDeserializer<'_, Error> = (*text).into_deserializer();
            return seed.deserialize(text);
        }
        seed.deserialize(&mut *self.probe)
    }
}

/// A list with the item on the path.
struct Item<'e, 'p>(Option<&'e mut Probe<'p>>);

impl<'d> SeqAccess<'d> for Item<'_, '_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'d>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match self.0.take() {
            Some(probe) => seed.deserialize(probe).map(Some),
            None => end(),
        }
    }
}
