//! The contract of an [`InboxStore`](crate::inbox::InboxStore), as a test suite for your own store.
//!
//! [`check`] runs the whole suite, and returns the first promise that the store breaks. It looks only at what the
//! store returns, so it suits a store in memory as well as one behind a network.
//!
//! ```
//! use std::time::Duration;
//!
//! use countersign::Timestamp;
//! use countersign::inbox::MemoryInbox;
//! use countersign::testing::inbox::{InboxUnderTest, check};
//! use countersign::time::FixedClock;
//!
//! struct Memory(FixedClock);
//!
//! impl InboxUnderTest for Memory {
//!     type Store = MemoryInbox;
//!
//!     async fn open(&self) -> MemoryInbox {
//!         MemoryInbox::danger_with_clock(self.0.clone()).unwrap()
//!     }
//!
//!     async fn advance(&self, duration: Duration) {
//!         self.0.advance(duration);
//!     }
//! }
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let clock = FixedClock::new(Timestamp::from_secs(1_700_000_000));
//!     Ok(check(&Memory(clock)).await?)
//! }
//! ```

mod attempts;
mod broken_promise;
mod harness;
mod lanes;
mod model;
mod operator;
mod storing;

pub use self::broken_promise::BrokenPromise;
use self::harness::Harness;
pub use self::harness::InboxUnderTest;

/// Checks every promise of an inbox's store.
///
/// # Errors
///
/// The first promise that the store breaks.
pub async fn check(inbox: &impl InboxUnderTest) -> Result<(), BrokenPromise> {
    storing::check(&Harness::open(inbox).await).await?;
    attempts::check(inbox).await?;
    lanes::check(&Harness::open(inbox).await).await?;
    operator::check(&Harness::open(inbox).await).await?;
    for seed in 1..=4 {
        model::check(&Harness::open(inbox).await, seed).await?;
    }
    Ok(())
}
