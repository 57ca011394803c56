//! Runs properties, and finds the counterexamples that show that they can fail.

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// A broken invariant of deduplication.
///
/// - `S1` no loss: the response is a success only if a handler has succeeded
/// - `S2` mutual exclusion: no claim is granted while another claim's lease runs
/// - `S3` a handled event is not granted until its retention expires
/// - `S4` the fencing tokens granted for an event strictly increase
/// - `S5` an operation with a stale fencing token changes nothing
/// - `S7` an operation on one event leaves every other event unchanged
/// - `S8` one lease after the last crash, a new delivery is granted or is a duplicate
/// - `S10` the response to an event in progress, a store's error or a failed handler is not a success
/// - `S12` the number of retained events is bounded
/// - `transition`: an outcome that the state machine does not have
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

/// Checks that `property` holds for `cases` values: one half from a fixed seed, the other from a new one.
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

/// Checks that `property` has a counterexample, and that the smallest breaks an invariant of
/// `expected`.
pub(crate) fn catches<S: Strategy>(
    strategy: &S,
    property: impl Fn(&S::Value) -> Result<(), Violation>,
    expected: &[&str],
) {
    match run(&mut fixed(config(10_000)), strategy, &property) {
        Err(TestError::Fail(_, smallest)) => {
            let violation = property(&smallest).unwrap_err();
            assert!(expected.contains(&violation.invariant), "{violation:?} from {smallest:#?}");
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
