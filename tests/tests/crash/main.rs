//! Receivers are killed repeatedly, mostly at random moments, while the command `countersign send`
//! delivers to them and retries as its sender does, only faster. Deliveries that it stops retrying are
//! repeated by hand, as senders allow.
//!
//! Afterwards every event was handled, none was handled again after it was marked as handled, and in
//! transaction mode each was applied exactly once. Receivers with planted faults show that violations
//! are detected. `CRASH_SEED` sets the seed of the kills and of the duration of each step; the
//! scheduling remains the machine's.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod audit;
mod fleet;
mod report;
mod journal;
mod invariants;
mod load;
#[path = "../support/store.rs"]
mod store;
mod receiver;
mod run;
mod config;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use config::{Fault, Mode};
use countersign_test_support::{PostgresServer, RedisServer};
use invariants::Invariant;
use run::Run;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use store::StoreLocation;
use tempfile::TempDir;

/// Runs in child processes: the receivers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_receives() {
    let Ok(config) = std::env::var(fleet::RECEIVE) else { return };
    receiver::serve(serde_json::from_str(&config).unwrap()).await;
}

/// Runs in child processes: the senders.
#[test]
fn child_that_sends() {
    load::run_command();
}

fn file() -> (TempDir, StoreLocation) {
    let dir = tempfile::tempdir().unwrap();
    let path = run::path(&dir, "app.db");
    (dir, StoreLocation::Sqlite(path))
}

/// A new database on the server that these tests share.
fn database() -> Option<(Arc<PostgresServer>, StoreLocation)> {
    static DATABASES: AtomicUsize = AtomicUsize::new(0);
    let server = PostgresServer::shared()?;
    let name = format!("crash_{}", DATABASES.fetch_add(1, Ordering::SeqCst));
    run::block_on(async {
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    });
    let url = server.url().replace("/postgres?", &format!("/{name}?"));
    Some((server, StoreLocation::Postgres(url)))
}

fn redis() -> Option<(RedisServer, StoreLocation)> {
    let server = RedisServer::start(&[])?;
    let location = StoreLocation::Redis(server.url());
    Some((server, location))
}

#[test]
fn sqlite_keeps_the_events_that_a_killed_receiver_handled() {
    let (_dir, file) = file();
    Run::new(file, Mode::Lease).run().is_sound();
}

#[test]
fn sqlite_applies_the_writes_of_a_killed_receiver_exactly_once() {
    let (_dir, file) = file();
    Run::new(file, Mode::Transaction).run().is_sound();
}

#[test]
fn sqlite_keeps_the_events_of_two_killed_receivers() {
    let (_dir, file) = file();
    Run::new(file, Mode::Lease).two_receivers().run().is_sound();
}

#[test]
fn sqlite_applies_the_writes_of_two_killed_receivers_exactly_once() {
    let (_dir, file) = file();
    Run::new(file, Mode::Transaction).two_receivers().run().is_sound();
}

#[test]
fn postgres_keeps_the_events_that_a_killed_receiver_handled() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Lease).run().is_sound();
}

#[test]
fn postgres_applies_the_writes_of_a_killed_receiver_exactly_once() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Transaction).run().is_sound();
}

#[test]
fn postgres_keeps_the_events_of_two_killed_receivers() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Lease).two_receivers().run().is_sound();
}

#[test]
fn postgres_applies_the_writes_of_two_killed_receivers_exactly_once() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Transaction).two_receivers().run().is_sound();
}

#[test]
fn redis_keeps_the_events_that_a_killed_receiver_handled() {
    let Some((_server, redis)) = redis() else { return };
    Run::new(redis, Mode::Lease).run().is_sound();
}

#[test]
fn redis_keeps_the_events_of_two_killed_receivers() {
    let Some((_server, redis)) = redis() else { return };
    Run::new(redis, Mode::Lease).two_receivers().run().is_sound();
}

fn run_with(fault: Fault, mode: Mode) -> report::Report {
    let (_dir, file) = file();
    Run::new(file, mode).fault(fault).run()
}

#[test]
fn a_receiver_that_marks_before_it_handles_is_detected() {
    run_with(Fault::MarksBeforeHandling, Mode::Lease).violates(Invariant::NothingLost);
}

#[test]
fn a_receiver_that_responds_before_it_handles_is_detected() {
    run_with(Fault::RespondsEarly, Mode::Lease).violates(Invariant::NothingLost);
}

#[test]
fn a_receiver_that_forgets_events_is_detected() {
    let report = run_with(Fault::ForgetsEvents, Mode::Lease);
    report.violates(Invariant::HandledStaysHandled);
    report.violates(Invariant::FencingTokensRise);
}

#[test]
fn a_receiver_without_leases_is_detected() {
    run_with(Fault::NoLease, Mode::Lease).violates(Invariant::OneAtATime);
}

#[test]
fn a_receiver_that_writes_outside_the_transaction_is_detected() {
    run_with(Fault::WritesOutsideTransaction, Mode::Transaction).violates(Invariant::AppliedOnce);
}
