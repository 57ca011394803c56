//! Every rule that CONTRIBUTING lists has a test of its number, and every such test a rule.

use std::collections::BTreeSet;

const CONTRIBUTING: &str = include_str!("../../CONTRIBUTING.md");
const RULES: &str = include_str!("rules.rs");

fn numbers<'t>(lines: impl Iterator<Item = &'t str>) -> BTreeSet<&'t str> {
    lines.filter_map(|line| Some(line.split_once(['.', '_'])?.0)).collect()
}

#[test]
fn every_rule_of_contributing_has_its_test() {
    let section = CONTRIBUTING.split("\n## ").find(|section| section.starts_with("Rules that"));
    let listed = section.into_iter().flat_map(str::lines);
    let listed = listed.filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    let tested = RULES.lines().filter_map(|line| line.strip_prefix("async fn rule_"));
    let listed = numbers(listed);
    assert_eq!(listed.len(), 9, "{listed:?}");
    assert_eq!(listed, numbers(tested));
}
