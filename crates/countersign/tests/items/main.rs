//! The items of a delivery: their text, their identity, and how they are claimed and settled.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod config;
mod for_each;
mod identity;
mod reading;
mod support;
