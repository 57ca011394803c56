//! The log of deliveries: what it notes of a request, and the task that writes it.

mod recording;
mod writer;

pub use self::recording::Recording;
pub(super) use self::recording::StartWriter;
pub(super) use self::writer::write_log;
