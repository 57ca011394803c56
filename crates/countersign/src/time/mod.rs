//! Timestamps, tolerances and clocks.
//!
//! Time is an argument: verification takes a [`Timestamp`] and reads no clock. Adapters and stores read
//! a [`Clock`].

mod clock;
mod format;
mod timestamp;
mod tolerance;

pub use self::clock::{Clock, FixedClock, MonotonicClock, SystemClock};
pub use self::format::TimestampFormat;
pub use self::timestamp::Timestamp;
pub(crate) use self::tolerance::Freshness;
pub use self::tolerance::Tolerance;
