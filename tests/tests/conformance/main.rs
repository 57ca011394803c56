//! What a request must get, written once, and asked of every adapter over real sockets.
//!
//! A case is data (`case.rs`, `cases/`); an adapter is judged by a [`Driver`] that serves it
//! (`driver.rs`). A difference between two adapters is a defect of one of them.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod case;
mod cases;
mod check;
mod client;
mod coverage;
mod driver;
mod request;
mod run;
mod sender;
mod stage;
mod store;
mod table;
mod tenants;

use std::io::Write;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::case::{Case, Protocol};
use self::driver::Driver;
use self::driver::actix::Actix;
use self::driver::axum::Axum;
use self::driver::hyper::Hyper;
use self::table::{Row, Table};

/// The adapters, each under each server that carries it.
const DRIVERS: [&dyn Driver; 4] = [&Axum, &Hyper(Protocol::Http1), &Hyper(Protocol::Http2), &Actix];

/// How many cases run at once; most of their time they wait for a deadline.
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_adapter_gives_what_the_cases_say() {
    let cases = cases::all();
    let table = judge(&cases).await;
    // Past the test harness, which would show it only on failure.
    write!(std::io::stderr().lock(), "\n{table}").unwrap();
    let differences = table.differences();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

async fn judge(cases: &[Case]) -> Table<'_> {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for (row, case) in cases.iter().enumerate() {
        for (column, driver) in DRIVERS.into_iter().enumerate() {
            let is_over = case.not_over.is_some_and(|(protocol, _)| protocol == driver.protocol());
            if is_over || driver.excuse(&case.name).is_some() {
                continue;
            }
            let (case, permits) = (case.clone(), permits.clone());
            running.spawn(async move {
                let _permit = permits.acquire().await.unwrap();
                (row, column, run::run(&case, driver).await)
            });
        }
    }
    let mut rows: Vec<_> =
        cases.iter().map(|case| Row { case, cells: vec![None; DRIVERS.len()] }).collect();
    while let Some(done) = running.join_next().await {
        let (row, column, verdict) = done.unwrap();
        rows[row].cells[column] = Some(verdict);
    }
    Table { drivers: &DRIVERS, rows }
}
