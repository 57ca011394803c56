//! Each diagnosis: requests broken that way are called that, and those broken otherwise are not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../common/snake.rs"]
mod snake;
mod breaks;
mod valid;
mod diagnoses;
mod found;
mod bounds;
