//! The cost of an inbox: storing, draining and waking, compared with the least that the databases could do.
//!
//! The contenders alternate in batches; a ratio is that of two batches in the same round.
//!
//! `cargo run --release --bin inbox`, with `-- --quick` for fewer rounds and fewer done messages.

mod workers;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::dedup::{ClaimOutcome, DedupStore, EventKey, Identity, UpdateOutcome};
use countersign::inbox::{
    EndpointClaim, EnqueueOutcome, InboxStore, MessageClaim, NewMessage, Settled, Settlement,
};
use countersign_benches::{Program, Result, secret};
use countersign_sqlx::{PostgresStore, SqliteStore};
use countersign_test_support::PostgresServer;
use countersign_tower::scheme::SigningRequest;
use countersign_tower::senders::Sender;
use countersign_tower::time::{Clock, SystemClock};
use countersign_tower::{
    Inbox, Receiver, RunWorker, Secret, Shutdown, StandardWebhooks, WebhookLayer,
};
use http::{Request, Response};
use report::{Column, names};
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, query};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt, service_fn};
use workers::{Apalis, Countersign, Graphile, Queue};

/// The number of events in a batch.
const BATCH: usize = 2048;
const CALLERS: usize = 64;
const CONNECTIONS: u32 = 16;
const BODY: [u8; 1024] = [b'x'; 1024];
const LEASE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ENDPOINT: &str = "bench";

/// The messages that one claim takes.
const LARGEST_CLAIM: u32 = 64;

type Body = http_body_util::Full<Bytes>;
type Done = Pin<Box<dyn Future<Output = bool> + Send>>;
type Work = Arc<dyn Fn() -> Done + Send + Sync>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut program = Program::new()?;
    println!("# Inbox: events with 1 KiB");
    sqlite(&mut program).await?;
    match PostgresServer::with_options("-c max_connections=50") {
        Some(server) => {
            let pool = server.pool(CONNECTIONS, &[]).await;
            postgres(&mut program, &pool).await?;
            drains(&mut program, &pool).await?;
            peers(&mut program, &pool).await?;
        }
        None => program.note("The inbox in PostgreSQL is not measured: no server."),
    }
    latency(&mut program).await?;
    program.finish("inbox")
}

fn new_key() -> EventKey {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let number = KEYS.fetch_add(1, Ordering::Relaxed);
    EventKey::new(ENDPOINT, "standard-webhooks", &Identity::id(&format!("msg_{number:024}")))
}

fn new_message() -> NewMessage {
    NewMessage::new(new_key(), ENDPOINT, Bytes::from_static(&BODY))
}

/// Returns the work of storing an event.
fn enqueuing(store: impl InboxStore + Clone) -> Work {
    Arc::new(move || {
        let store = store.clone();
        Box::pin(async move {
            matches!(store.enqueue(&new_message()).await, Ok(EnqueueOutcome::Stored(_)))
        })
    })
}

/// Returns the work of a claim and its commit, without an inbox.
fn handling(store: impl DedupStore + Clone) -> Work {
    Arc::new(move || {
        let store = store.clone();
        Box::pin(async move {
            let key = new_key();
            match store.claim(&key, 7, LEASE).await {
                Ok(ClaimOutcome::Acquired { fencing_token, .. }) => {
                    store.commit(&key, fencing_token, DAY).await == Ok(UpdateOutcome::Applied)
                }
                _ => false,
            }
        })
    })
}

/// Runs one batch of all callers together, and returns how many events a second they record.
async fn batch(work: &Work) -> Result<f64> {
    let (start, started) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (work, started) = (Arc::clone(work), Arc::clone(&started));
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

async fn race(program: &mut Program, case: &str, contenders: &[(&str, Work)]) -> Result<()> {
    let mut rates = vec![Vec::new(); contenders.len()];
    for _ in 0..program.rounds(20, 5) {
        for ((_, work), rates) in contenders.iter().zip(&mut rates) {
            rates.push(batch(work).await?);
        }
    }
    for ((name, _), rates) in contenders.iter().zip(&rates) {
        program.results.add(case, name, "per_second", rates);
    }
    print(program, case);
    Ok(())
}

fn print(program: &Program, case: &str) {
    let columns =
        [Column::of("a second", "per_second"), Column::ratio("× first row", "per_second")];
    program.print(case, &[case], &columns);
}

async fn sqlite(program: &mut Program) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(dir.path().join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let bare = Arc::new(Mutex::new(SqliteConnection::connect_with(&options).await?));
    query("CREATE TABLE events (key BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID")
        .execute(&mut *bare.lock().await)
        .await?;
    let insert: Work = Arc::new(move || {
        let bare = Arc::clone(&bare);
        Box::pin(async move {
            let insert = query("INSERT INTO events VALUES (?, ?) ON CONFLICT DO NOTHING");
            let insert = insert.bind(new_key().as_bytes().to_vec()).bind(&BODY[..]);
            insert.execute(&mut *bare.lock().await).await.is_ok()
        })
    });
    let inbox = SqliteStore::open(dir.path().join("inbox.db")).await?;
    let handled = SqliteStore::open(dir.path().join("handled.db")).await?;
    let contenders = [
        (names::BARE_INSERT, insert),
        (names::CLAIM_AND_COMMIT, handling(handled)),
        (names::ENQUEUE, enqueuing(inbox)),
    ];
    race(program, names::INBOX_SQLITE, &contenders).await
}

async fn store(pool: &PgPool, table: &str) -> Result<PostgresStore> {
    let store = PostgresStore::new(pool.clone()).table(table)?;
    store.migrate().await?;
    Ok(store)
}

async fn postgres(program: &mut Program, pool: &PgPool) -> Result<()> {
    query("CREATE TABLE bare (key bytea PRIMARY KEY, body bytea)").execute(pool).await?;
    let own = pool.clone();
    let insert: Work = Arc::new(move || {
        let pool = own.clone();
        Box::pin(async move {
            let insert = query("INSERT INTO bare VALUES ($1, $2) ON CONFLICT DO NOTHING");
            let insert = insert.bind(new_key().as_bytes().to_vec()).bind(&BODY[..]);
            insert.execute(&pool).await.is_ok()
        })
    });
    let contenders = [
        (names::BARE_INSERT, insert),
        (names::CLAIM_AND_COMMIT, handling(store(pool, "handled").await?)),
        (names::ENQUEUE, enqueuing(store(pool, "stored").await?)),
    ];
    race(program, names::INBOX_POSTGRES, &contenders).await
}

/// Draining: messages are claimed and settled, and nothing is done with them.
async fn drains(program: &mut Program, pool: &PgPool) -> Result<()> {
    let (singly, batches) = (store(pool, "singly").await?, store(pool, "batches").await?);
    let full = store(pool, "full").await?;
    // The messages that have been done before.
    let done = program.rounds(500, 100) * 1024;
    fill(&full, done).await?;
    drain(&full, LARGEST_CLAIM).await?;
    let contenders = [
        (names::DRAIN_SINGLY, &singly, 1),
        (names::DRAIN, &batches, LARGEST_CLAIM),
        (names::DRAIN_FULL, &full, LARGEST_CLAIM),
    ];
    let mut rates = vec![Vec::new(); contenders.len()];
    for _ in 0..program.rounds(10, 4) {
        for ((_, store, limit), rates) in contenders.iter().zip(&mut rates) {
            fill(store, BATCH).await?;
            let start = Instant::now();
            drain(store, *limit).await?;
            rates.push(BATCH as f64 / start.elapsed().as_secs_f64());
        }
    }
    program.note(&format!("The drained inbox with done messages had {done} of them."));
    for ((name, ..), rates) in contenders.iter().zip(&rates) {
        program.results.add(names::INBOX_DRAIN, name, "per_second", rates);
    }
    print(program, names::INBOX_DRAIN);
    Ok(())
}

/// Storing and handling, beside two job queues in the same PostgreSQL.
async fn peers(program: &mut Program, pool: &PgPool) -> Result<()> {
    let own = Countersign::new(pool).await?;
    let (apalis, singly) = (Apalis::new(pool).await?, Graphile::singly(pool).await?);
    let local_queue = Graphile::with_local_queue(pool).await?;
    let contenders = [
        (names::ENQUEUE, enqueuing(store(pool, "pushed").await?)),
        (names::APALIS, apalis.pushing()),
        (names::GRAPHILE, singly.pushing().await?),
    ];
    race(program, names::INBOX_PUSH, &contenders).await?;

    let contenders = [names::WORKER, names::APALIS, names::GRAPHILE, names::GRAPHILE_LOCAL_QUEUE];
    let mut rates = [const { Vec::new() }; 4];
    for _ in 0..program.rounds(10, 4) {
        let round = [
            drained(&own).await?,
            drained(&apalis).await?,
            drained(&singly).await?,
            drained(&local_queue).await?,
        ];
        for (rates, rate) in rates.iter_mut().zip(round) {
            rates.push(rate);
        }
    }
    for (name, rates) in contenders.iter().zip(&rates) {
        program.results.add(names::INBOX_WORKERS, name, "per_second", rates);
    }
    print(program, names::INBOX_WORKERS);
    Ok(())
}

/// Returns how many events a second a worker handles, from a full queue to an empty one.
async fn drained(queue: &impl Queue) -> Result<f64> {
    queue.fill(BATCH).await?;
    let start = Instant::now();
    queue.drain(BATCH).await?;
    Ok(BATCH as f64 / start.elapsed().as_secs_f64())
}

/// Stores this many messages.
async fn fill(store: &PostgresStore, messages: usize) -> Result<()> {
    let work = enqueuing(store.clone());
    for _ in 0..messages.div_ceil(BATCH) {
        batch(&work).await?;
    }
    Ok(())
}

/// Claims and settles until no message is ready.
async fn drain(store: &PostgresStore, limit: u32) -> Result<()> {
    let endpoints = vec![EndpointClaim::new(ENDPOINT, limit, 10)];
    let claim = MessageClaim::new(endpoints, limit, LEASE, "bench".into());
    loop {
        let claimed = store.claim_messages(&claim).await?.messages;
        if claimed.is_empty() {
            return Ok(());
        }
        let done = claimed.iter().map(|message| Settlement::new(message.token, Settled::Done));
        store.settle_messages(&done.collect::<Vec<_>>()).await?;
    }
}

/// The time from the request to the handler, in one process that is otherwise idle.
async fn latency(program: &mut Program) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let inbox = Inbox::new(SqliteStore::open(dir.path().join("inbox.db")).await?);
    let (handled, mut handling) = mpsc::unbounded_channel();
    let handler = service_fn(move |_: Request<Body>| {
        let handled = handled.clone();
        async move {
            handled.send(Instant::now()).ok();
            Ok::<_, std::convert::Infallible>(Response::new(Body::default()))
        }
    });
    let sender = StandardWebhooks::new(Secret::new(secret(1))?)?;
    let scheme = sender.verifier().scheme().clone();
    let service = WebhookLayer::new(Receiver::new(sender)).inbox(inbox.clone()).layer(handler);
    let shutdown = Shutdown::default();
    let worker = tokio::spawn(inbox.worker(service.clone()).run(shutdown.clone()));
    let mut waits = Vec::new();
    for number in 0..program.rounds(300, 50) {
        let id = format!("msg_{number}");
        let signing = SigningRequest::new(&BODY).id(&id).timestamp(SystemClock.now());
        let mut request = Request::post("/");
        for (name, value) in signing.sign(&scheme, &Secret::new(secret(1))?)? {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(Bytes::from_static(&BODY)))?;
        let start = Instant::now();
        service.clone().oneshot(request).await?;
        let handled = handling.recv().await.ok_or("the worker has ended")?;
        waits.push((handled - start).as_secs_f64() * 1e3);
    }
    shutdown.drain().await;
    worker.await?;
    program.results.add(names::INBOX_LATENCY, names::IN_PROCESS, "ms", &waits);
    let columns = [Column::of("ms, p50", "ms")];
    program.print(names::INBOX_LATENCY, &[names::INBOX_LATENCY], &columns);
    Ok(())
}
