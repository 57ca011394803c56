//! Receivers are killed again and again, mostly at random moments, while the command `countersign
//! send` delivers to them and retries as its sender does, only faster. What it gives up is delivered
//! by hand, as senders let one do.
//!
//! Afterwards every event was handled, none was handled again once it was marked as such, and in
//! transaction mode each was applied exactly once. That a breach would be found is shown by receivers
//! with planted faults. `CRASH_SEED` sets the seed of who is killed when, and how long each step
//! takes; the rest is the machine's.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod fleet;
mod found;
mod journal;
mod judge;
mod load;
#[path = "../support/place.rs"]
mod place;
mod receiver;
mod run;
mod setup;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_test_support::{PostgresServer, RedisServer};
use judge::Invariant;
use place::Place;
use run::Run;
use setup::{Fault, Mode};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

/// Runs in processes of its own: the receivers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_receives() {
    let Ok(setup) = std::env::var(fleet::RECEIVE) else { return };
    receiver::serve(serde_json::from_str(&setup).unwrap()).await;
}

/// Runs in processes of its own: the senders.
#[test]
fn child_that_sends() {
    load::run_as_told();
}

fn file() -> (TempDir, Place) {
    let dir = tempfile::tempdir().unwrap();
    let path = run::path(&dir, "app.db");
    (dir, Place::Sqlite(path))
}

/// A database of its own on the server that these tests share.
fn database() -> Option<(Arc<PostgresServer>, Place)> {
    static DATABASES: AtomicUsize = AtomicUsize::new(0);
    let server = PostgresServer::shared()?;
    let name = format!("crash_{}", DATABASES.fetch_add(1, Ordering::SeqCst));
    run::block_on(async {
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    });
    let url = server.url().replace("/postgres?", &format!("/{name}?"));
    Some((server, Place::Postgres(url)))
}

fn redis() -> Option<(RedisServer, Place)> {
    let server = RedisServer::start(&[])?;
    let place = Place::Redis(server.url());
    Some((server, place))
}

#[test]
fn sqlite_keeps_what_a_killed_receiver_had_handled() {
    let (_dir, file) = file();
    Run::new(file, Mode::Lease).go().is_sound();
}

#[test]
fn sqlite_applies_what_a_killed_receiver_wrote_exactly_once() {
    let (_dir, file) = file();
    Run::new(file, Mode::Transaction).go().is_sound();
}

#[test]
fn sqlite_serves_two_receivers_that_are_killed() {
    let (_dir, file) = file();
    Run::new(file, Mode::Lease).two_receivers().go().is_sound();
}

#[test]
fn sqlite_applies_what_two_receivers_that_are_killed_wrote_exactly_once() {
    let (_dir, file) = file();
    Run::new(file, Mode::Transaction).two_receivers().go().is_sound();
}

#[test]
fn postgres_keeps_what_a_killed_receiver_had_handled() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Lease).go().is_sound();
}

#[test]
fn postgres_applies_what_a_killed_receiver_wrote_exactly_once() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Transaction).go().is_sound();
}

#[test]
fn postgres_serves_two_receivers_that_are_killed() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Lease).two_receivers().go().is_sound();
}

#[test]
fn postgres_applies_what_two_receivers_that_are_killed_wrote_exactly_once() {
    let Some((_server, database)) = database() else { return };
    Run::new(database, Mode::Transaction).two_receivers().go().is_sound();
}

#[test]
fn redis_keeps_what_a_killed_receiver_had_handled() {
    let Some((_server, redis)) = redis() else { return };
    Run::new(redis, Mode::Lease).go().is_sound();
}

#[test]
fn redis_serves_two_receivers_that_are_killed() {
    let Some((_server, redis)) = redis() else { return };
    Run::new(redis, Mode::Lease).two_receivers().go().is_sound();
}

fn planted(fault: Fault, mode: Mode) -> found::Found {
    let (_dir, file) = file();
    Run::new(file, mode).fault(fault).go()
}

#[test]
fn a_receiver_that_marks_before_it_handles_is_found_out() {
    planted(Fault::MarksFirst, Mode::Lease).breaks(Invariant::NothingLost);
}

#[test]
fn a_receiver_that_answers_before_it_handles_is_found_out() {
    planted(Fault::AnswersEarly, Mode::Lease).breaks(Invariant::NothingLost);
}

#[test]
fn a_receiver_that_forgets_is_found_out() {
    let found = planted(Fault::Forgets, Mode::Lease);
    found.breaks(Invariant::DoneIsDone);
    found.breaks(Invariant::FencesRise);
}

#[test]
fn a_receiver_whose_leases_do_not_hold_is_found_out() {
    planted(Fault::NoLease, Mode::Lease).breaks(Invariant::OneAtATime);
}

#[test]
fn a_receiver_that_writes_beside_the_transaction_is_found_out() {
    planted(Fault::WritesOutside, Mode::Transaction).breaks(Invariant::AppliedOnce);
}
