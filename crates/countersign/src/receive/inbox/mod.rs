//! Receiving with an inbox: storing a verified delivery, and running its handler from there.

mod enqueue;
mod handler_response;
mod job;
mod message;
mod recorder;
mod redeliver;
mod request;
mod run;
mod trace;

pub use self::enqueue::enqueue;
pub use self::handler_response::HandlerResponse;
pub use self::job::Job;
pub use self::message::QueuedMessage;
pub use self::redeliver::handle_message;
pub use self::run::run_worker;
