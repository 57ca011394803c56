//! The inbox: events are stored, acknowledged, and handled by the same handler, over real databases.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics"
)]

mod support;
mod worker;
