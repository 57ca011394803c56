//! The findings of `explain`: requests broken in one way have that finding, and others do not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[path = "../common/snake.rs"]
mod snake;
mod breaks;
mod valid;
mod diagnoses;
mod found;
mod bounds;
mod one_break;
mod false_causes;
