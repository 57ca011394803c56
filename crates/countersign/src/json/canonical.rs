//! One form of a JSON value for every order of its members.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use super::members::Members;

/// The deepest nesting that is put into canonical form.
const MAX_DEPTH: usize = 128;

/// Returns `document` without white space and with the members of each object sorted by name.
///
/// Members at the paths of `without` are left out; each path is the list of a JSON pointer's tokens.
/// A number keeps its text, so `1` and `1.0` differ. A string has one form however it is escaped; one
/// that is not text, because of half a surrogate pair, keeps its escapes.
///
/// `None` if the document is not JSON, or is nested deeper than 128 levels.
pub(crate) fn canonical(document: &str, without: &[&[Box<str>]]) -> Option<String> {
    let mut text = String::with_capacity(document.len());
    write(serde_json::from_str(document).ok()?, without, MAX_DEPTH, &mut text)?;
    Some(text)
}

fn write(value: &RawValue, without: &[&[Box<str>]], depth: usize, text: &mut String) -> Option<()> {
    let raw = value.get();
    let depth = depth.checked_sub(1)?;
    match raw.as_bytes().first()? {
        b'{' => {
            let Members(mut members) = Members::parse(raw.as_bytes())?;
            // Members of one name keep their order.
            members.sort_by(|(name, _), (other, _)| name.cmp(other));
            text.push('{');
            let mut separator = "";
            for (name, value) in members {
                let inner: Vec<_> = without.iter().filter_map(|path| below(path, &name)).collect();
                if inner.iter().any(|path| path.is_empty()) {
                    continue;
                }
                let name = serde_json::to_string(&name).ok()?;
                write!(text, "{separator}{name}:").ok()?;
                write(value, &inner, depth, text)?;
                separator = ",";
            }
            text.push('}');
        }
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            text.push('[');
            let mut separator = "";
            for value in values {
                text.push_str(separator);
                write(value, &[], depth, text)?;
                separator = ",";
            }
            text.push(']');
        }
        b'"' => match serde_json::from_str::<String>(raw) {
            Ok(string) => text.push_str(&serde_json::to_string(&string).ok()?),
            Err(_) => text.push_str(raw),
        },
        _ => text.push_str(raw),
    }
    Some(())
}

/// Returns the rest of `path` below the member `name`, if the path leads there.
fn below<'p>(path: &&'p [Box<str>], name: &str) -> Option<&'p [Box<str>]> {
    let (first, rest) = path.split_first()?;
    (&**first == name).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn form(document: &str, without: &[&str]) -> Option<String> {
        let paths: Vec<Vec<Box<str>>> =
            without.iter().map(|path| path.split('/').map(Box::from).collect()).collect();
        canonical(document, &paths.iter().map(|path| &**path).collect::<Vec<_>>())
    }

    #[test]
    fn the_order_of_members_and_white_space_do_not_count() {
        let expected = r#"{"a":[1,{"x":true,"y":null}],"b":"c"}"#;
        assert_eq!(form(expected, &[]).as_deref(), Some(expected));
        let other = "{ \"b\":\"\\u0063\",\r\n\"a\" :[ 1,{\"y\":null, \"x\":true} ] }\r\n";
        assert_eq!(form(other, &[]).as_deref(), Some(expected));
    }

    #[test]
    fn the_order_of_elements_counts() {
        assert_ne!(form("[1,2]", &[]), form("[2,1]", &[]));
    }

    #[test]
    fn numbers_keep_their_text() {
        let numbers = "[18446744073709551617,1.0,1,1e400,-0]";
        assert_eq!(form(numbers, &[]).as_deref(), Some(numbers));
    }

    #[test]
    fn members_that_are_left_out_do_not_count() {
        let document = r#"{"a":1,"b":{"c":2,"d":3},"c":4}"#;
        assert_eq!(form(document, &["a", "b/c"]).as_deref(), Some(r#"{"b":{"d":3},"c":4}"#));
    }

    #[test]
    fn repeated_members_all_count() {
        let document = r#"{"b":1,"a":2,"b":3}"#;
        assert_eq!(form(document, &[]).as_deref(), Some(r#"{"a":2,"b":1,"b":3}"#));
    }

    #[test]
    fn half_a_surrogate_pair_keeps_its_escape() {
        assert_eq!(form(r#"["\ud800"]"#, &[]).as_deref(), Some(r#"["\ud800"]"#));
        let name = form(r#"{"b":1,"\ud800":2}"#, &["b"]);
        assert_eq!(name, form(r#"{"\ud800":2,"b":3}"#, &["b"]));
        assert_ne!(name, form(r#"{"\ud801":2}"#, &[]));
        assert_ne!(name, form(r#"{"\\ud800":2}"#, &[]));
    }

    #[test]
    fn other_text_has_no_form() {
        let deep = ["[".repeat(200), "]".repeat(200)].concat();
        for document in ["", "{", "[1,]", "{} x", &deep] {
            assert_eq!(form(document, &[]), None, "{document}");
        }
    }
}
