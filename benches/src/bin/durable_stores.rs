//! What the durable stores take, beside the least that their databases could do.
//!
//! The contenders take turns; a ratio is that of two turns in the same round.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign::{Claim, DedupStore, EventKey, Identity, Settled};
use countersign_benches::Result;
use countersign_sqlx::{PostgresStore, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, query};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

#[path = "../../../crates/countersign-sqlx/tests/support/postgres.rs"]
#[expect(clippy::unwrap_used, dead_code, reason = "shared with the tests")]
mod postgres;

const TURN: Duration = Duration::from_millis(250);
const ROUNDS: usize = 25;
const LEASE: Duration = Duration::from_secs(60);
const RETENTION: Duration = Duration::from_secs(60 * 60);

/// Requests at a time, and connections to the server.
const CALLERS: usize = 64;
const CONNECTIONS: u32 = 16;

type Done = Pin<Box<dyn Future<Output = bool> + Send>>;

/// One way to take note of an event; tells whether it was new.
struct Contender {
    name: &'static str,
    callers: usize,
    work: Arc<dyn Fn() -> Done + Send + Sync>,
}

impl Contender {
    fn new<F>(
        name: &'static str,
        callers: usize,
        work: impl Fn(EventKey) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self { name, callers, work: Arc::new(move || Box::pin(work(new_key()))) }
    }

    /// How many events a second all callers together take note of.
    async fn turn(&self) -> Result<f64> {
        let start = Instant::now();
        let mut callers = JoinSet::new();
        for _ in 0..self.callers {
            let work = self.work.clone();
            callers.spawn(async move {
                let mut done = 0_u32;
                while start.elapsed() < TURN {
                    if !work().await {
                        return None;
                    }
                    done += 1;
                }
                Some(done)
            });
        }
        let done = callers.join_all().await.into_iter().sum::<Option<u32>>();
        let done = done.ok_or("an event was not taken")?;
        Ok(f64::from(done) / start.elapsed().as_secs_f64())
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    println!("# Durable stores: new events, {CALLERS} at a time\n");
    println!("| {:<48} | {:>9} | {:>7} |", "", "a second", "ratio");
    println!("|{:-<50}|{:->10}:|{:->8}:|", "", "", "");
    sqlite().await?;
    match postgres::Server::with_options("-c max_connections=50") {
        Some(server) => postgres(&server).await,
        None => Ok(()),
    }
}

/// A name never given before.
fn new_key() -> EventKey {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let number = KEYS.fetch_add(1, Ordering::Relaxed);
    EventKey::new("bench", "standard-webhooks", &Identity::id(&format!("msg_{number:024}")))
}

async fn sqlite() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    query("CREATE TABLE events (key BLOB PRIMARY KEY) WITHOUT ROWID")
        .execute(&mut connection)
        .await?;
    let bare = Arc::new(Mutex::new(connection));
    let insert = move |key: EventKey| {
        let bare = bare.clone();
        async move {
            let insert = query("INSERT INTO events VALUES (?) ON CONFLICT DO NOTHING");
            let insert = insert.bind(key.as_bytes().to_vec());
            insert.execute(&mut *bare.lock().await).await.is_ok_and(|done| done.rows_affected() > 0)
        }
    };
    let store = SqliteStore::open(dir.path().join("store.db")).await?;
    race(&[
        Contender::new("SQLite: a bare insert, one transaction each", CALLERS, insert),
        Contender::new("SqliteStore: claim", CALLERS, claiming(store.clone())),
        Contender::new("SqliteStore: claim and commit", CALLERS, handling(store.clone())),
        Contender::new("SqliteStore: claim, one caller", 1, claiming(store)),
    ])
    .await
}

async fn postgres(server: &postgres::Server) -> Result<()> {
    let pool = server.pool(CONNECTIONS, &[]).await;
    query("CREATE TABLE bare (key bytea PRIMARY KEY)").execute(&pool).await?;
    // Tables of their own: the dead rows that commits leave are no burden of the claims alone.
    let store = PostgresStore::new(pool.clone());
    store.migrate().await?;
    let committing = store.clone().table("committing")?;
    committing.migrate().await?;
    let insert = move |key: EventKey| {
        let pool = pool.clone();
        async move {
            let insert = query("INSERT INTO bare VALUES ($1) ON CONFLICT DO NOTHING");
            let insert = insert.bind(key.as_bytes().to_vec());
            insert.execute(&pool).await.is_ok_and(|done| done.rows_affected() > 0)
        }
    };
    race(&[
        Contender::new("PostgreSQL: a bare insert, the same pool", CALLERS, insert),
        Contender::new("PostgresStore: claim", CALLERS, claiming(store)),
        Contender::new("PostgresStore: claim and commit", CALLERS, handling(committing)),
    ])
    .await
}

fn claiming(store: impl DedupStore + Clone) -> impl Fn(EventKey) -> Done {
    move |key| {
        let store = store.clone();
        Box::pin(
            async move { matches!(store.claim(&key, 7, LEASE).await, Ok(Claim::Acquired { .. })) },
        )
    }
}

fn handling(store: impl DedupStore + Clone) -> impl Fn(EventKey) -> Done {
    move |key| {
        let store = store.clone();
        Box::pin(async move {
            let Ok(Claim::Acquired { fence, .. }) = store.claim(&key, 7, LEASE).await else {
                return false;
            };
            store.commit(&key, fence, RETENTION).await == Ok(Settled::Applied)
        })
    }
}

/// Lets all take turns, and prints the median of each and of its ratio to the first.
async fn race(contenders: &[Contender]) -> Result<()> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mut round = Vec::with_capacity(contenders.len());
        for contender in contenders {
            round.push(contender.turn().await?);
        }
        rounds.push(round);
    }
    for (place, contender) in contenders.iter().enumerate() {
        let of = |round: &Vec<f64>, place| round.get(place).copied().unwrap_or(f64::NAN);
        let rate = median(rounds.iter().map(|round| of(round, place)));
        let ratio = median(rounds.iter().map(|round| of(round, place) / of(round, 0)));
        println!("| {:<48} | {rate:>9.0} | {ratio:>7.2} |", contender.name);
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
