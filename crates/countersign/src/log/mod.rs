//! The delivery log: one line for each request, for an operator to see what came and what became of it.
//!
//! An adapter's layer is given a [`DeliveryLog`], and from then on notes each request: when it came, to which
//! endpoint, from which sender, with which outcome, which status the sender got, and after how long. Lines are
//! kept in memory and written in batches, at most a quarter of a second later. **A response never waits for the
//! log**: where the store cannot keep up, lines are dropped and counted.
//!
//! A line holds no secret, no value of a header and no piece of a body. Anyone can send requests that are
//! rejected, so of each kind of rejection an endpoint logs at most 60 lines a minute; the others are only
//! counted.
//!
//! Beside the lines there are counts for each minute, endpoint, outcome and kind of rejection. They include
//! what was dropped, and success rates are made of them.
//!
//! ```
//! use countersign::log::{DeliveryLog, LogRetention, MemoryLog};
//! use std::time::Duration;
//!
//! let mut retention = LogRetention::default();
//! retention.age = Duration::from_secs(7 * 24 * 60 * 60);
//! let log = DeliveryLog::builder(MemoryLog::new()).retention(retention).build();
//! # drop(log);
//! ```
//!
//! [The guide](https://github.com/countersign/countersign/blob/main/docs/delivery-log.md) has more.

mod batch;
mod builder;
mod capture;
mod delivery_log;
mod entry;
mod inspect;
mod memory;
mod queue;
mod retention;
mod store;

pub use self::batch::{LogBatch, LogRate};
pub use self::builder::DeliveryLogBuilder;
pub(crate) use self::capture::Capture;
pub use self::capture::CapturedRequest;
pub(crate) use self::delivery_log::{Begun, PAUSE};
pub use self::delivery_log::{DeliveryLog, LogStats};
pub use self::entry::{LogEntry, LogId, LogRecord};
pub use self::inspect::{InspectLog, LogFilter};
pub use self::memory::MemoryLog;
pub use self::retention::LogRetention;
pub use self::store::LogStore;
