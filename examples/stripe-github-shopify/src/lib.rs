//! A service that routes the events of Stripe, GitHub and Shopify to typed handlers, in axum or actix-web.
//!
//! Run it with the secrets of the three senders:
//!
//! ```sh
//! export STRIPE_WEBHOOK_SECRET=whsec_… GITHUB_WEBHOOK_SECRET=… SHOPIFY_WEBHOOK_SECRET=…
//! cargo run -p stripe-github-shopify --bin with-axum # or with-actix
//! ```
//!
//! | what | where |
//! |---|---|
//! | the senders, their secrets, and the store that remembers their events | `receivers.rs` |
//! | the parts of the events that the service reads | `events.rs` |
//! | routes and handlers in axum | `axum.rs`, with the server in `bin/with-axum.rs` |
//! | routes and handlers in actix-web | `actix.rs`, with the server in `bin/with-actix.rs` |
//! | which event reaches which handler, tested for both frameworks | `tests/table.rs` |

pub mod actix;
pub mod axum;
mod events;
mod ledger;
mod receivers;
mod termination;

pub use self::ledger::Ledger;
pub use self::receivers::{Receivers, Secrets};
pub use self::termination::{GRACE, terminated};

/// An error ends the program with a line of text.
pub type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// The address of the server. A proxy in front of it ends TLS.
pub const ADDRESS: &str = "127.0.0.1:3000";
