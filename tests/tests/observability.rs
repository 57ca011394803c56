//! `docs/observability.md` names every metric and outcome.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics"
)]

use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../docs/observability.md");
const DASHBOARD: &str = include_str!("../../examples/prometheus/grafana-dashboard.json");
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

/// Returns the queries of the dashboard's panels.
fn queries() -> Vec<String> {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let histograms = ["_seconds_bucket", "_seconds_count"];
    let queries = queries();
    let names: BTreeSet<_> = queries
        .iter()
        .flat_map(|query| metrics(query))
        .map(|name| {
            let suffix = histograms.iter().find_map(|suffix| name.strip_suffix(suffix));
            suffix.map_or_else(|| name.to_owned(), |stem| format!("{stem}_seconds"))
        })
        .collect();
    let known: BTreeSet<_> = metrics(METRICS).into_iter().map(str::to_owned).collect();
    assert_eq!(names, known);
}

#[test]
fn the_panels_of_the_dashboard_do_not_overlap() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let place = |panel: &serde_json::Value| {
        ["x", "y", "w", "h"].map(|name| panel["gridPos"][name].as_u64().unwrap())
    };
    let places: Vec<_> = dashboard["panels"].as_array().unwrap().iter().map(place).collect();
    for (index, [x, y, w, h]) in places.iter().enumerate() {
        assert!(x + w <= 24, "panel {index} is too wide");
        for [other_x, other_y, other_w, other_h] in &places[index + 1..] {
            let is_beside = x + w <= *other_x || other_x + other_w <= *x;
            let is_below = y + h <= *other_y || other_y + other_h <= *y;
            assert!(is_beside || is_below, "panel {index} is overlapped");
        }
    }
}
