//! Deduplication for [`countersign`] that survives a crash: in SQLite for one machine, in PostgreSQL
//! for many.
//!
//! | feature | store | for |
//! |---|---|---|
//! | `sqlite` | [`SqliteStore`] | one machine, any number of processes; a path is all it needs |
//! | `postgres` | [`PostgresStore`] | many machines |
//!
//! Leases and retention run by the store's own clock, so the machines' clocks may differ.
//!
//! # Lease mode
//!
//! Given to a receiver, either store is asked before and after each handler, like any
//! [`DedupStore`](countersign::dedup::DedupStore). An event is then handled at least once, and one at a time
//! within a lease: a process that dies between the handler's work and the commit leaves an event
//! whose next delivery repeats the work.
//!
//! # Transaction mode
//!
//! A handler whose work is writing to the same database need not repeat it: `begin` gives it a
//! transaction that holds the event, and whose `commit` marks it as handled. The handler's writes and
//! the mark are committed together or not at all, so the work is applied **effectively once**.
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
//!         .execute(&mut **transaction)
//!         .await?;
//!     transaction.commit().await
//! }
//! # }
//! ```
//!
//! - Answer with an error status where `begin` or `commit` fails: nothing was applied, or another
//!   handler did it, and the sender's retry finds out which.
//! - A handler that answers 2xx *without* committing has said that there is nothing to write: its
//!   event is marked as handled all the same.
//! - The handler and its receiver have one store between them: clones of it, not two that were opened.
//! - While a transaction is open, nobody else is granted its event. Keep it short, and begin it after
//!   the slow work: PostgreSQL keeps a connection busy for it, SQLite has one writer at a time.

mod error;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod held;
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
