//! The event router for axum.
//!
//! | part | file |
//! |---|---|
//! | the router: its patterns, its handlers, and the call of one of them | `router.rs` |
//! | the pattern that a name belongs to | `table.rs` |
//! | handlers of different types in one table | `boxed_handler.rs` |

mod boxed_handler;
mod router;
mod table;

pub use self::router::Events;
