//! Whole workers on one PostgreSQL: that of an inbox, and those of two job queues.
//!
//! Each runs a handler that does nothing, up to 64 at a time, over the same pool of connections. A drain lasts
//! from the start of the worker until it has settled everything and has ended.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{BoxDynError, Data, ParallelizeExt, TaskSink, WorkerBuilder};
use apalis_postgres::{Config, PostgresStorage};
use bytes::Bytes;
use countersign_benches::{Result, secret};
use countersign_tower::scheme::{Scheme, SigningRequest};
use countersign_tower::senders::Sender;
use countersign_tower::time::{Clock, SystemClock};
use countersign_tower::{
    Inbox, Receiver, RunWorker, Secret, Shutdown, StandardWebhooks, WebhookLayer,
};
use graphile_worker::{
    IntoTaskHandlerResult, JobSpec, LocalQueueConfig, RawJobSpec, TaskHandler, WorkerContext,
    WorkerOptions,
};
use http::{Request, Response};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPool;
use tokio::sync::Notify;
use tower::{Layer, ServiceExt, service_fn};

use crate::{BODY, CALLERS, Work, new_key, store};

type Body = http_body_util::Full<Bytes>;

/// Counts the handled events of one drain.
#[derive(Clone, Debug)]
pub(crate) struct Remaining(Arc<(AtomicUsize, Notify)>);

impl Remaining {
    fn new(events: usize) -> Self {
        Self(Arc::new((AtomicUsize::new(events), Notify::new())))
    }

    fn handled(&self) {
        if self.0.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.1.notify_one();
        }
    }

    async fn none(&self) {
        self.0.1.notified().await;
    }
}

/// A queue whose worker is measured.
pub(crate) trait Queue {
    /// Stores this many events.
    fn fill(&self, events: usize) -> impl Future<Output = Result<()>>;

    /// Runs a worker until it has handled this many.
    fn drain(&self, events: usize) -> impl Future<Output = Result<()>>;
}

/// The body of an event as text, since both job queues store JSON.
fn text() -> String {
    BODY.iter().copied().map(char::from).collect()
}

/// An inbox behind a layer, which stores verified requests.
pub(crate) struct Countersign {
    inbox: Inbox,
    scheme: Scheme,
    receiver: Receiver,
}

impl Countersign {
    pub(crate) async fn new(pool: &PgPool) -> Result<Self> {
        let sender = StandardWebhooks::new(Secret::new(secret(1))?)?;
        let scheme = sender.verifier().scheme().clone();
        let inbox = Inbox::new(store(pool, "worker").await?);
        Ok(Self { inbox, scheme, receiver: Receiver::new(sender) })
    }
}

impl Queue for Countersign {
    async fn fill(&self, events: usize) -> Result<()> {
        let unused = service_fn(|_: Request<Body>| async {
            Ok::<_, Infallible>(Response::new(Body::default()))
        });
        let service = WebhookLayer::new(self.receiver.clone()).inbox(self.inbox.clone());
        let service = service.layer(unused);
        for _ in 0..events {
            let id = format!("msg_{}", hex(new_key().as_bytes()));
            let signing = SigningRequest::new(&BODY).id(&id).timestamp(SystemClock.now());
            let mut request = Request::post("/");
            for (name, value) in signing.sign(&self.scheme, &Secret::new(secret(1))?)? {
                request = request.header(name, value);
            }
            let request = request.body(Body::from(Bytes::from_static(&BODY)))?;
            let response = service.clone().oneshot(request).await?;
            if !response.status().is_success() {
                return Err(format!("an event was not stored: {}", response.status()).into());
            }
        }
        Ok(())
    }

    async fn drain(&self, events: usize) -> Result<()> {
        let remaining = Remaining::new(events);
        let counted = remaining.clone();
        let handler = service_fn(move |_: Request<Body>| {
            counted.handled();
            async { Ok::<_, Infallible>(Response::new(Body::default())) }
        });
        let layer = WebhookLayer::new(self.receiver.clone()).inbox(self.inbox.clone());
        let shutdown = Shutdown::default();
        let worker = self.inbox.worker(layer.layer(handler)).concurrency(CALLERS as u32);
        let worker = tokio::spawn(worker.run(shutdown.clone()));
        remaining.none().await;
        shutdown.drain().await;
        worker.await?;
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The job queue of `apalis-postgres`.
pub(crate) struct Apalis {
    storage: PostgresStorage<String>,
}

impl Apalis {
    pub(crate) async fn new(pool: &PgPool) -> Result<Self> {
        PostgresStorage::setup(pool).await?;
        let config = Config::default().queue("bench").batch_size(CALLERS);
        Ok(Self { storage: PostgresStorage::new(pool).with_config(config) })
    }

    /// Returns the work of storing an event.
    pub(crate) fn pushing(&self) -> Work {
        let storage = self.storage.clone();
        let storage = storage.with_config(Config::default().queue("pushed"));
        Arc::new(move || {
            let mut storage = storage.clone();
            Box::pin(async move { storage.push(text()).await.is_ok() })
        })
    }
}

impl Queue for Apalis {
    async fn fill(&self, events: usize) -> Result<()> {
        let mut storage = self.storage.clone();
        storage.push_bulk((0..events).map(|_| text()).collect()).await?;
        Ok(())
    }

    async fn drain(&self, events: usize) -> Result<()> {
        async fn handle(_: String, remaining: Data<Remaining>) -> Result<(), BoxDynError> {
            remaining.handled();
            Ok(())
        }
        static WORKERS: AtomicUsize = AtomicUsize::new(0);
        let remaining = Remaining::new(events);
        // A name is registered once for as long as its heartbeat lasts.
        let number = WORKERS.fetch_add(1, Ordering::Relaxed);
        let worker = WorkerBuilder::new(format!("bench-{number}"))
            .backend(self.storage.clone())
            .data(remaining.clone())
            .concurrency(CALLERS)
            .parallelize(tokio::spawn)
            .build(handle);
        let ended = async move {
            remaining.none().await;
            Ok::<_, std::io::Error>(())
        };
        worker.run_until(ended).await?;
        Ok(())
    }
}

#[derive(Debug, Deserialize, Serialize)]
struct Job {
    body: String,
}

impl TaskHandler for Job {
    const IDENTIFIER: &'static str = "bench";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        if let Some(remaining) = context.get_ext::<Remaining>() {
            remaining.handled();
        }
        Ok::<_, String>(())
    }
}

/// The job queue of `graphile_worker`.
pub(crate) struct Graphile {
    has_local_queue: bool,
    schema: &'static str,
    pool: PgPool,
}

impl Graphile {
    /// One job at a time is claimed and completed.
    pub(crate) async fn singly(pool: &PgPool) -> Result<Self> {
        Self::new(pool, "graphile_singly", false).await
    }

    /// Jobs are claimed by the hundred, and completed together.
    pub(crate) async fn with_local_queue(pool: &PgPool) -> Result<Self> {
        Self::new(pool, "graphile_local", true).await
    }

    async fn new(pool: &PgPool, schema: &'static str, has_local_queue: bool) -> Result<Self> {
        let queue = Self { has_local_queue, schema, pool: pool.clone() };
        queue.worker(&Remaining::new(0)).await?.create_utils().migrate().await?;
        Ok(queue)
    }

    async fn worker(&self, remaining: &Remaining) -> Result<graphile_worker::Worker> {
        let options = WorkerOptions::default().pg_pool(self.pool.clone()).schema(self.schema);
        let options = options.concurrency(CALLERS).listen_os_shutdown_signals(false);
        let mut options = options.add_extension(remaining.clone()).define_job::<Job>();
        if self.has_local_queue {
            options = options.local_queue(LocalQueueConfig::default());
            options = options.complete_job_batch_delay(Duration::from_millis(5));
        }
        Ok(options.init().await?)
    }

    /// Returns the work of storing an event.
    pub(crate) async fn pushing(&self) -> Result<Work> {
        let utils = Arc::new(self.worker(&Remaining::new(0)).await?.create_utils());
        Ok(Arc::new(move || {
            let utils = Arc::clone(&utils);
            Box::pin(async move {
                let job = Job { body: text() };
                let job = utils.add_raw_job("pushed", job, JobSpec::default());
                job.await.is_ok()
            })
        }))
    }
}

impl Queue for Graphile {
    async fn fill(&self, events: usize) -> Result<()> {
        let job = RawJobSpec {
            identifier: Job::IDENTIFIER.to_owned(),
            payload: serde_json::to_value(Job { body: text() })?,
            spec: JobSpec::default(),
        };
        let utils = self.worker(&Remaining::new(0)).await?.create_utils();
        utils.add_raw_jobs(&vec![job; events]).await?;
        Ok(())
    }

    async fn drain(&self, events: usize) -> Result<()> {
        let remaining = Remaining::new(events);
        let worker = Arc::new(self.worker(&remaining).await?);
        if !self.has_local_queue {
            // Without a local queue, `run` handles one job for each notification and each poll.
            return Ok(worker.run_once().await?);
        }
        let running = Arc::clone(&worker);
        let running = tokio::spawn(async move { running.run().await });
        remaining.none().await;
        worker.request_shutdown();
        running.await??;
        Ok(())
    }
}
