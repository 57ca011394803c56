//! Queries compared by meaning.

use super::form::decode_form_text;

/// The largest number of parameters in a query that is compared by meaning.
///
/// The parameters are sorted before anything is verified, so an attacker chooses how many there are.
const MAX_PARAMETERS: usize = 1000;

/// Returns whether two queries have the same parameters, in any order and with any escapes.
///
/// Parameters are equal if their decoded names and values are, and if both or neither have a `=`. An
/// empty parameter counts. So no query has the same parameters as a strict beginning of itself:
/// whatever is appended to a query adds a parameter, or changes the last one. Signed content in which
/// one of these queries is followed by other bytes therefore shows where the query ends.
pub(super) fn has_same_parameters(query: &str, other: &str) -> bool {
    match (parameters(query), parameters(other)) {
        (Some(mut query), Some(mut other)) => {
            query.sort_unstable();
            other.sort_unstable();
            query == other
        }
        _ => false,
    }
}

/// Returns the parameters of `received` as received, without those of `own`; `None` if `received`
/// lacks one of them.
///
/// Parameters are equal if their decoded names and values are. Empty parameters are left out.
pub(super) fn remaining_parameters<'q>(own: &str, received: &'q str) -> Option<Vec<&'q str>> {
    if received.split('&').nth(MAX_PARAMETERS).is_some() {
        return None;
    }
    let filled = |query: &'q str| query.split('&').filter(|text| !text.is_empty());
    let mut missing: Vec<_> = own
        .split('&')
        .filter(|text| !text.is_empty())
        .map(|text| (text, parameter(text)))
        .collect();
    let mut rest = Vec::new();
    for text in filled(received) {
        let decoded = parameter(text);
        let is_same = |(own, parameter): &(&str, Option<Parameter>)| {
            *own == text
                || matches!((parameter, &decoded), (Some(own), Some(other)) if is_equal(own, other))
        };
        match missing.iter().position(is_same) {
            Some(at) => drop(missing.swap_remove(at)),
            None => rest.push(text),
        }
    }
    missing.is_empty().then_some(rest)
}

/// A decoded name, and the decoded value if there is a `=`.
type Parameter = (Vec<u8>, Option<Vec<u8>>);

/// Returns the parameters of a query; `None` if one has a `%` without two hexadecimal digits after it.
fn parameters(query: &str) -> Option<Vec<Parameter>> {
    if query.split('&').nth(MAX_PARAMETERS).is_some() {
        return None;
    }
    query.split('&').map(parameter).collect()
}

fn parameter(text: &str) -> Option<Parameter> {
    Some(match text.split_once('=') {
        Some((name, value)) => {
            (decode_form_text(name.as_bytes())?, Some(decode_form_text(value.as_bytes())?))
        }
        None => (decode_form_text(text.as_bytes())?, None),
    })
}

/// Returns whether two parameters are equal, where a missing value is an empty one.
fn is_equal((name, value): &Parameter, (other_name, other_value): &Parameter) -> bool {
    name == other_name
        && value.as_deref().unwrap_or_default() == other_value.as_deref().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{has_same_parameters, remaining_parameters};

    #[test]
    fn order_and_escapes_do_not_matter() {
        for (query, other) in [
            ("", ""),
            ("b=456&a=123", "a=123&b=456"),
            ("a=%7e&a=x", "a=x&%61=~"),
            ("q=a+b%20c", "q=a%20b+c"),
            ("n=J%C3%BC", "n=J%c3%bc"),
            ("a&b=", "b=&a"),
        ] {
            assert!(has_same_parameters(query, other), "{query}, {other}");
        }
    }

    #[test]
    fn other_parameters_are_different() {
        for (query, other) in [
            ("a=1", ""),
            ("a=1", "a=2"),
            ("a=1", "a=1&a=1"),
            ("a=1", "A=1"),
            ("a=1", "a=1&"),
            ("a", "a="),
            ("a=%2B", "a=+"),
            ("a=%", "a=%"),
            ("a=b%26c=d", "a=b&c=d"),
            ("a%3Db", "a=b"),
        ] {
            assert!(!has_same_parameters(query, other), "{query}, {other}");
        }
    }

    /// Every text over a small alphabet that decodes, with every text appended to it.
    #[test]
    fn no_query_has_the_parameters_of_its_beginning() {
        const PIECES: [&str; 7] = ["a", "=", "&", "%61", "%26", "%", "+"];
        let texts = |length: u32| {
            (0..PIECES.len().pow(length)).map(move |number| {
                let piece = |place| PIECES[number / PIECES.len().pow(place) % PIECES.len()];
                (0..length).map(piece).collect::<String>()
            })
        };
        for start in (0..=3).flat_map(texts) {
            for end in (1..=2).flat_map(texts) {
                assert!(!has_same_parameters(&start, &format!("{start}{end}")), "{start}, {end}");
            }
        }
    }

    #[test]
    fn parameters_beside_the_configured_ones_remain_as_received() {
        let rest = |own, received| remaining_parameters(own, received);
        assert_eq!(rest("a=1", "CallSid=x&%61=1&From=%2B1"), Some(vec!["CallSid=x", "From=%2B1"]));
        assert_eq!(rest("a", "a=&b=%"), Some(vec!["b=%"]));
        assert_eq!(rest("", "a=1&&b"), Some(vec!["a=1", "b"]));
        assert_eq!(rest("a=1&a=1", "a=1&b=1"), None);
        assert_eq!(rest("a=1", ""), None);
    }
}
