//! Services with an inbox are killed at random moments under load, while they receive, store, handle and settle.
//!
//! Afterwards every acknowledged event has been handled, every message was done once and never begun again,
//! every further run of a handler was told that it takes over, and in transaction mode each event was applied
//! exactly once. Services with planted faults show that violations are detected. `CRASH_SEED` sets the seed of
//! the kills, and `CRASH_ROUNDS` their number for each test; the scheduling remains the machine's.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue panics"
)]

mod audit;
mod config;
mod load;
mod run;
mod service;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use config::{Config, Fault, Mode, StoreLocation};
use countersign_test_support::PostgresServer;
use run::{Violation, run};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

/// Runs in child processes: the services.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_serves() {
    let Some(config) = countersign_test_support::store_location() else { return };
    service::serve(serde_json::from_str(&config).unwrap()).await;
}

fn file() -> (TempDir, StoreLocation) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("inbox.db").to_str().unwrap().to_owned();
    (dir, StoreLocation::Sqlite(path))
}

/// A new database on the server that these tests share.
fn database() -> Option<(Arc<PostgresServer>, StoreLocation)> {
    static DATABASES: AtomicUsize = AtomicUsize::new(0);
    let server = PostgresServer::shared()?;
    let name = format!("inbox_{}", DATABASES.fetch_add(1, Ordering::SeqCst));
    run::block_on(async {
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    });
    let url = server.url().replace("/postgres?", &format!("/{name}?"));
    Some((server, StoreLocation::Postgres(url)))
}

fn is_sound(store: StoreLocation, mode: Mode, services: usize) {
    let violations = run(Config::new(store, mode, Fault::None), services);
    assert!(violations.is_empty(), "{violations:#?}");
}

fn detects(mode: Mode, fault: Fault, is_expected: fn(&Violation) -> bool) {
    let (_dir, store) = file();
    let violations = run(Config::new(store, mode, fault), 1);
    assert!(violations.iter().any(is_expected), "{fault:?} was not detected: {violations:#?}");
}

#[test]
fn sqlite_keeps_the_acknowledged_events_of_a_killed_service() {
    let (_dir, store) = file();
    is_sound(store, Mode::Lease, 1);
}

#[test]
fn sqlite_keeps_the_acknowledged_events_of_two_killed_services() {
    let (_dir, store) = file();
    is_sound(store, Mode::Lease, 2);
}

#[test]
fn sqlite_applies_the_writes_of_two_killed_services_exactly_once() {
    let (_dir, store) = file();
    is_sound(store, Mode::Transaction, 2);
}

#[test]
fn postgres_keeps_the_acknowledged_events_of_a_killed_service() {
    let Some((_server, store)) = database() else { return };
    is_sound(store, Mode::Lease, 1);
}

#[test]
fn postgres_keeps_the_acknowledged_events_of_two_killed_services() {
    let Some((_server, store)) = database() else { return };
    is_sound(store, Mode::Lease, 2);
}

#[test]
fn postgres_applies_the_writes_of_two_killed_services_exactly_once() {
    let Some((_server, store)) = database() else { return };
    is_sound(store, Mode::Transaction, 2);
}

#[test]
fn a_service_that_responds_before_it_stores_is_detected() {
    detects(Mode::Lease, Fault::RespondsEarly, |found| matches!(found, Violation::Lost(_)));
}

#[test]
fn a_worker_that_settles_before_it_handles_is_detected() {
    detects(Mode::Lease, Fault::SettlesFirst, |found| matches!(found, Violation::Lost(_)));
}

#[test]
fn a_handler_that_writes_outside_the_transaction_is_detected() {
    let is_twice = |found: &Violation| matches!(found, Violation::AppliedNotOnce(..));
    detects(Mode::Transaction, Fault::WritesOutside, is_twice);
}
