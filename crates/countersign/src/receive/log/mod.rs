//! The log of deliveries: what it notes of a request, and the task that writes it.

mod recording;
mod writer;

pub use self::recording::Recording;
pub(super) use self::writer::{StartWriter, write_log};
