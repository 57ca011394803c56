//! What tests of your own can lean on (feature `testing`).

pub mod store;
