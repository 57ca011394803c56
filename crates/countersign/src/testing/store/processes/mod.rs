//! One store, opened by several processes.

mod parent;
mod child;
mod protocol;
mod watched;

pub use self::child::serve_calls;
pub use self::parent::Processes;
