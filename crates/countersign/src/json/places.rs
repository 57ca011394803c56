//! JSON pointers with `*` for every element of a list, and the values that they select from a document.

use std::fmt;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::members::Members;
use super::pointer::Pointer;
use crate::error::ConfigError;

/// A JSON pointer in which the token `*` stands for every element of a list, such as
/// `/entry/*/changes/*`.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Place(Pointer);

impl Place {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        Pointer::parse(text).map(Self)
    }

    pub(crate) const fn as_shared(&self) -> &Arc<str> {
        self.0.as_shared()
    }

    pub(crate) fn tokens(&self) -> &[Box<str>] {
        self.0.tokens()
    }

    /// Returns whether the place is in a list.
    pub(crate) fn is_in_list(&self) -> bool {
        self.tokens().iter().any(|token| is_every(token))
    }

    /// Returns the place as a field of one of the list elements that enclose a value at `inner`, or of the
    /// whole document; `None` if it is not such a field.
    pub(crate) fn as_field_around(&self, inner: &Self) -> Option<OuterField> {
        let tokens = self.tokens();
        let last_list = tokens.iter().rposition(|token| is_every(token)).map_or(0, |last| last + 1);
        let (element, field) = tokens.split_at(last_list);
        let encloses = element.len() < inner.tokens().len() && inner.tokens().starts_with(element);
        let text: String = field.iter().map(|token| format!("/{}", escaped(token))).collect();
        let parent = element.iter().filter(|token| is_every(token)).count().checked_sub(1);
        let field = Pointer::parse(&text).ok()?;
        encloses.then_some(OuterField { parent, field })
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A field of what encloses a value.
#[derive(Clone, Debug)]
pub(crate) struct OuterField {
    /// The index of the enclosing list element; `None` for the whole document.
    pub(crate) parent: Option<usize>,
    /// The field in it.
    pub(crate) field: Pointer,
}

/// A value at one of several places.
pub(crate) struct Found<'d> {
    /// The index of the place.
    pub(crate) place: usize,
    /// The value's own JSON pointer.
    pub(crate) pointer: String,
    /// The JSON text of the value.
    pub(crate) value: &'d str,
    /// The JSON text of the list elements that enclose the value, the outermost first.
    pub(crate) parents: Vec<&'d str>,
}

/// Why a document has no values at places.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PlacesError {
    NotJson,
    /// A key on the way to a place is repeated: two parsers could read different values.
    Ambiguous,
    /// There is neither a list nor a value at any of the places.
    Absent,
}

/// Finds the values at `places`, in the order of the document.
///
/// A value that encloses values of other places is left out: of nested places the innermost counts.
pub(crate) fn find<'d>(
    places: &[&Place],
    document: &'d str,
) -> Result<Vec<Found<'d>>, PlacesError> {
    let root: &RawValue = serde_json::from_str(document).map_err(|_| PlacesError::NotJson)?;
    let mut search = Search { found: Vec::new(), has_list: false };
    let paths: Vec<_> = places.iter().map(|place| place.tokens()).enumerate().collect();
    search.enter(root, &paths, &Path { pointer: String::new(), parents: Vec::new() })?;
    if search.found.is_empty() && !search.has_list {
        return Err(PlacesError::Absent);
    }
    Ok(search.found)
}

/// The way to a value.
struct Path<'d> {
    pointer: String,
    parents: Vec<&'d str>,
}

struct Search<'d> {
    found: Vec<Found<'d>>,
    /// Whether a list is at one of the places.
    has_list: bool,
}

impl<'d> Search<'d> {
    /// Adds the values at `paths` in `value`, or `value` itself if it is one and encloses none.
    fn enter(
        &mut self,
        value: &'d RawValue,
        paths: &[(usize, &[Box<str>])],
        path: &Path<'d>,
    ) -> Result<(), PlacesError> {
        let raw = value.get();
        let before = self.found.len();
        let leads_on = paths.iter().any(|(_, tokens)| !tokens.is_empty());
        match raw.as_bytes().first() {
            Some(b'{') if leads_on => self.enter_object(raw, paths, path)?,
            Some(b'[') if leads_on => self.enter_list(raw, paths, path)?,
            _ => {}
        }
        if self.found.len() > before {
            return Ok(());
        }
        let Some((place, _)) = paths.iter().find(|(_, tokens)| tokens.is_empty()) else {
            return Ok(());
        };
        // A list element does not enclose itself.
        let parents = path.parents.iter().filter(|parent| !std::ptr::eq(**parent, raw));
        self.found.push(Found {
            place: *place,
            pointer: path.pointer.clone(),
            value: raw,
            parents: parents.copied().collect(),
        });
        Ok(())
    }

    fn enter_object(
        &mut self,
        raw: &'d str,
        paths: &[(usize, &[Box<str>])],
        path: &Path<'d>,
    ) -> Result<(), PlacesError> {
        let Members(members) = Members::parse(raw.as_bytes()).ok_or(PlacesError::NotJson)?;
        let mut entered: Vec<&str> = Vec::new();
        for (name, value) in &members {
            let below = below(paths, |token| !is_every(token) && token == name);
            if below.is_empty() {
                continue;
            }
            if entered.contains(&&**name) {
                return Err(PlacesError::Ambiguous);
            }
            entered.push(name);
            let pointer = format!("{}/{}", path.pointer, escaped(name));
            self.enter(value, &below, &Path { pointer, parents: path.parents.clone() })?;
        }
        Ok(())
    }

    fn enter_list(
        &mut self,
        raw: &'d str,
        paths: &[(usize, &[Box<str>])],
        path: &Path<'d>,
    ) -> Result<(), PlacesError> {
        let has_every =
            paths.iter().any(|(_, tokens)| tokens.first().is_some_and(|token| is_every(token)));
        self.has_list |= has_every;
        let elements: Vec<&'d RawValue> =
            serde_json::from_str(raw).map_err(|_| PlacesError::NotJson)?;
        for (index, element) in elements.into_iter().enumerate() {
            let number = index.to_string();
            let below = below(paths, |token| is_every(token) || token == number);
            if below.is_empty() {
                continue;
            }
            let mut parents = path.parents.clone();
            if has_every {
                parents.push(element.get());
            }
            let pointer = format!("{}/{number}", path.pointer);
            self.enter(element, &below, &Path { pointer, parents })?;
        }
        Ok(())
    }
}

/// Returns the paths whose next token matches, without that token.
fn below<'p>(
    paths: &[(usize, &'p [Box<str>])],
    matches: impl Fn(&str) -> bool,
) -> Vec<(usize, &'p [Box<str>])> {
    let next = |(place, tokens): &(usize, &'p [Box<str>])| {
        let (token, rest) = tokens.split_first()?;
        matches(token).then_some((*place, rest))
    };
    paths.iter().filter_map(next).collect()
}

fn is_every(token: &str) -> bool {
    token == "*"
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(places: &[&str], document: &str) -> Result<Vec<(usize, String, String)>, PlacesError> {
        let places: Vec<_> = places.iter().map(|text| Place::parse(text).unwrap()).collect();
        let found = find(&places.iter().collect::<Vec<_>>(), document)?;
        Ok(found
            .into_iter()
            .map(|found| (found.place, found.pointer, found.value.to_owned()))
            .collect())
    }

    fn one(place: usize, pointer: &str, value: &str) -> (usize, String, String) {
        (place, pointer.to_owned(), value.to_owned())
    }

    #[test]
    fn every_element_of_a_list_is_a_value_as_sent() {
        let expected = vec![one(0, "/0", "{\"n\": 18446744073709551617}"), one(0, "/1", "1.50")];
        assert_eq!(found(&["/*"], "[{\"n\": 18446744073709551617},\r\n1.50]\r\n"), Ok(expected));
        assert_eq!(found(&["/*"], "[]"), Ok(vec![]));
    }

    #[test]
    fn lists_nest() {
        let document = r#"{"e":[{"c":[1,2]},{"c":[]},{"x":[3]},{"c":[4]}]}"#;
        let expected =
            [("/e/0/c/0", "1"), ("/e/0/c/1", "2"), ("/e/3/c/0", "4")].map(|(at, v)| one(0, at, v));
        assert_eq!(found(&["/e/*/c/*"], document), Ok(expected.to_vec()));
    }

    #[test]
    fn of_nested_places_the_innermost_counts() {
        let document = r#"[{"m":[1],"s":[2]},{"m":[]},{"other":3}]"#;
        let expected = vec![
            one(1, "/0/m/0", "1"),
            one(2, "/0/s/0", "2"),
            one(0, "/1", r#"{"m":[]}"#),
            one(0, "/2", r#"{"other":3}"#),
        ];
        assert_eq!(found(&["/*", "/*/m/*", "/*/s/*"], document), Ok(expected));
    }

    #[test]
    fn an_index_and_escaped_names_lead_to_one_value() {
        let document = r#"{"a/b":[{"m~n":5},{"m~n":6}]}"#;
        assert_eq!(found(&["/a~1b/0/m~0n"], document), Ok(vec![one(0, "/a~1b/0/m~0n", "5")]));
    }

    #[test]
    fn the_parents_are_the_enclosing_elements() {
        let document = r#"{"e":[{"id":7,"c":[{"v":[1]}]}]}"#;
        let places = ["/e/*/c/*", "/e/*/c/*/v/*"].map(|text| Place::parse(text).unwrap());
        let of = |place: &Place| {
            let found = find(&[place], document).unwrap();
            found[0].parents.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()
        };
        let entry = r#"{"id":7,"c":[{"v":[1]}]}"#;
        assert_eq!(of(&places[0]), [entry]);
        assert_eq!(of(&places[1]), [entry, r#"{"v":[1]}"#]);
    }

    #[test]
    fn a_field_around_a_value_is_in_an_enclosing_element() {
        let place = |text: &str| Place::parse(text).unwrap();
        let around = |field: &str, inner: &str| {
            let field = place(field).as_field_around(&place(inner))?;
            Some((field.parent, field.field.as_shared().to_string()))
        };
        assert_eq!(around("/e/*/id", "/e/*/c/*"), Some((Some(0), "/id".to_owned())));
        assert_eq!(around("/e/*/c/*/v~1w", "/e/*/c/*/m/*"), Some((Some(1), "/v~1w".to_owned())));
        assert_eq!(around("/object", "/e/*/c/*"), Some((None, "/object".to_owned())));
        assert_eq!(around("/e/*/c/*/id", "/e/*/c/*"), None, "a field of the value itself");
        assert_eq!(around("/x/*/id", "/e/*/c/*"), None);
        assert_eq!(around("/e/*", "/e/*/c/*"), None, "no field");
    }

    #[test]
    fn without_a_list_or_a_value_there_is_an_error() {
        for document in ["{}", "7", r#"{"e":{}}"#, r#"{"e":null}"#] {
            assert_eq!(found(&["/e/*"], document), Err(PlacesError::Absent), "{document}");
        }
        for document in ["", "[", "{} x", r#"{"e":[1]"#] {
            assert_eq!(found(&["/e/*"], document), Err(PlacesError::NotJson), "{document}");
        }
    }

    #[test]
    fn a_repeated_key_on_the_way_is_an_error() {
        let twice = r#"{"e":[1],"\u0065":[2]}"#;
        assert_eq!(found(&["/e/*"], twice), Err(PlacesError::Ambiguous));
        assert_eq!(found(&["/e/*"], r#"{"e":[{"x":1,"x":2}]}"#).unwrap().len(), 1);
    }
}
