//! The contract of each store, with the calls of every task spread over several processes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../crash/place.rs"]
#[allow(dead_code, reason = "the crash test needs more of it")]
mod place;
#[path = "../../../crates/countersign-sqlx/tests/support/postgres.rs"]
#[allow(dead_code, reason = "the store's own suite needs more of it")]
mod postgres;
#[path = "../../../crates/countersign-redis/tests/support/server.rs"]
#[allow(dead_code, reason = "the store's own suite needs more of it")]
mod redis_server;
mod spread;

use std::time::Duration;

use countersign::testing::store::{StoreUnderTest, check};
use place::Place;
use spread::Spread;
use tokio::time::sleep;

/// How many processes there are, and how many calls each has at the least.
const PROCESSES: usize = 3;
const CALLS: usize = 200;

/// Runs in processes of its own: the store's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_calls_the_store() {
    spread::call_as_told().await;
}

impl StoreUnderTest for Spread {
    type Store = Self;

    async fn open(&self) -> Self {
        self.clone()
    }

    async fn pass(&self, span: Duration) {
        sleep(span).await;
    }

    /// Processes that wait for each other's locks take longer than one.
    fn brief(&self) -> Duration {
        Duration::from_millis(200)
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = T> + Send {
        let worker = tokio::spawn(work);
        async { worker.await.unwrap() }
    }
}

async fn keeps_the_contract(place: Place) {
    place.prepare().await;
    let spread = Spread::over(PROCESSES, &place);
    assert_eq!(check(&spread).await, Ok(()));
    let calls = spread.calls();
    assert!(calls.iter().all(|calls| *calls > CALLS), "{calls:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_keeps_the_contract_for_several_processes() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(Place::Sqlite(dir.path().join("app.db").to_str().unwrap().to_owned())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_keeps_the_contract_for_several_processes() {
    let Some(server) = postgres::Server::new() else { return };
    keeps_the_contract(Place::Postgres(server.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_keeps_the_contract_for_several_processes() {
    let Some(server) = redis_server::Server::start(&[]) else { return };
    keeps_the_contract(Place::Redis(server.url())).await;
}
