//! The raw results of the benchmark programs, the targets, and the page that is made of both.

mod chart;
pub mod names;
mod number;
mod page;
mod results;
mod run;
mod table;
mod targets;

pub use self::page::page;
pub use self::results::{Results, Series};
pub use self::run::{Machine, Run};
pub use self::table::{Column, table};
pub use self::targets::targets;

/// The result of reading, writing or rendering.
pub type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;
