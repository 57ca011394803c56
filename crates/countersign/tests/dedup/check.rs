//! Properties, and the counterexamples that show they can fail.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Which invariant of deduplication is broken, and how.
///
/// - `S1` no loss: success is only answered once some handler succeeded
/// - `S2` one at a time: nothing is granted while another holds an unexpired lease
/// - `S3` once done, done: nothing is granted until the record of it expires
/// - `S4` the fencing tokens granted for an event strictly rise
/// - `S5` an operation with a fencing token that is not the current one changes nothing
/// - `S7` an operation on one event leaves every other as it was
/// - `S8` one lease after the last crash a fresh delivery is granted or is a duplicate
/// - `S10` a busy event, a store's error and a handler's failure are never answered with success
/// - `S12` what is remembered is bounded
/// - `transition`: another answer than the state machine gives
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    pub(crate) how: String,
}

impl Violation {
    pub(crate) fn of(invariant: &'static str, how: impl Into<String>) -> Self {
        Self { invariant, how: how.into() }
    }
}

/// `property` holds for `cases` values: half of them always the same, half of them new ones.
pub(crate) fn holds<S: Strategy>(
    cases: u32,
    strategy: &S,
    property: impl Fn(&S::Value) -> Result<(), Violation>,
) {
    let config = config(cases / 2);
    for mut runner in [fixed(config.clone()), TestRunner::new(config)] {
        if let Err(found) = run(&mut runner, strategy, &property) {
            panic!("{found}");
        }
    }
}

/// `property` does not hold, and what breaks in its least counterexample is among `named`.
pub(crate) fn is_caught<S: Strategy>(
    strategy: &S,
    property: impl Fn(&S::Value) -> Result<(), Violation>,
    named: &[&str],
) {
    match run(&mut fixed(config(10_000)), strategy, &property) {
        Err(TestError::Fail(_, least)) => {
            let violation = property(&least).unwrap_err();
            assert!(named.contains(&violation.invariant), "{violation:?} from {least:#?}");
        }
        other => panic!("no counterexample: {other:?}"),
    }
}

fn run<S: Strategy>(
    runner: &mut TestRunner,
    strategy: &S,
    property: impl Fn(&S::Value) -> Result<(), Violation>,
) -> Result<(), TestError<S::Value>> {
    runner.run(strategy, |value| {
        property(&value).map_err(|violation| TestCaseError::fail(format!("{violation:?}")))
    })
}

fn fixed(config: Config) -> TestRunner {
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}
