//! The items of a delivery, each claimed and settled on its own.

mod claims;
mod for_each;
mod outcome;

pub use self::outcome::{ItemFailure, ItemFailureKind, ItemsError, ItemsOutcome};
