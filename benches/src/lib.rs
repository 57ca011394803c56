//! Shared code of the benchmark programs: signed requests, contenders, and the race between them.

mod event;
mod ours;
mod peers;
mod poll;
mod program;
mod race;
mod request;
pub mod server;
mod tenants;

pub use self::event::Event;
pub use self::ours::{bare, handled, receiver, verified};
pub use self::peers::{standard_webhooks, svix, webhook_verify};
pub use self::poll::at_once;
pub use self::program::Program;
pub use self::race::{Contender, race};
pub use self::request::{Request, secret};
pub use self::tenants::{KNOWN, UNKNOWN, rejected, tenants};

/// The result of preparing or running a benchmark.
pub type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;
