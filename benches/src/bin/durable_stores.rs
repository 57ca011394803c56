//! The cost of the durable stores, compared with the least that their databases could do.
//!
//! The contenders alternate in batches; a ratio is that of two batches in the same round.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::dedup::{ClaimOutcome, DedupStore, EventKey, Identity, UpdateOutcome};
use countersign_benches::Result;
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, query};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// The number of events in a batch: the same for all contenders, so that all tables grow alike.
const BATCH: usize = 4096;
const ROUNDS: usize = 25;
const LEASE: Duration = Duration::from_secs(60);
const RETENTION: Duration = Duration::from_secs(60 * 60);

/// The number of concurrent requests, and of connections to the server.
const CALLERS: usize = 64;
const CONNECTIONS: u32 = 16;

type Done = Pin<Box<dyn Future<Output = bool> + Send>>;

/// One way to record an event; its work returns whether the event was new.
struct Contender {
    name: &'static str,
    callers: usize,
    /// The least ratio that the contender should reach.
    target: Option<f64>,
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
        Self { name, callers, target: None, work: Arc::new(move || Box::pin(work(new_key()))) }
    }

    fn at_least(self, target: f64) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Runs one batch, and returns how many events a second all callers together record.
    async fn batch(&self) -> Result<f64> {
        let (start, started) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut callers = JoinSet::new();
        for _ in 0..self.callers {
            let (work, started) = (self.work.clone(), started.clone());
            callers.spawn(async move {
                while started.fetch_add(1, Ordering::Relaxed) < BATCH {
                    if !work().await {
                        return false;
                    }
                }
                true
            });
        }
        if !callers.join_all().await.into_iter().all(|recorded| recorded) {
            return Err("an event was not recorded".into());
        }
        Ok(BATCH as f64 / start.elapsed().as_secs_f64())
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    println!("# Durable stores: new events, {CALLERS} at a time\n");
    println!("| {:<48} | {:>9} | {:>7} | {:<21} |", "", "a second", "ratio", "target");
    println!("|{:-<50}|{:->10}:|{:->8}:|{:-<23}|", "", "", "", "");
    sqlite().await?;
    match PostgresServer::with_options("-c max_connections=50") {
        Some(server) => postgres(&server).await,
        None => Ok(()),
    }
}

/// Returns a key that was never used before.
fn new_key() -> EventKey {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let number = KEYS.fetch_add(1, Ordering::Relaxed);
    EventKey::new("bench", "standard-webhooks", &Identity::id(&format!("msg_{number:024}")))
}

async fn sqlite() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let bare = connect(dir.path(), "bare.db").await?;
    query("CREATE TABLE events (key BLOB PRIMARY KEY) WITHOUT ROWID")
        .execute(&mut *bare.lock().await)
        .await?;
    let insert = move |key: EventKey| {
        let bare = bare.clone();
        async move {
            let insert = query("INSERT INTO events VALUES (?) ON CONFLICT DO NOTHING");
            let insert = insert.bind(key.as_bytes().to_vec());
            insert.execute(&mut *bare.lock().await).await.is_ok_and(|done| done.rows_affected() > 0)
        }
    };
    let alone = connect(dir.path(), "alone.db").await?;
    query(
        "CREATE TABLE events (key BLOB PRIMARY KEY, fence INT, state INT, until INT, body INT)
         WITHOUT ROWID",
    )
    .execute(&mut *alone.lock().await)
    .await?;
    let claim_alone = move |key: EventKey| {
        let alone = alone.clone();
        async move {
            let claim = query(
                "INSERT INTO events VALUES (?, 1, 1, unixepoch() + 60, 7) ON CONFLICT DO UPDATE
                 SET fence = fence + 1, until = excluded.until WHERE until <= unixepoch()
                 RETURNING fence",
            );
            let claim = claim.bind(key.as_bytes().to_vec());
            claim.fetch_optional(&mut *alone.lock().await).await.is_ok_and(|row| row.is_some())
        }
    };
    let open = async |name| SqliteStore::open(dir.path().join(name)).await;
    let (few, many, one) = (open("few.db").await?, open("many.db").await?, open("one.db").await?);
    race(&[
        Contender::new("SQLite: a bare insert, one transaction each", CALLERS, insert),
        Contender::new("SQLite: a claim, one transaction each", CALLERS, claim_alone),
        Contender::new("SqliteStore: claim", CALLERS, claiming(few)).at_least(5.0),
        Contender::new("SqliteStore: claim, 256 at a time", 256, claiming(many)),
        Contender::new("SqliteStore: claim, one at a time", 1, claiming(one)),
        Contender::new(
            "SqliteStore: claim and commit",
            CALLERS,
            handling(open("handling.db").await?),
        ),
    ])
    .await
}

/// Opens a connection that all callers share, to a new file.
async fn connect(dir: &Path, name: &str) -> Result<Arc<Mutex<SqliteConnection>>> {
    let options = SqliteConnectOptions::new()
        .filename(dir.join(name))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    Ok(Arc::new(Mutex::new(SqliteConnection::connect_with(&options).await?)))
}

async fn postgres(server: &PostgresServer) -> Result<()> {
    let pool = server.pool(CONNECTIONS, &[]).await;
    query("CREATE TABLE bare (key bytea PRIMARY KEY)").execute(&pool).await?;
    // Each contender has its own table: the dead rows that commits leave would slow the claims alone.
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
        Contender::new("PostgresStore: claim", CALLERS, claiming(store)).at_least(0.8),
        Contender::new("PostgresStore: claim and commit", CALLERS, handling(committing)),
    ])
    .await
}

/// Returns the work of a claim.
fn claiming(store: impl DedupStore + Clone) -> impl Fn(EventKey) -> Done {
    move |key| {
        let store = store.clone();
        Box::pin(async move {
            matches!(store.claim(&key, 7, LEASE).await, Ok(ClaimOutcome::Acquired { .. }))
        })
    }
}

/// Returns the work of a claim and its commit.
fn handling(store: impl DedupStore + Clone) -> impl Fn(EventKey) -> Done {
    move |key| {
        let store = store.clone();
        Box::pin(async move {
            let Ok(ClaimOutcome::Acquired { fencing_token, .. }) =
                store.claim(&key, 7, LEASE).await
            else {
                return false;
            };
            store.commit(&key, fencing_token, RETENTION).await == Ok(UpdateOutcome::Applied)
        })
    }
}

/// Runs the contenders in alternation, and prints the median of each and of its ratio to the first.
async fn race(contenders: &[Contender]) -> Result<()> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mut round = Vec::with_capacity(contenders.len());
        for contender in contenders {
            round.push(contender.batch().await?);
        }
        rounds.push(round);
    }
    for (index, contender) in contenders.iter().enumerate() {
        let of = |round: &Vec<f64>, index| round.get(index).copied().unwrap_or(f64::NAN);
        let rate = median(rounds.iter().map(|round| of(round, index)));
        let ratio = median(rounds.iter().map(|round| of(round, index) / of(round, 0)));
        let verdict = match contender.target {
            Some(target) if ratio >= target => format!("at least {target}: met"),
            Some(target) => format!("at least {target}: MISSED"),
            None => String::new(),
        };
        println!("| {:<48} | {rate:>9.0} | {ratio:>7.2} | {verdict:<21} |", contender.name);
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
