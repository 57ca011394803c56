//! The contract of each store, with the calls spread over several processes.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue panics")]

#[path = "../support/store.rs"]
#[allow(dead_code, reason = "the crash test needs more of it")]
mod store;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use countersign::testing::store::{Processes, StoreUnderTest, check, serve_calls};
use countersign_test_support::{PostgresServer, RedisServer, report_missing};
use store::StoreLocation;
use tokio::time::sleep;

/// The least number of calls of each process.
const CALLS: usize = 200;

/// The variable with a child's configuration, as JSON: its store, by how many hours its clock is ahead, and
/// when it was started.
const CONFIG: &str = "COUNTERSIGN_PROCESSES_CONFIG";

/// Runs in child processes: it opens the store and executes the calls of the parent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_calls_the_store() {
    let Ok(config) = std::env::var(CONFIG) else { return };
    let (location, hours, started): (StoreLocation, i64, SystemTime) =
        serde_json::from_str(&config).unwrap();
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let ahead = seconds(SystemTime::now()).cast_signed() - seconds(started).cast_signed();
    // A process that ends here responds to no call, so the test fails.
    assert!((hours * 3600..hours * 3600 + 300).contains(&ahead), "it is {ahead} s ahead");
    serve_calls(location.open().await).await;
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

fn child(location: &StoreLocation, clock: &Clock) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_that_calls_the_store", "--exact"]);
    let hours = match clock {
        Clock::Right => 0,
        Clock::Ahead { hours, library } => {
            command.env("LD_PRELOAD", library).env("FAKETIME", format!("{hours:+}h"));
            // Timers are not affected.
            command.env("DONT_FAKE_MONOTONIC", "1");
            *hours
        }
    };
    let config = (location, hours, SystemTime::now());
    command.env(CONFIG, serde_json::to_string(&config).unwrap());
    command
}

struct Spread(Processes);

impl StoreUnderTest for Spread {
    type Store = Processes;

    async fn open(&self) -> Processes {
        self.0.clone()
    }

    /// Redis keeps a key through the millisecond in which it ends.
    async fn advance(&self, duration: Duration) {
        sleep(duration + Duration::from_millis(2)).await;
    }

    /// Processes that wait for each other's locks take longer than a single one.
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

async fn keeps_the_contract(location: StoreLocation) {
    keeps_the_contract_by(location, [Clock::Right, Clock::Right, Clock::Right]).await;
}

async fn keeps_the_contract_by(location: StoreLocation, clocks: [Clock; 3]) {
    location.prepare().await;
    let commands = clocks.iter().map(|clock| child(&location, clock));
    let processes = Processes::start(commands).unwrap();
    assert_eq!(check(&Spread(processes.clone())).await, Ok(()));
    let calls = processes.calls();
    assert!(calls.iter().all(|calls| *calls > CALLS), "{calls:?}");
}

/// Leases and retention follow the server's clock.
async fn keeps_the_contract_with_wrong_clocks(location: StoreLocation, library: PathBuf) {
    let ahead = |hours| Clock::Ahead { hours, library: library.clone() };
    keeps_the_contract_by(location, [Clock::Right, ahead(1), ahead(-1)]).await;
}

/// Returns the library that gives a process another clock; `None`, with a note, if it is not installed.
fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().filter_map(Result::ok);
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    let library = libraries.find(|library| library.exists());
    if library.is_none() {
        report_missing("libfaketime");
    }
    library
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_keeps_the_contract_for_several_processes() {
    let dir = tempfile::tempdir().unwrap();
    keeps_the_contract(StoreLocation::Sqlite(
        dir.path().join("app.db").to_str().unwrap().to_owned(),
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_keeps_the_contract_for_several_processes() {
    let Some(server) = PostgresServer::start() else { return };
    keeps_the_contract(StoreLocation::Postgres(server.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_keeps_the_contract_for_several_processes() {
    let Some(server) = RedisServer::start(&[]) else { return };
    keeps_the_contract(StoreLocation::Redis(server.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_keeps_the_contract_for_processes_whose_clocks_are_wrong() {
    let (Some(server), Some(library)) = (PostgresServer::start(), faketime()) else { return };
    keeps_the_contract_with_wrong_clocks(StoreLocation::Postgres(server.url()), library).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_keeps_the_contract_for_processes_whose_clocks_are_wrong() {
    let (Some(server), Some(library)) = (RedisServer::start(&[]), faketime()) else {
        return;
    };
    keeps_the_contract_with_wrong_clocks(StoreLocation::Redis(server.url()), library).await;
}
