use countersign::dedup::{EventKey, Identity};

/// Checks two lists of lines, separated by an empty line: endpoint, sender, fields.
///
/// Two events have the same key only if endpoint, sender, kind of identity and every field are equal.
///
/// # Panics
///
/// Panics if the property does not hold.
pub fn event_keys(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (left, right) = text.split_once("\n\n").unwrap_or((text, ""));
    let (left, right) = (keys(left), keys(right));
    for (name, key) in &left {
        for (other_name, other) in left.iter().chain(&right) {
            assert_eq!(name == other_name, key == other, "{name:?} and {other_name:?}");
        }
        let printed = key.to_string();
        let parsed: Vec<u8> = printed
            .as_bytes()
            .chunks(2)
            .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect();
        assert_eq!(parsed, key.as_bytes(), "the printed key");
    }
}

/// The keys of each kind of identity, with everything that distinguishes them.
fn keys(text: &str) -> Vec<(Vec<&str>, EventKey)> {
    let mut lines = text.split('\n');
    let endpoint = lines.next().unwrap_or_default();
    let sender = lines.next().unwrap_or_default();
    let fields: Vec<&str> = lines.collect();
    let first = fields.first().copied().unwrap_or_default();
    let second = fields.get(1).copied().unwrap_or_default();
    let key = |identity| EventKey::new(endpoint, sender, &identity);
    vec![
        (vec!["id", endpoint, sender, first], key(Identity::id(first))),
        (vec!["body", endpoint, sender, first], key(Identity::body(first.as_bytes()))),
        (
            vec!["body with event type", endpoint, sender, first, second],
            key(Identity::body(first.as_bytes()).with_event_type(second)),
        ),
        (
            ["fields", endpoint, sender].into_iter().chain(fields.iter().copied()).collect(),
            key(Identity::fields(fields.iter().copied())),
        ),
    ]
}
