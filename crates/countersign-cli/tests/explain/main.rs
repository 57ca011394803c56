//! Each diagnosis: requests broken that way are called that, and those broken otherwise are not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod breaks;
mod valid;
mod diagnoses;
mod found;
mod bounds;
