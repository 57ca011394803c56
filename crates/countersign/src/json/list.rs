//! The elements of a list in a JSON document.

use serde_json::value::RawValue;

use super::pointer::Pointer;

/// Returns the JSON text of each element of the list at `pointer`; without a pointer, of the list that is
/// the whole document.
///
/// The text is as sent, so [`Pointer::scalar`] finds an element's numbers with every digit. `None` if
/// there is no list, if the document is not JSON, or if it repeats a key on the path.
pub(crate) fn elements<'d>(
    document: &'d [u8],
    pointer: Option<&Pointer>,
) -> Option<Vec<&'d RawValue>> {
    let list = match pointer {
        Some(pointer) => pointer.find(document)?.get(),
        None => std::str::from_utf8(document).ok()?,
    };
    serde_json::from_str(list).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn texts(document: &str, pointer: Option<&str>) -> Option<Vec<String>> {
        let pointer = pointer.map(|text| Pointer::parse(text).unwrap());
        let found = elements(document.as_bytes(), pointer.as_ref())?;
        Some(found.into_iter().map(|element| element.get().to_owned()).collect())
    }

    #[test]
    fn elements_keep_their_text() {
        let expected = ["{\"id\": 18446744073709551617}", "1.50", "\"a\\u0062\""];
        let expected = Some(expected.map(str::to_owned).to_vec());
        let list = "[{\"id\": 18446744073709551617}, 1.50 ,\"a\\u0062\"]";
        assert_eq!(texts(list, None), expected);
        assert_eq!(texts(&format!(" {list}\n"), None), expected);
        assert_eq!(texts(&format!("{{\"a\":{{\"b\":{list}}}}}"), Some("/a/b")), expected);
        assert_eq!(texts("[]", None), Some(vec![]));
    }

    #[test]
    fn only_a_list_has_elements() {
        for document in ["", "{}", "7", "\"[]\"", "[1", "[1] trailing", "[1,]"] {
            assert_eq!(texts(document, None), None, "{document}");
        }
        for document in ["{}", "{\"a\":{}}", "{\"a\":[1],\"a\":[1]}", "{\"a\":[1]} trailing"] {
            assert_eq!(texts(document, Some("/a")), None, "{document}");
        }
        assert_eq!(elements(b"[\"\xff\"]", None).map(|found| found.len()), None);
    }
}
