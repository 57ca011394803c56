//! The expected response to every kind of request, written once and tested with every adapter over real
//! sockets.
//!
//! A case is data (`case.rs`, `cases/`). A [`Driver`] serves an adapter (`driver.rs`). A difference
//! between two adapters is a defect of one of them.
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
mod routes;
mod run;
mod sender;
mod environment;
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

/// The adapters, each with every server that it supports.
const DRIVERS: [&dyn Driver; 4] = [&Axum, &Hyper(Protocol::Http1), &Hyper(Protocol::Http2), &Actix];

/// The number of concurrent cases. They mostly wait for deadlines.
const CONCURRENCY: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_adapter_passes_every_case() {
    let cases = cases::all();
    let table = run_all(&cases).await;
    // Bypasses the test harness, which would print this only on failure.
    write!(std::io::stderr().lock(), "\n{table}").unwrap();
    let differences = table.differences();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

async fn run_all(cases: &[Case]) -> Table<'_> {
    let permits = Arc::new(Semaphore::new(CONCURRENCY));
    let mut running = JoinSet::new();
    for (row, case) in cases.iter().enumerate() {
        for (column, driver) in DRIVERS.into_iter().enumerate() {
            let is_excluded =
                case.not_over.is_some_and(|(protocol, _)| protocol == driver.protocol());
            if is_excluded || driver.skip_reason(&case.name).is_some() {
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
        let (row, column, result) = done.unwrap();
        rows[row].cells[column] = Some(result);
    }
    Table { drivers: &DRIVERS, rows }
}
