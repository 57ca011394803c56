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

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use countersign::testing::store::{Processes, StoreUnderTest, check, serve_calls};
use place::Place;
use tokio::time::sleep;

/// How many calls each process has at the least.
const CALLS: usize = 200;

/// What a child is told, as JSON: where its store is, by how many hours its clock is ahead, and the
/// time when it was started.
const TOLD: &str = "COUNTERSIGN_PROCESSES_TOLD";

/// Runs in processes of its own: the store's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_calls_the_store() {
    let Ok(told) = std::env::var(TOLD) else { return };
    let (place, hours, started): (Place, i64, SystemTime) = serde_json::from_str(&told).unwrap();
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let ahead = seconds(SystemTime::now()).cast_signed() - seconds(started).cast_signed();
    // A process that ends answers no call.
    assert!((hours * 3600..hours * 3600 + 300).contains(&ahead), "it is {ahead} s ahead");
    serve_calls(place.open().await).await;
}

/// The clock of a process.
#[derive(Clone)]
enum Clock {
    Right,
    /// By libfaketime, which is loaded before the system's own library.
    Ahead {
        hours: i64,
        library: PathBuf,
    },
}

fn child(place: &Place, clock: &Clock) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_that_calls_the_store", "--exact"]);
    let hours = match clock {
        Clock::Right => 0,
        Clock::Ahead { hours, library } => {
            command.env("LD_PRELOAD", library).env("FAKETIME", format!("{hours:+}h"));
            // A timer runs as before.
            command.env("DONT_FAKE_MONOTONIC", "1");
            *hours
        }
    };
    let told = (place, hours, SystemTime::now());
    command.env(TOLD, serde_json::to_string(&told).unwrap());
    command
}

struct Spread(Processes);

impl StoreUnderTest for Spread {
    type Store = Processes;

    async fn open(&self) -> Processes {
        self.0.clone()
    }

    /// Redis keeps a key through the millisecond in which it ends.
    async fn advance(&self, span: Duration) {
        sleep(span + Duration::from_millis(2)).await;
    }

    /// Processes that wait for each other's locks take longer than one.
    fn short_lease(&self) -> Duration {
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
    keeps_the_contract_by(place, [Clock::Right, Clock::Right, Clock::Right]).await;
}

async fn keeps_the_contract_by(place: Place, clocks: [Clock; 3]) {
    place.prepare().await;
    let commands = clocks.iter().map(|clock| child(&place, clock));
    let processes = Processes::start(commands).unwrap();
    assert_eq!(check(&Spread(processes.clone())).await, Ok(()));
    let calls = processes.calls();
    assert!(calls.iter().all(|calls| *calls > CALLS), "{calls:?}");
}

/// Leases and retention run by the server's clock.
async fn keeps_the_contract_whatever_the_clocks_say(place: Place, library: PathBuf) {
    let ahead = |hours| Clock::Ahead { hours, library: library.clone() };
    keeps_the_contract_by(place, [Clock::Right, ahead(1), ahead(-1)]).await;
}

/// What gives a process another clock; `None` where it is not installed, which is told.
fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    let library = libraries.find(|library| library.exists());
    if library.is_none() {
        postgres::missing("libfaketime");
    }
    library
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_keeps_the_contract_for_processes_whose_clocks_are_wrong() {
    let (Some(server), Some(library)) = (postgres::Server::new(), faketime()) else { return };
    keeps_the_contract_whatever_the_clocks_say(Place::Postgres(server.url()), library).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_keeps_the_contract_for_processes_whose_clocks_are_wrong() {
    let (Some(server), Some(library)) = (redis_server::Server::start(&[]), faketime()) else {
        return;
    };
    keeps_the_contract_whatever_the_clocks_say(Place::Redis(server.url()), library).await;
}
