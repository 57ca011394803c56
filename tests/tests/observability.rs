//! `docs/observability.md` names every metric and outcome.

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../docs/observability.md");
const METRICS: &str = include_str!("../../crates/countersign/src/receive/metrics.rs");

fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    // The crates' names are not metrics.
    let names = words.filter(|word| word.starts_with("countersign_"));
    let names = names.filter(|word| *word != "countersign_tower" && *word != "countersign_actix");
    // Prometheus counts a histogram under a name of its own.
    names
        .map(|name| {
            name.strip_suffix("_seconds_count")
                .map_or(name, |_| &name[..name.len() - "_count".len()])
        })
        .collect()
}

#[test]
fn the_page_lists_exactly_the_metrics() {
    assert_eq!(metrics(PAGE), metrics(METRICS));
}

#[test]
fn every_outcome_is_on_the_page() {
    let source = include_str!("../../crates/countersign/src/receive/outcome.rs");
    let named = source.lines().filter_map(|line| line.split_once("=> \"")?.1.strip_suffix("\","));
    let missing: Vec<_> = named.filter(|name| !PAGE.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, [""; 0]);
}
