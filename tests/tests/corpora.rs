//! Every committed corpus on stable Rust: as committed, and with deterministic mutations.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::panic;
use std::path::Path;

use countersign_tests::mutation::{Random, mutate};
use countersign_tests::properties::{self, Property};
use countersign_tests::seeds::{corpora, corpus, seeds};

const SEED: u64 = 0x636f_756e_7465_7273;

/// The number of mutated inputs for each property.
const MUTATIONS: usize = 1000;

/// The files of a folder, sorted by name.
fn read(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// The first input on which the property fails; add it to the corpus.
fn failure(
    target: &str,
    property: Property,
    inputs: impl IntoIterator<Item = (String, Vec<u8>)>,
) -> Option<String> {
    let fails = |input: &[u8]| panic::catch_unwind(|| property(input)).is_err();
    let (name, input) = inputs.into_iter().find(|(_, input)| fails(input))?;
    Some(format!("{target}, {name}: b\"{}\"", input.escape_ascii()))
}

#[test]
fn every_target_has_a_property_and_a_corpus() {
    let properties: BTreeSet<String> =
        properties::ALL.iter().map(|(target, _)| (*target).to_owned()).collect();
    let folders: BTreeSet<String> = fs::read_dir(corpora())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, properties, "corpora and properties");
    let targets: BTreeSet<String> = read(&corpora().join("../fuzz_targets"))
        .into_iter()
        .map(|(file, _)| file.trim_end_matches(".rs").to_owned())
        .collect();
    assert_eq!(targets, properties, "fuzz targets and properties");
    for target in properties {
        assert!(!read(&corpus(&target)).is_empty(), "the corpus of {target} is empty");
    }
}

#[test]
fn the_corpora_contain_every_seed() {
    for (target, _) in properties::ALL {
        let files = read(&corpus(target));
        for seed in seeds(target).unwrap() {
            assert!(files.contains(&seed), "{target}/{} is stale: run write_corpora", seed.0);
        }
    }
}

#[test]
fn every_property_holds_on_its_corpus() {
    let failures: Vec<_> = properties::ALL
        .into_iter()
        .filter_map(|(target, property)| failure(target, property, read(&corpus(target))))
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn every_property_holds_on_its_mutated_corpus() {
    let failures: Vec<_> = properties::ALL
        .into_iter()
        .filter_map(|(target, property)| {
            let files = read(&corpus(target));
            let mut random = Random::new(SEED);
            let mutated = (0..MUTATIONS).map(|_| {
                let (name, input) = &files[random.below(files.len())];
                let (_, other) = &files[random.below(files.len())];
                (format!("{name} mutated"), mutate(input, other, &mut random))
            });
            failure(target, property, mutated)
        })
        .collect();
    assert!(failures.is_empty(), "{failures:#?}");
}
