//! A console for [`countersign`]: see what came, why it was refused, and deliver it again.
//!
//! The console is part of your service: server-rendered pages over a [delivery log](countersign::log), an
//! [inbox](countersign::inbox), or both. Everything but the live count works without JavaScript, every link is
//! relative, and nothing is loaded from elsewhere.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # fn main() {
//! use axum::Router;
//! use countersign_console::{Access, Console};
//! use countersign_sqlx::SqliteStore;
//!
//! fn app(store: SqliteStore) -> Router {
//!     let console = Console::new(|request| match request.headers.get("x-forwarded-user") {
//!         // Set by a proxy that has authenticated the person, and removes the header from outside.
//!         Some(name) => Access::operate(name.to_str().unwrap_or_default()),
//!         None => Access::Forbidden,
//!     });
//!     Router::new().nest_service("/console", console.log(store.clone()).inbox(store).axum())
//! }
//! # }
//! # #[cfg(not(feature = "axum"))]
//! # fn main() {}
//! ```
//!
//! # Security
//!
//! Who may see what is decided by the closure that [`Console::new`] takes: there is no console without it.
//! Requests that change something are accepted by `POST` from the console's own pages only. Payloads are shown as
//! text, with the characters made visible that control a terminal or turn its writing direction. Every act is
//! recorded with the person's name, through `tracing` and on the overview.
//!
//! [The guide](https://github.com/countersign/countersign/blob/main/docs/console.md) has more.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod acts;
#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
mod body;
mod console;
mod endpoint;
mod feed;
mod pages;
mod query;
mod reply;
mod respond;
mod same_origin;
mod source;
mod view;

pub use self::access::Access;
pub use self::body::{Body, Feed};
pub use self::console::Console;
