//! The layout of the crates: the order of the core's folders, and no circle among files.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod circles;
mod reader;
mod sources;
mod tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use circles::circles;
use sources::{Edge, Sources};

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

/// Each use of a folder or file at the top level by one that is declared below it.
fn upward_uses(order: &[String], edges: &BTreeSet<Edge>) -> Vec<String> {
    let position = |file: &str| {
        let top = file.split('/').next().unwrap_or(file).trim_end_matches(".rs");
        order.iter().position(|name| name == top)
    };
    let upward = edges.iter().filter(|edge| {
        let used = position(&edge.to);
        // `lib.rs` declares and re-exports all of them.
        edge.from != "lib.rs" && used.is_none_or(|used| Some(used) < position(&edge.from))
    });
    upward.map(|Edge { from, line, to }| format!("{from}:{line} uses {to}")).collect()
}

fn written(circle: &[Edge]) -> String {
    let steps: Vec<_> =
        circle.iter().map(|Edge { from, line, to }| format!("  {from}:{line} uses {to}")).collect();
    steps.join("\n")
}

#[test]
fn each_folder_of_the_core_uses_only_those_below_it() {
    let src = crates().join("countersign/src");
    let order = Sources::order(&fs::read_to_string(src.join("lib.rs")).unwrap());
    assert!(order.len() > 10, "the order of lib.rs: {order:?}");
    let edges = Sources::read(&src).edges();
    assert!(edges.len() > 100, "only {} uses found", edges.len());
    let upward = upward_uses(&order, &edges);
    assert!(upward.is_empty(), "against the order of lib.rs:\n{}", upward.join("\n"));
}

#[test]
fn no_files_of_a_crate_use_one_another_in_a_circle() {
    let mut found = Vec::new();
    for entry in fs::read_dir(crates()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        let circles = circles(&Sources::read(&folder.join("src")).edges());
        found.extend(circles.iter().map(|circle| format!("{name}:\n{}", written(circle))));
    }
    assert!(found.is_empty(), "{} circles:\n{}", found.len(), found.join("\n"));
}

const LIB: &str = "
    //! mod not_one;
    pub mod upper;
    mod lower;
    pub mod shown { pub use crate::lower::Item; }
    pub use self::upper::Upper;
";

fn edges(sources: &[(&str, &str)]) -> Vec<String> {
    let edges = Sources::new(sources.iter().copied()).edges();
    edges.iter().map(|edge| format!("{}:{} {}", edge.from, edge.line, edge.to)).collect()
}

#[test]
fn the_order_is_that_of_the_declarations() {
    assert_eq!(Sources::order(LIB), ["upper", "lower"]);
}

#[test]
fn a_use_of_a_folder_above_is_found() {
    for upward in [
        "use crate::upper::Upper;",
        "use super::super::upper::Upper;",
        "use crate::{upper::{self, Upper}};",
        "fn f() { crate::upper::run(); }",
        "type T = crate::Upper;",
    ] {
        let sources = Sources::new([
            ("lib.rs", LIB),
            ("upper/mod.rs", "pub struct Upper;"),
            ("lower/file.rs", upward),
        ]);
        assert_eq!(
            upward_uses(&Sources::order(LIB), &sources.edges()),
            ["lower/file.rs:1 uses upper/mod.rs"],
            "{upward}"
        );
    }
}

#[test]
fn a_use_of_a_folder_below_is_allowed() {
    let sources = Sources::new([
        ("lib.rs", LIB),
        ("upper.rs", "use crate::lower::Item;\nuse crate::shown;"),
        ("lower.rs", "pub struct Item; mod inner { use super::Item; }"),
    ]);
    let upward = upward_uses(&Sources::order(LIB), &sources.edges());
    assert_eq!(upward, ["upper.rs:2 uses lib.rs"], "what lib.rs defines is above all");
}

#[test]
fn a_reexported_item_is_that_of_the_file_that_defines_it() {
    let index = "mod one;\nmod two;\npub use self::one::One;\npub(crate) use self::two::*;";
    let found = edges(&[
        ("folder/mod.rs", index),
        ("folder/one.rs", "use super::Two;\npub struct One;"),
        ("folder/two.rs", "pub enum Two {}"),
        ("user.rs", "use crate::folder::{One, Two as Other};"),
    ]);
    assert_eq!(
        found,
        ["folder/one.rs:1 folder/two.rs", "user.rs:1 folder/one.rs", "user.rs:1 folder/two.rs"]
    );
}

#[test]
fn a_circle_is_found_and_printed() {
    let sources = Sources::new([
        ("one.rs", "use crate::two::Two;\npub struct One;"),
        ("two.rs", "pub struct Two;\nfn f() { crate::three::g() }"),
        ("three.rs", "\nuse super::one::One;\npub fn g() {}"),
        ("four.rs", "use crate::one::One;"),
    ]);
    let circles: Vec<_> = circles(&sources.edges()).iter().map(|circle| written(circle)).collect();
    let one = "  one.rs:1 uses two.rs\n  two.rs:2 uses three.rs\n  three.rs:2 uses one.rs";
    assert_eq!(circles.len(), 1);
    assert_eq!(circles[0].lines().count(), 3, "{}", circles[0]);
    for line in one.lines() {
        assert!(circles[0].contains(line), "{}", circles[0]);
    }
}

#[test]
fn an_index_that_uses_a_file_which_uses_it_is_a_circle() {
    let child = ("folder/child.rs", "use super::Parent;\npub struct Child(Parent);");
    let exporting =
        ("folder/mod.rs", "mod child;\npub use self::child::Child;\npub struct Parent;");
    let using = (
        "folder/mod.rs",
        "mod child;\npub use self::child::Child;\npub struct Parent;\nfn f(_: Child) {}",
    );
    assert_eq!(circles(&Sources::new([exporting, child]).edges()).len(), 0);
    assert_eq!(circles(&Sources::new([using, child]).edges()).len(), 1);
}
