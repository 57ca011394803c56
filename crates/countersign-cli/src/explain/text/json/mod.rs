//! Re-serializes a JSON document as various libraries do, with its numbers and keys unchanged.

mod node;
mod print;

use std::collections::HashSet;

use serde::de::IgnoredAny;

use self::node::Node;
use self::print::{Layout, Letters, print};

/// The layouts, the most frequent first.
const LAYOUTS: [Layout; 12] = [
    Layout::Line { comma: ",", colon: ":" },
    Layout::Line { comma: ", ", colon: ": " },
    Layout::Lines { indent: "  ", end: "\n", colon: ": " },
    Layout::Lines { indent: "    ", end: "\n", colon: ": " },
    Layout::Lines { indent: "\t", end: "\n", colon: ": " },
    Layout::Lines { indent: "  ", end: "\r\n", colon: ": " },
    Layout::Jackson,
    Layout::Line { comma: ",", colon: ": " },
    Layout::Line { comma: ", ", colon: ":" },
    Layout::Lines { indent: " ", end: "\n", colon: ": " },
    Layout::Lines { indent: "    ", end: "\r\n", colon: ": " },
    Layout::Lines { indent: "", end: "\n", colon: ": " },
];

const LETTERS: [Letters; 8] = [
    Letters::Kept,
    Letters::Raw,
    Letters::Ascii { upper: false },
    Letters::Slashes { ascii: true },
    Letters::Slashes { ascii: false },
    Letters::Html,
    Letters::Ascii { upper: true },
    Letters::DotNet,
];

/// The deepest document that is read: the limit of serde_json, within which recursion is safe.
const MAX_DEPTH: usize = 128;

/// Returns whether the body is a JSON object or array within the depth limit.
pub(crate) fn is_document(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start(), [b'{' | b'[', ..])
        && is_shallow(body)
        && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// Returns whether the body is a document whose keys are in alphabetical order in every object, with at
/// least three keys in one.
pub(crate) fn is_sorted(body: &[u8]) -> bool {
    let text = std::str::from_utf8(body).ok().filter(|text| is_document(text.as_bytes()));
    text.and_then(Node::read).is_some_and(|node| node.most_keys() > 2 && node.is_sorted())
}

fn is_shallow(body: &[u8]) -> bool {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            b'"' if !is_escaped => is_text = !is_text,
            b'{' | b'[' if !is_text => depth += 1,
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_escaped = is_text && *byte == b'\\' && !is_escaped;
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}

/// Visits each serialization of `body`, until `visit` returns `true`.
pub(crate) fn reprinted(body: &[u8], visit: &mut dyn FnMut(Vec<u8>) -> bool) -> bool {
    let text = std::str::from_utf8(body).ok().filter(|text| is_document(text.as_bytes()));
    let Some(node) = text.and_then(Node::read) else { return false };
    let mut sorted = Node::read(text.unwrap_or_default()).unwrap_or(Node::Bare(""));
    sorted.sort();
    let [compact, ..] = LAYOUTS;
    let is_new_order =
        print(&node, compact, Letters::Kept) != print(&sorted, compact, Letters::Kept);
    let mut seen = HashSet::new();
    let letters: Vec<_> = LETTERS
        .into_iter()
        .filter(|letters| seen.insert(print(&node, compact, *letters)))
        .collect();
    let orders = if is_new_order { vec![&node, &sorted] } else { vec![&node] };
    for order in orders {
        for letters in &letters {
            for layout in LAYOUTS {
                let text = print(order, layout, *letters).into_bytes();
                let ended = [&text[..], b"\n"].concat();
                if (text != body && visit(text)) || (ended != body && visit(ended)) {
                    return true;
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(body: &str) -> Vec<String> {
        let mut list = Vec::new();
        reprinted(body.as_bytes(), &mut |text| {
            list.push(String::from_utf8(text).unwrap());
            false
        });
        list
    }

    const PRETTY: &str =
        "{\n  \"b\": \"\\u00e9 / <\\ud83d\\ude00>\",\n  \"a\": [\n    1.50,\n    {}\n  ]\n}";

    #[test]
    fn the_output_of_every_library_is_among_them() {
        let all = all(PRETTY);
        for print in [
            r#"{"b":"é / <😀>","a":[1.50,{}]}"#,
            r#"{"b": "\u00e9 / <\ud83d\ude00>", "a": [1.50, {}]}"#,
            r#"{"b":"\u00e9 \/ <\ud83d\ude00>","a":[1.50,{}]}"#,
            r#"{"b":"é / \u003c😀\u003e","a":[1.50,{}]}"#,
            r#"{"b":"\u00E9 / \u003C\uD83D\uDE00\u003E","a":[1.50,{}]}"#,
            r#"{"a":[1.50,{}],"b":"é / <😀>"}"#,
            "{\n    \"b\": \"é / <😀>\",\n    \"a\": [\n        1.50,\n        {}\n    ]\n}",
            "{\n  \"b\" : \"é / <😀>\",\n  \"a\" : [ 1.50, { } ]\n}",
            "{\"b\":\"é / <😀>\",\"a\":[1.50,{}]}\n",
        ] {
            assert!(all.iter().any(|text| text == print), "{print}\n{all:#?}");
        }
    }

    #[test]
    fn every_serialization_has_the_same_value() {
        let meant: serde_json::Value = serde_json::from_str(PRETTY).unwrap();
        for text in all(PRETTY) {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value, meant, "{text}");
        }
    }

    #[test]
    fn a_body_that_is_not_a_document_is_not_reprinted() {
        for body in ["", "a=b", "7", "{", "{\"a\":}", "\u{feff}{}"] {
            assert_eq!(all(body), Vec::<String>::new(), "{body}");
        }
    }
}
