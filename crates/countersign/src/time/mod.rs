//! Time as a value. Verification is told the time; only a [`Clock`] reads one.

mod clock;
mod format;
mod timestamp;
mod tolerance;

pub use self::clock::{Clock, FixedClock, MonotonicClock, SystemClock};
pub use self::format::TimestampFormat;
pub use self::timestamp::Timestamp;
pub(crate) use self::tolerance::Freshness;
pub use self::tolerance::Tolerance;
