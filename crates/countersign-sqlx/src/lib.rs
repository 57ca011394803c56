//! Webhook deduplication for [`countersign`] that survives a crash: SQLite on one machine, PostgreSQL
//! across many.
//!
//! | feature | store | for |
//! |---|---|---|
//! | `sqlite` | [`SqliteStore`] | one machine, any number of processes; needs only a path |
//! | `postgres` | [`PostgresStore`] | many machines |
//!
//! Leases and retention follow the store's own clock, so the clocks of the machines may differ. The
//! guide [Choosing a store] compares the stores, and has the SQL of their tables.
//!
//! This crate needs sqlx 0.9, which it re-exports as [`sqlx`]. A pool of sqlx 0.8 is of another type.
//!
//! # Lease mode
//!
//! A receiver that is given either store claims an event before its handler runs and commits the claim
//! after it, as with any [`DedupStore`](countersign::dedup::DedupStore). An event is then handled at
//! least once, and by one handler at a time within a lease. If a process dies between the handler's work
//! and the commit, the next delivery of the event repeats the work.
//!
//! # Transaction mode
//!
//! A handler that writes to the same database need not repeat its work. [`PostgresStore::begin`] and
//! [`SqliteStore::begin`] return a transaction whose `commit` also marks the event as handled. The
//! handler's writes and the mark are committed together or not at all, so the work is applied
//! **effectively once**.
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # mod example {
//! use countersign::Delivery;
//! use countersign_sqlx::{SqliteStore, TransactionError, sqlx};
//!
//! async fn on_event(store: &SqliteStore, delivery: &Delivery) -> Result<(), TransactionError> {
//!     let mut transaction = store.begin(delivery).await?;
//!     sqlx::query("INSERT INTO notes (body) VALUES (?)")
//!         .bind(delivery.body().as_ref())
//!         .execute(&mut *transaction)
//!         .await?;
//!     transaction.commit().await
//! }
//! # }
//! ```
//!
//! - Respond with an error status if `begin` or `commit` fails: nothing was applied, or another handler
//!   applied it, and the sender's retry finds out which.
//! - A handler that responds 2xx *without* committing has nothing to write: its event is marked as
//!   handled all the same.
//! - Give the handler and its receiver clones of one store, not two stores that were opened separately.
//! - While a transaction is open, no other claim of its event is granted. Keep it short, and begin it
//!   after the slow work: PostgreSQL keeps a connection busy for it, and SQLite has one writer at a time.
//!
//! # Inbox
//!
//! Both stores also keep the events of an [inbox](countersign::inbox): stored before they are acknowledged, and
//! handled by workers with retries. [`PostgresStore::begin`] and [`SqliteStore::begin`] then mark the event's
//! message as done.
//!
//! [Choosing a store]: https://github.com/countersign/countersign/blob/main/docs/choosing-a-store.md

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(all(test, any(feature = "sqlite", feature = "postgres")))]
#[expect(clippy::expect_used, reason = "a test that cannot continue panics")]
mod documented;
mod error;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod inbox_row;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod log_row;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod open_transactions;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod row;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod transaction;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use countersign;
pub use sqlx;

pub use self::error::{TransactionError, TransactionErrorKind};
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use self::transaction::Transaction;
