//! The cost of the Redis store's scripts, compared with a bare `SET NX PX`: same client, same server, same
//! keys, same number of concurrent callers.
//!
//! The program starts a server on a socket in a temporary folder: `redis-server`, or the program that the
//! variable `REDIS_SERVER` names.
//!
//! `cargo run --release --bin redis_store`, with `-- --quick` for fewer rounds.

use std::fmt::Debug;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_benches::{Program, Result};
use countersign_redis::RedisStore;
use countersign_redis::countersign::dedup::{
    ClaimOutcome, ClaimToken, DedupStore, EventKey, Identity, UpdateOutcome,
};
use countersign_redis::redis::aio::MultiplexedConnection;
use countersign_redis::redis::{Client, RedisResult, cmd};
use report::{Column, names};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// The number of concurrent callers.
const CALLERS: usize = 64;

/// The number of calls of each caller in a round.
const CALLS: usize = 200;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(1000);

/// The shortest script that runs the bare command.
const SCRIPT: &str = "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])";

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let mut program = Program::new()?;
    let server = Server::start()?;
    let client = Client::open(server.url())?;
    let bare = client.get_multiplexed_async_connection().await?;
    let store = RedisStore::connect(&server.url()).await?;
    let mut rounds = Vec::new();
    for round in 0..=program.rounds(41, 5) {
        let keys: Vec<_> = (0..CALLERS * CALLS).map(|number| key(round, number)).collect();
        let round_rates = Rates::measure(&bare, &store, &keys).await?;
        // The first round warms up.
        if round > 0 {
            rounds.push(round_rates);
        }
    }
    println!("# The Redis store");
    for (name, rate) in Rates::ALL {
        let rates: Vec<f64> = rounds.iter().map(rate).collect();
        program.results.add(names::REDIS, name, "per_second", &rates);
    }
    let columns =
        [Column::of("a second", "per_second"), Column::ratio("× first row", "per_second")];
    program.print(names::REDIS, &[names::REDIS], &columns);
    program.finish("redis_store")
}

fn key(round: usize, number: usize) -> EventKey {
    EventKey::new("bench", "sender", &Identity::id(&format!("msg_{round:08}_{number:016}")))
}

/// The calls a second of each kind in one round, run in this order.
///
/// Each kind that creates keys starts with an empty server.
struct Rates {
    bare: f64,
    scripted: f64,
    claim: f64,
    in_progress: f64,
    renew: f64,
    commit: f64,
    duplicate: f64,
}

/// One of the rates.
type Rate = fn(&Rates) -> f64;

impl Rates {
    const ALL: [(&'static str, Rate); 7] = [
        ("bare SET NX PX", |rates| rates.bare),
        ("SET NX PX in a script", |rates| rates.scripted),
        (names::CLAIM, |rates| rates.claim),
        ("countersign, claim of an event in progress", |rates| rates.in_progress),
        ("countersign, renewal", |rates| rates.renew),
        (names::COMMIT, |rates| rates.commit),
        ("countersign, claim of a handled event", |rates| rates.duplicate),
    ];

    async fn measure(
        connection: &MultiplexedConnection,
        store: &RedisStore,
        keys: &[EventKey],
    ) -> Result<Self> {
        let flush = || async { cmd("FLUSHALL").query_async::<()>(&mut connection.clone()).await };
        flush().await?;
        let (bare, _) = run(keys, |key| set(connection.clone(), key)).await?;
        let script: String =
            cmd("SCRIPT").arg("LOAD").arg(SCRIPT).query_async(&mut connection.clone()).await?;
        let script: Arc<str> = script.into();
        let in_script = |key| set_in_script(connection.clone(), script.clone(), key);
        flush().await?;
        let (scripted, _) = run(keys, in_script).await?;
        flush().await?;
        let (claim, claim_tokens) = run(keys, |key| acquire(store.clone(), key)).await?;
        let (in_progress, _) = run(keys, |key| claim_in_progress(store.clone(), key)).await?;
        let (renew, _) =
            run(&claim_tokens, |claim_token| renew(store.clone(), claim_token)).await?;
        let (commit, _) =
            run(&claim_tokens, |claim_token| commit(store.clone(), claim_token)).await?;
        let (duplicate, _) = run(keys, |key| claim_duplicate(store.clone(), key)).await?;
        Ok(Self { bare, scripted, claim, in_progress, renew, commit, duplicate })
    }
}

async fn set(mut connection: MultiplexedConnection, key: EventKey) -> CallResult<()> {
    let mut set = cmd("SET");
    set.arg(format!("countersign:1:{key}"))
        .arg(1)
        .arg("NX")
        .arg("PX")
        .arg(LEASE.as_millis() as u64);
    let result: RedisResult<bool> = set.query_async(&mut connection).await;
    expect(result == Ok(true), result)
}

async fn set_in_script(
    mut connection: MultiplexedConnection,
    script: Arc<str>,
    key: EventKey,
) -> CallResult<()> {
    let mut set = cmd("EVALSHA");
    set.arg(&*script)
        .arg(1)
        .arg(format!("countersign:1:{key}"))
        .arg(1)
        .arg(LEASE.as_millis() as u64);
    let result: RedisResult<bool> = set.query_async(&mut connection).await;
    expect(result == Ok(true), result)
}

async fn acquire(store: RedisStore, key: EventKey) -> CallResult<ClaimToken> {
    match store.claim(&key, 7, LEASE).await {
        Ok(ClaimOutcome::Acquired { fencing_token, .. }) => {
            Ok(ClaimToken::new(key, fencing_token, RETENTION))
        }
        result => Err(format!("{result:?}")),
    }
}

async fn claim_in_progress(store: RedisStore, key: EventKey) -> CallResult<()> {
    let result = store.claim(&key, 7, LEASE).await;
    expect(matches!(result, Ok(ClaimOutcome::InProgress { .. })), result)
}

async fn claim_duplicate(store: RedisStore, key: EventKey) -> CallResult<()> {
    let result = store.claim(&key, 7, LEASE).await;
    expect(matches!(result, Ok(ClaimOutcome::Duplicate { same_body: true })), result)
}

async fn renew(store: RedisStore, claim_token: ClaimToken) -> CallResult<()> {
    let result = store.renew(claim_token.key(), claim_token.fencing_token(), LEASE).await;
    expect(result == Ok(UpdateOutcome::Applied), result)
}

async fn commit(store: RedisStore, claim_token: ClaimToken) -> CallResult<()> {
    let result =
        store.commit(claim_token.key(), claim_token.fencing_token(), claim_token.retention()).await;
    expect(result == Ok(UpdateOutcome::Applied), result)
}

/// The output of a call, or the text of an unexpected result.
type CallResult<T> = Result<T, String>;

fn expect(expected: bool, result: impl Debug) -> CallResult<()> {
    if expected { Ok(()) } else { Err(format!("{result:?}")) }
}

/// Runs `work` on every item, divided among the callers; returns the calls a second and their outputs.
async fn run<I, T, F>(items: &[I], work: impl Fn(I) -> F + Clone + Send) -> Result<(f64, Vec<T>)>
where
    I: Copy + Send + 'static,
    T: Send + 'static,
    F: Future<Output = CallResult<T>> + Send + 'static,
{
    let shares: Vec<Vec<F>> =
        items.chunks(CALLS).map(|share| share.iter().map(|item| work(*item)).collect()).collect();
    let start = Instant::now();
    let mut callers: JoinSet<CallResult<Vec<T>>> = shares
        .into_iter()
        .map(|share| async move {
            let mut outputs = Vec::with_capacity(share.len());
            for call in share {
                outputs.push(call.await?);
            }
            Ok(outputs)
        })
        .collect();
    let mut outputs = Vec::with_capacity(items.len());
    while let Some(share) = callers.join_next().await {
        outputs.extend(share??);
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok((items.len() as f64 / seconds, outputs))
}

/// A server process that ends when the value is dropped.
struct Server {
    process: Child,
    dir: TempDir,
}

impl Server {
    fn start() -> Result<Self> {
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let dir = tempfile::tempdir()?;
        let process = Command::new(&program)
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(dir.path().join("socket"))
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{program} did not start: {error}"))?;
        let server = Self { process, dir };
        while Client::open(server.url())?.get_connection().is_err() {
            std::thread::yield_now();
        }
        Ok(server)
    }

    fn url(&self) -> String {
        format!("unix://{}", self.dir.path().join("socket").display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
