//! One run: services, senders, kills, and the audit.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::{ChildTest, SplitMix64};
use countersign_tower::inbox::InboxStore;
use sqlx::query;

use crate::audit;
use crate::config::{Config, Fault, Mode, StoreLocation};
use crate::load::Load;

/// The kills of one run, unless `CRASH_ROUNDS` sets another number for the sound ones.
const ROUNDS: u64 = 15;

/// How long the last service may take to handle what is left.
const PATIENCE: Duration = Duration::from_secs(120);

/// What must not happen.
#[derive(Debug)]
#[expect(dead_code, reason = "a failed test prints the fields")]
pub(crate) enum Violation {
    /// An acknowledged event was never handled to its end.
    Lost(String),
    /// A handler ran again, and was not told that it takes over.
    RepeatedUnseen(String),
    /// The attempts at a message were not some whose lease expired, and then one that is done.
    Attempts(String, Vec<String>),
    /// A message is in another state than done.
    NotDone(String),
    /// The writes of an event were not applied exactly once.
    AppliedNotOnce(String, i64),
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

struct Service {
    child: ChildTest,
    address: SocketAddr,
}

impl Service {
    fn start(config: &Config) -> Self {
        let config = serde_json::to_string(config).unwrap();
        let mut child = ChildTest::start("child_that_serves", &config);
        let port = u16::try_from(child.next_report().unwrap()).unwrap();
        Self { child, address: (Ipv4Addr::LOCALHOST, port).into() }
    }
}

/// Kills services under load, and returns what went wrong.
pub(crate) fn run(config: Config, services: usize) -> Vec<Violation> {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { journal: dir.path().join("journal"), ..config };
    block_on(prepare(&config));
    let seed = setting("CRASH_SEED", 1);
    let random = SplitMix64::new(seed);
    let mut running: Vec<_> = (0..services).map(|_| Service::start(&config)).collect();
    let load = Load::start(running.iter().map(|service| service.address).collect(), seed);
    let is_sound = matches!(config.fault, Fault::None);
    for _ in 0..if is_sound { setting("CRASH_ROUNDS", ROUNDS) } else { ROUNDS } {
        let index = usize::try_from(random.below(services as u64)).unwrap();
        std::thread::sleep(random.millis(5..250));
        let killed = std::mem::replace(&mut running[index], Service::start(&config));
        drop(killed.child.kill());
        load.replace(index, running[index].address);
    }
    let acknowledged = load.end();
    block_on(until_handled(&config));
    for service in running {
        drop(service.child.kill());
    }
    assert!(acknowledged.len() > 20, "only {} events were acknowledged", acknowledged.len());

    let journal = audit::journal(&config);
    let mut violations = Vec::new();
    for (id, runs) in &journal {
        if runs.takeovers.iter().skip(1).any(|is_takeover| !is_takeover) {
            violations.push(Violation::RepeatedUnseen(id.clone()));
        }
    }
    block_on(async {
        let pool = audit::pool(&config).await;
        for (id, attempts) in audit::attempts(&pool).await {
            let (last, earlier) = attempts.split_last().unwrap();
            // A service that is killed after its handler's commit records no end of the attempt.
            let is_done = last == "done" || config.mode == Mode::Transaction;
            if !is_done || earlier.iter().any(|outcome| outcome != "lease_expired") {
                violations.push(Violation::Attempts(id, attempts));
            }
        }
        let applied = audit::applied(&pool).await;
        for id in &acknowledged {
            let times = applied.get(id).copied().unwrap_or_default();
            let ends = journal.get(id).map_or(0, |runs| runs.ends);
            match config.mode {
                Mode::Lease if ends == 0 => violations.push(Violation::Lost(id.clone())),
                Mode::Transaction if times != 1 => {
                    violations.push(Violation::AppliedNotOnce(id.clone(), times));
                }
                _ => {}
            }
        }
        violations.extend(audit::not_done(&pool).await.into_iter().map(Violation::NotDone));
    });
    violations
}

/// Creates the tables: the store's, and the application's own.
async fn prepare(config: &Config) {
    match &config.store {
        StoreLocation::Sqlite(path) => drop(SqliteStore::open(path).await.unwrap()),
        StoreLocation::Postgres(url) => {
            PostgresStore::connect(url).await.unwrap().migrate().await.unwrap();
        }
    }
    let create = query("CREATE TABLE applied (id TEXT)");
    create.execute(&audit::pool(config).await).await.unwrap();
}

/// Waits until no message is ready or running.
async fn until_handled(config: &Config) {
    match &config.store {
        StoreLocation::Sqlite(path) => {
            until_empty(&SqliteStore::open_existing(path).await.unwrap()).await;
        }
        StoreLocation::Postgres(url) => {
            until_empty(&PostgresStore::connect(url).await.unwrap()).await;
        }
    }
}

async fn until_empty(store: &impl InboxStore) {
    let started = Instant::now();
    loop {
        let backlog = store.backlog().await.unwrap();
        if backlog.live() == 0 {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "messages are left: {backlog:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
