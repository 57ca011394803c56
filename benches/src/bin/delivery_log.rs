//! The cost of a delivery log: for a response, and for a page of the console beside a long log.
//!
//! The contenders alternate in batches; a ratio is that of two batches in the same round.
//!
//! `cargo run --release --bin delivery_log`, with `-- --quick` for fewer rounds and fewer lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::log::{LogBatch, LogEntry, LogRate, LogStore};
use countersign_benches::{Program, Result, secret};
use countersign_console::{Access, Console};
use countersign_sqlx::SqliteStore;
use countersign_tower::scheme::SigningRequest;
use countersign_tower::senders::Sender;
use countersign_tower::time::{Clock, SystemClock};
use countersign_tower::{DeliveryLog, Inbox, Receiver, Secret, StandardWebhooks, WebhookLayer};
use http::{Request, Response, StatusCode};
use report::{Column, names};
use tokio::task::JoinSet;
use tower::{Layer, Service, ServiceExt, service_fn};

/// The number of events in a batch.
const BATCH: usize = 2048;
const CALLERS: usize = 64;
const BODY: [u8; 1024] = [b'x'; 1024];

type Body = http_body_util::Full<Bytes>;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut program = Program::new()?;
    println!("# Delivery log");
    responses(&mut program).await?;
    pages(&mut program).await?;
    program.finish("delivery_log")
}

fn signed() -> Result<Request<Body>> {
    static IDS: AtomicU64 = AtomicU64::new(0);
    let id = format!("msg_{:024}", IDS.fetch_add(1, Ordering::Relaxed));
    let sender = StandardWebhooks::new(Secret::new(secret(1))?)?;
    let signing = SigningRequest::new(&BODY).id(&id).timestamp(SystemClock.now());
    let mut request = Request::post("/");
    for (name, value) in signing.sign(sender.verifier().scheme(), &Secret::new(secret(1))?)? {
        request = request.header(name, value);
    }
    Ok(request.body(Body::from(Bytes::from_static(&BODY)))?)
}

/// Runs one batch of all callers together, and returns how many events a second are acknowledged.
async fn batch<S>(service: &S) -> Result<f64>
where
    S: Service<Request<Body>, Response: Acknowledged, Future: Send> + Clone + Send + Sync + 'static,
{
    let requests: Vec<_> = (0..BATCH).map(|_| signed()).collect::<Result<_>>()?;
    let requests = Arc::new(requests);
    let (start, started) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (service, requests, started) =
            (service.clone(), Arc::clone(&requests), Arc::clone(&started));
        callers.spawn(async move {
            while let Some(request) = requests.get(started.fetch_add(1, Ordering::Relaxed)) {
                match service.clone().oneshot(request.clone()).await {
                    Ok(response) if response.status() == StatusCode::OK => {}
                    _ => return false,
                }
            }
            true
        });
    }
    if !callers.join_all().await.into_iter().all(|acknowledged| acknowledged) {
        return Err("an event was not acknowledged".into());
    }
    Ok(BATCH as f64 / start.elapsed().as_secs_f64())
}

trait Acknowledged: Send {
    fn status(&self) -> StatusCode;
}

impl<B: Send> Acknowledged for Response<B> {
    fn status(&self) -> StatusCode {
        Self::status(self)
    }
}

async fn responses(program: &mut Program) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let handler = service_fn(async |_: Request<Body>| {
        Ok::<_, std::convert::Infallible>(Response::new(Body::default()))
    });
    let layer = async |name: &str| -> Result<(WebhookLayer, SqliteStore)> {
        let store = SqliteStore::open(dir.path().join(name)).await?;
        let sender = StandardWebhooks::new(Secret::new(secret(1))?)?;
        let layer = WebhookLayer::new(Receiver::new(sender)).inbox(Inbox::new(store.clone()));
        Ok((layer, store))
    };
    let (without, _) = layer("without.db").await?;
    let (with, store) = layer("with.db").await?;
    let log = DeliveryLog::new(store);
    let (without, with) = (without.layer(handler), with.log(log.clone()).layer(handler));
    let (mut with_log, mut without_log) = (Vec::new(), Vec::new());
    for _ in 0..program.rounds(20, 5) {
        without_log.push(batch(&without).await?);
        with_log.push(batch(&with).await?);
    }
    log.flush().await?;
    let stats = log.stats();
    program.note(&format!(
        "The delivery log wrote {} lines and dropped {}.",
        stats.written, stats.dropped
    ));
    program.results.add(names::LOG_SQLITE, names::WITHOUT_LOG, "per_second", &without_log);
    program.results.add(names::LOG_SQLITE, names::WITH_LOG, "per_second", &with_log);
    let columns =
        [Column::of("a second", "per_second"), Column::ratio("× first row", "per_second")];
    program.print(names::LOG_SQLITE, &[names::LOG_SQLITE], &columns);
    Ok(())
}

/// Fills a log with lines of the last day, of which one in a hundred was rejected.
async fn fill(store: &SqliteStore, lines: usize) -> Result<()> {
    const LINES: usize = 5000;
    let now = SystemClock.now();
    for first in (0..lines).step_by(LINES) {
        let batch = (first..lines.min(first + LINES)).map(|number| {
            let age = Duration::from_secs(86_000) * u32::try_from(lines - number).unwrap_or(1)
                / u32::try_from(lines).unwrap_or(1);
            let outcome = if number % 100 == 0 { "rejected" } else { "handled" };
            let mut entry = LogEntry::new(now.saturating_sub(age), "billing", outcome);
            entry.event_id = Some(format!("evt_{number:024}").into());
            entry.event_type = Some("invoice.paid".into());
            entry
        });
        store.append_log(&LogBatch::new(batch.collect(), Vec::new())).await?;
    }
    let minutes = (0..1440).flat_map(|minute| {
        let minute = now.saturating_sub(Duration::from_secs(minute * 60));
        ["handled", "rejected"].map(|outcome| LogRate::new("billing", minute, outcome, 10))
    });
    store.append_log(&LogBatch::new(Vec::new(), minutes.collect())).await?;
    Ok(())
}

async fn pages(program: &mut Program) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let many = program.rounds(1_000_000, 200_000);
    let mut consoles = Vec::new();
    for (name, lines) in [(names::FEW_LINES, 1000), (names::MANY_LINES, many)] {
        let store = SqliteStore::open(dir.path().join(format!("{lines}.db"))).await?;
        fill(&store, lines).await?;
        consoles.push((name, Console::new(|_| Access::read("bench")).log(store), Vec::new()));
    }
    program.note(&format!("The log with many lines had {many}."));
    for _ in 0..program.rounds(50, 20) {
        for (_, console, times) in &mut consoles {
            let start = Instant::now();
            for page in ["deliveries", "deliveries?outcome=rejected", "deliveries?find=evt_1"] {
                let request = Request::get(format!("/{page}")).body(Bytes::new())?;
                let response = console.respond(request).await;
                if response.status() != StatusCode::OK {
                    return Err(format!("{page} responds with {}", response.status()).into());
                }
            }
            times.push(start.elapsed().as_secs_f64() * 1e3 / 3.0);
        }
    }
    for (name, _, times) in &consoles {
        program.results.add(names::CONSOLE_LIST, name, "ms", times);
    }
    let columns = [Column::of("ms, p50", "ms"), Column::ratio("× first row", "ms")];
    program.print(names::CONSOLE_LIST, &[names::CONSOLE_LIST], &columns);
    Ok(())
}
