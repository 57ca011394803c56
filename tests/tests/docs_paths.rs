//! Every path that a page for contributors names exists.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Returns the code spans and the targets of relative links, where they have the form of a path.
fn paths(page: &str) -> Vec<&str> {
    let prose = page.split("```").step_by(2);
    let spans = prose.clone().flat_map(|text| text.split('`').skip(1).step_by(2));
    let is_path = |span: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte);
        let endings = [".rs", ".lua", ".md", ".toml", ".json", "/"];
        let names_a_file = endings.iter().any(|ending| span.ends_with(ending));
        (names_a_file || span.starts_with("crates/") || span.starts_with("tests/"))
            && span.bytes().all(is_plain)
    };
    let links = prose.flat_map(|text| text.split("](").skip(1));
    let links = links.map(|link| link.split([')', '#']).next().unwrap());
    let links = links.filter(|link| !link.is_empty() && !link.contains("://"));
    spans.filter(is_path).chain(links).collect()
}

/// Asserts that each path exists in one of `folders`, relative to the repository.
#[track_caller]
fn all_exist(page: &str, least: usize, folders: &[&str]) {
    let paths = paths(page);
    assert!(paths.len() >= least, "only {} paths were found: {paths:?}", paths.len());
    let exists =
        |path: &str| folders.iter().any(|folder| Path::new(ROOT).join(folder).join(path).exists());
    let missing: Vec<_> = paths.into_iter().filter(|path| !exists(path)).collect();
    assert_eq!(missing, [""; 0], "no such file below any of {folders:?}");
}

#[test]
fn every_path_in_the_architecture_exists() {
    let page = include_str!("../../docs/architecture.md");
    all_exist(page, 60, &["", "docs", "crates/countersign/src"]);
}

#[test]
fn every_path_in_contributing_exists() {
    all_exist(include_str!("../../CONTRIBUTING.md"), 20, &["", "crates/countersign/src"]);
}

#[test]
fn every_link_in_the_readme_leads_to_a_file() {
    all_exist(include_str!("../../README.md"), 15, &[""]);
}

#[test]
fn paths_are_found_in_spans_and_links_and_not_in_code() {
    let page = "`a/b.rs` and [a page](c.md#part), `Type::method`, [outside](https://x.example/)\n```text\n`d.rs`\n```\n`crates/e`";
    assert_eq!(paths(page), ["a/b.rs", "crates/e", "c.md"]);
}
