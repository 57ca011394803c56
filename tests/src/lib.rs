//! What suites across crates share: the properties that fuzzing checks, and inputs for them.

pub mod mutation;
pub mod properties;
pub mod seeds;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
