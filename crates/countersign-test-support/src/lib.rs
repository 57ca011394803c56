//! What the tests of several crates share. Each test names the features that it needs.
//!
//! The servers are started by the tests and stop with them. If a server is not installed, its tests are
//! skipped with a note, or fail if `COUNTERSIGN_REQUIRE_SERVERS` is set.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics"
)]

mod child;
#[cfg(feature = "log")]
mod log;
#[cfg(feature = "postgres")]
mod postgres_server;
#[cfg(feature = "redis")]
mod redis_server;
mod requirement;
mod split_mix;
#[cfg(feature = "webhook")]
pub mod webhook;

pub use child::{ChildTest, report, store_location};
#[cfg(feature = "log")]
pub use log::CapturedLog;
#[cfg(feature = "postgres")]
pub use postgres_server::PostgresServer;
#[cfg(feature = "redis")]
pub use redis_server::RedisServer;
pub use requirement::report_missing;
pub use split_mix::SplitMix64;
