use std::collections::BTreeMap;

use countersign::EventPattern;

/// Values by patterns of event names: an exact name wins, then the longest prefix.
#[derive(Clone, Debug)]
pub(super) struct Table<V> {
    exact: BTreeMap<Box<str>, V>,
    /// Ordered by the length of the prefix, the longest first.
    prefixes: Vec<(EventPattern, V)>,
}

impl<V> Table<V> {
    /// Adds `value` under `pattern`, and returns whether the pattern is new.
    pub(super) fn insert(&mut self, pattern: EventPattern, value: V) -> bool {
        if pattern.prefix().is_none() {
            return self.exact.insert(pattern.as_str().into(), value).is_none();
        }
        if self.prefixes.iter().any(|(other, _)| *other == pattern) {
            return false;
        }
        let length = |pattern: &EventPattern| pattern.as_str().len();
        let at = self.prefixes.partition_point(|(other, _)| length(other) >= length(&pattern));
        self.prefixes.insert(at, (pattern, value));
        true
    }

    /// Returns the value of the pattern that `name` belongs to.
    pub(super) fn find(&self, name: &str) -> Option<&V> {
        let by_prefix = || self.prefixes.iter().find(|(pattern, _)| pattern.matches(name));
        self.exact.get(name).or_else(|| by_prefix().map(|(_, value)| value))
    }

    /// Returns the patterns: the exact names in alphabetical order, then the prefixes, the longest first.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &str> {
        let exact = self.exact.keys().map(|name| &**name);
        exact.chain(self.prefixes.iter().map(|(pattern, _)| pattern.as_str()))
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { exact: BTreeMap::new(), prefixes: Vec::new() }
    }
}
