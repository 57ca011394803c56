//! What the Redis store's scripts cost beside a bare `SET NX PX`: same client, same server, same
//! keys, same number of callers at a time.
//!
//! It starts a server of its own, on a socket in a temporary folder: `redis-server`, or another
//! program that the variable `REDIS_SERVER` names.

use std::fmt::Debug;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_benches::Result;
use countersign_redis::RedisStore;
use countersign_redis::countersign::dedup::{
    ClaimOutcome, ClaimToken, DedupStore, EventKey, Identity, UpdateOutcome,
};
use countersign_redis::redis::aio::MultiplexedConnection;
use countersign_redis::redis::{Client, RedisResult, cmd};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// How many call at a time.
const CALLERS: usize = 64;

/// How many calls each makes in a turn.
const CALLS: usize = 200;

const ROUNDS: usize = 41;

const LEASE: Duration = Duration::from_secs(30);
const RETENTION: Duration = Duration::from_secs(1000);

/// The least that a script can be which does as the bare command.
const SCRIPT: &str = "return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])";

/// What is asked of the store: parts of the bare rate.
const TARGETS: [(&str, f64); 2] = [("claim", 0.6), ("commit", 0.5)];

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    let server = Server::start()?;
    let client = Client::open(server.url())?;
    let bare = client.get_multiplexed_async_connection().await?;
    let store = RedisStore::connect(&server.url()).await?;
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let keys: Vec<_> = (0..CALLERS * CALLS).map(|number| key(round, number)).collect();
        let turn = Turn::take(&bare, &store, &keys).await?;
        // The first one warms up.
        if round > 0 {
            rounds.push(turn);
        }
    }
    println!("# The Redis store, {CALLERS} callers at a time, {ROUNDS} rounds\n");
    println!("| {:<22} | {:>12} | {:>7} |", "", "each second", "x bare");
    println!("|{:-<24}|{:->13}:|{:->8}:|", "", "", "");
    for (name, rate) in Turn::RATES {
        let each_second = median(rounds.iter().map(rate).collect());
        let ratio = median(rounds.iter().map(|turn| rate(turn) / turn.bare).collect());
        println!("| {name:<22} | {each_second:>12.0} | {ratio:>7.2} |");
        if let Some((_, target)) = TARGETS.iter().find(|(of, _)| *of == name) {
            let verdict = if ratio >= *target { "holds" } else { "MISSED" };
            println!("  target: at least {target}: {verdict}");
        }
    }
    Ok(())
}

fn key(round: usize, number: usize) -> EventKey {
    EventKey::new("bench", "sender", &Identity::id(&format!("msg_{round:08}_{number:016}")))
}

/// The calls a second of each kind, one right after the other. New keys come to an empty server.
struct Turn {
    bare: f64,
    scripted: f64,
    claim: f64,
    busy: f64,
    renew: f64,
    commit: f64,
    duplicate: f64,
}

/// One of them.
type Rate = fn(&Turn) -> f64;

impl Turn {
    const RATES: [(&'static str, Rate); 7] = [
        ("bare SET NX PX", |turn| turn.bare),
        ("the same in a script", |turn| turn.scripted),
        ("claim", |turn| turn.claim),
        ("claim, in progress", |turn| turn.busy),
        ("renew", |turn| turn.renew),
        ("commit", |turn| turn.commit),
        ("claim, handled", |turn| turn.duplicate),
    ];

    async fn take(
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
        let (claim, tickets) = run(keys, |key| granted(store.clone(), key)).await?;
        let (busy, _) = run(keys, |key| is_busy(store.clone(), key)).await?;
        let (renew, _) = run(&tickets, |claim_token| renewed(store.clone(), claim_token)).await?;
        let (commit, _) =
            run(&tickets, |claim_token| committed(store.clone(), claim_token)).await?;
        let (duplicate, _) = run(keys, |key| is_duplicate(store.clone(), key)).await?;
        Ok(Self { bare, scripted, claim, busy, renew, commit, duplicate })
    }
}

async fn set(mut connection: MultiplexedConnection, key: EventKey) -> Answer<()> {
    let mut set = cmd("SET");
    set.arg(format!("countersign:1:{key}"))
        .arg(1)
        .arg("NX")
        .arg("PX")
        .arg(LEASE.as_millis() as u64);
    let answer: RedisResult<bool> = set.query_async(&mut connection).await;
    is_due(answer == Ok(true), answer)
}

async fn set_in_script(
    mut connection: MultiplexedConnection,
    script: Arc<str>,
    key: EventKey,
) -> Answer<()> {
    let mut set = cmd("EVALSHA");
    set.arg(&*script)
        .arg(1)
        .arg(format!("countersign:1:{key}"))
        .arg(1)
        .arg(LEASE.as_millis() as u64);
    let answer: RedisResult<bool> = set.query_async(&mut connection).await;
    is_due(answer == Ok(true), answer)
}

async fn granted(store: RedisStore, key: EventKey) -> Answer<ClaimToken> {
    match store.claim(&key, 7, LEASE).await {
        Ok(ClaimOutcome::Acquired { fencing_token, .. }) => {
            Ok(ClaimToken::new(key, fencing_token, RETENTION))
        }
        answer => Err(format!("{answer:?}")),
    }
}

async fn is_busy(store: RedisStore, key: EventKey) -> Answer<()> {
    let answer = store.claim(&key, 7, LEASE).await;
    is_due(matches!(answer, Ok(ClaimOutcome::InProgress { .. })), answer)
}

async fn is_duplicate(store: RedisStore, key: EventKey) -> Answer<()> {
    let answer = store.claim(&key, 7, LEASE).await;
    is_due(matches!(answer, Ok(ClaimOutcome::Duplicate { same_body: true })), answer)
}

async fn renewed(store: RedisStore, claim_token: ClaimToken) -> Answer<()> {
    let answer = store.renew(claim_token.key(), claim_token.fencing_token(), LEASE).await;
    is_due(answer == Ok(UpdateOutcome::Applied), answer)
}

async fn committed(store: RedisStore, claim_token: ClaimToken) -> Answer<()> {
    let answer =
        store.commit(claim_token.key(), claim_token.fencing_token(), claim_token.retention()).await;
    is_due(answer == Ok(UpdateOutcome::Applied), answer)
}

/// What a call gave, or the answer that was not due.
type Answer<T> = Result<T, String>;

fn is_due(due: bool, answer: impl Debug) -> Answer<()> {
    if due { Ok(()) } else { Err(format!("{answer:?}")) }
}

/// Does the work on every item, shared out among the callers: how many a second, and what they gave.
async fn run<I, T, F>(items: &[I], work: impl Fn(I) -> F + Clone + Send) -> Result<(f64, Vec<T>)>
where
    I: Copy + Send + 'static,
    T: Send + 'static,
    F: Future<Output = Answer<T>> + Send + 'static,
{
    let shares: Vec<Vec<F>> =
        items.chunks(CALLS).map(|share| share.iter().map(|item| work(*item)).collect()).collect();
    let start = Instant::now();
    let mut callers: JoinSet<Answer<Vec<T>>> = shares
        .into_iter()
        .map(|share| async move {
            let mut given = Vec::with_capacity(share.len());
            for call in share {
                given.push(call.await?);
            }
            Ok(given)
        })
        .collect();
    let mut given = Vec::with_capacity(items.len());
    while let Some(share) = callers.join_next().await {
        given.extend(share??);
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok((items.len() as f64 / seconds, given))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Ends with its owner.
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
