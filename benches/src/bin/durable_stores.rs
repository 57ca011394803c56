//! The cost of the durable stores, compared with the least that their databases could do.
//!
//! The contenders alternate in batches; a ratio is that of two batches in the same round.
//!
//! `cargo run --release --bin durable_stores`, with `-- --quick` for fewer rounds.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::dedup::{ClaimOutcome, DedupStore, EventKey, Identity, UpdateOutcome};
use countersign_benches::{Program, Result};
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;
use report::{Column, names};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, query};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// The number of events in a batch: the same for all contenders, so that all tables grow alike.
const BATCH: usize = 4096;
/// The number of events that a file has from the start, in one of the cases.
const GROWN: usize = 600_000;
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
    let mut program = Program::new()?;
    println!("# Durable stores: new events");
    sqlite(&mut program).await?;
    match PostgresServer::with_options("-c max_connections=50") {
        Some(server) => postgres(&mut program, &server).await?,
        None => program.note("PostgresStore is not measured: no server."),
    }
    program.finish("durable_stores")
}

/// Returns a key that was never used before.
fn new_key() -> EventKey {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let number = KEYS.fetch_add(1, Ordering::Relaxed);
    EventKey::new("bench", "standard-webhooks", &Identity::id(&format!("msg_{number:024}")))
}

async fn sqlite(program: &mut Program) -> Result<()> {
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
    let grown = open("grown.db").await?;
    let filling = Contender::new("filling", 256, claiming(grown.clone()));
    for _ in 0..program.rounds(GROWN / BATCH, 10) {
        filling.batch().await?;
    }
    let contenders = [
        Contender::new("bare insert, a transaction each", CALLERS, insert),
        Contender::new("a claim, a transaction each", CALLERS, claim_alone),
        Contender::new(names::CLAIM, CALLERS, claiming(few)),
        Contender::new(names::CLAIM_GROWN, CALLERS, claiming(grown)),
        Contender::new("countersign, claim, 256 callers", 256, claiming(many)),
        Contender::new("countersign, claim, one caller", 1, claiming(one)),
        Contender::new(names::CLAIM_AND_COMMIT, CALLERS, handling(open("handling.db").await?)),
    ];
    race(program, names::SQLITE, &contenders).await
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

async fn postgres(program: &mut Program, server: &PostgresServer) -> Result<()> {
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
    let contenders = [
        Contender::new("bare insert, the same pool", CALLERS, insert),
        Contender::new(names::CLAIM, CALLERS, claiming(store)),
        Contender::new(names::CLAIM_AND_COMMIT, CALLERS, handling(committing)),
    ];
    race(program, names::POSTGRES, &contenders).await
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

/// Runs the contenders in alternation, and prints the table of their rates.
async fn race(program: &mut Program, case: &str, contenders: &[Contender]) -> Result<()> {
    let mut rates = vec![Vec::new(); contenders.len()];
    for _ in 0..program.rounds(25, 5) {
        for (contender, rates) in contenders.iter().zip(&mut rates) {
            rates.push(contender.batch().await?);
        }
    }
    for (contender, rates) in contenders.iter().zip(&rates) {
        program.results.add(case, contender.name, "per_second", rates);
    }
    let columns =
        [Column::of("a second", "per_second"), Column::ratio("× first row", "per_second")];
    program.print(case, &[case], &columns);
    Ok(())
}
