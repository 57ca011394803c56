//! The first code of the README compiles as it is pasted: in a fresh crate, with exactly the
//! dependencies and features that its `cargo add` lines name.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");
const WORKSPACE: &str = include_str!("../../Cargo.toml");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A dependency as a `cargo add` line names it.
#[derive(Debug, Default, Eq, PartialEq)]
struct Dependency {
    features: Vec<String>,
    without_default_features: bool,
}

type Dependencies = BTreeMap<String, Dependency>;

/// Returns the text between a heading and the next one.
fn section(heading: &str) -> &'static str {
    let start = format!("\n### {heading}\n");
    let (_, rest) = README.split_once(&start).unwrap_or_else(|| panic!("no section {heading}"));
    rest.split_once("\n##").map_or(rest, |(section, _)| section)
}

/// Returns the first code block of a section whose language begins with `language`.
fn block<'s>(section: &'s str, language: &str) -> &'s str {
    let (_, rest) = section.split_once(&format!("```{language}")).unwrap();
    let (_, code) = rest.split_once('\n').unwrap();
    code.split_once("```").unwrap().0
}

/// Reads `cargo add` lines: one or more crates, `--features` and `--no-default-features`.
fn dependencies(lines: &str) -> Dependencies {
    let mut all = Dependencies::new();
    for line in lines.lines() {
        let arguments = line.strip_prefix("cargo add ").unwrap_or_else(|| panic!("`{line}`"));
        let mut arguments = arguments.split_whitespace();
        let (mut names, mut features, mut without_default_features) = (vec![], vec![], false);
        while let Some(argument) = arguments.next() {
            match argument {
                "--features" => features.extend(arguments.next().unwrap().split(',')),
                "--no-default-features" => without_default_features = true,
                name => names.push(name),
            }
        }
        for name in &names {
            all.insert(
                (*name).to_owned(),
                Dependency { without_default_features, features: vec![] },
            );
        }
        for feature in features {
            // With several crates in one line cargo wants `crate/feature`.
            let (name, feature) = match (feature.split_once('/'), names.as_slice()) {
                (Some(named), _) => named,
                (None, [name]) => (*name, feature),
                (None, _) => panic!("`{line}`: which crate has the feature `{feature}`?"),
            };
            all.get_mut(name).unwrap().features.push(feature.to_owned());
        }
    }
    all
}

/// Returns the version that the workspace requires of a dependency.
fn required_version(name: &str) -> &'static str {
    let mut lines = WORKSPACE.lines();
    let line = lines.find_map(|line| line.strip_prefix(&format!("{name} = ")));
    let line = line.unwrap_or_else(|| panic!("`{name}` is not a dependency of the workspace"));
    let version = line.strip_prefix("{ version = ").unwrap_or(line);
    version.split('"').nth(1).unwrap()
}

fn manifest(package: &str, dependencies: &Dependencies) -> String {
    let mut manifest = format!(
        "[workspace]\n\n[package]\nname = \"{package}\"\nedition = \"2024\"\n\n[dependencies]\n"
    );
    for (name, Dependency { features, without_default_features }) in dependencies {
        let source = if name.starts_with("countersign") {
            format!("path = '{ROOT}/crates/{name}'")
        } else {
            format!("version = \"{}\"", required_version(name))
        };
        let default = !without_default_features;
        writeln!(
            manifest,
            "{name} = {{ {source}, default-features = {default}, features = {features:?} }}"
        )
        .unwrap();
    }
    // With the profiles of the workspace, so that what both build is built once.
    let profiles = WORKSPACE.find("\n[profile.").unwrap();
    manifest + &WORKSPACE[profiles..]
}

#[track_caller]
fn compiles(heading: &str) {
    let section = section(heading);
    let package = format!("first-paste-{heading}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&package);
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = manifest(&package, &dependencies(block(section, "sh")));
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/main.rs"), block(section, "rust")).unwrap();
    // Nothing is resolved or downloaded that the workspace does not have already.
    fs::copy(Path::new(ROOT).join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let checked = Command::new(cargo)
        .args(["check", "--offline"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap())
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "the code for {heading} does not compile:\n{output}");
    let warning = format!("warning: `{package}`");
    assert!(!output.contains(&warning), "the code for {heading} compiles with warnings:\n{output}");
}

#[test]
fn the_code_for_axum_compiles_in_a_fresh_crate() {
    compiles("axum");
}

#[test]
fn the_code_for_actix_web_compiles_in_a_fresh_crate() {
    compiles("actix-web");
}

#[test]
fn cargo_add_lines_are_read_as_cargo_reads_them() {
    let read = dependencies(
        "cargo add one --features a,b --no-default-features\ncargo add two three --features two/c",
    );
    let dependency = |features: &[&str], without_default_features| Dependency {
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        without_default_features,
    };
    let expected = [
        ("one", dependency(&["a", "b"], true)),
        ("three", dependency(&[], false)),
        ("two", dependency(&["c"], false)),
    ];
    assert!(
        read.iter()
            .map(|(name, read)| (name.as_str(), read))
            .eq(expected.iter().map(|(name, expected)| (*name, expected))),
        "{read:?}"
    );
}
