//! The program that is killed: a service as users write it, which records its steps.

use std::os::fd::AsFd;
use std::os::unix::process::parent_id;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, Identity, StoreError, UpdateOutcome,
};
use countersign::{Contract, MemoryStore, Receiver};
use countersign_sqlx::TransactionError;
use countersign_test_support::SplitMix64;
use countersign_test_support::webhook::sender;
use countersign_tower::{Delivery, Webhook, WebhookLayer};
use tokio::time::{interval, sleep};

use crate::config::{Fault, Mode, ReceiverConfig};
use crate::journal::{Journal, Step, micros};
use crate::store::Store;

pub(crate) const LEASE: Duration = Duration::from_millis(1500);
const STORE_TIMEOUT: Duration = Duration::from_millis(600);
const RESPONSE_DEADLINE: Duration = Duration::from_millis(800);

/// Serves on the socket that is its standard input, until it is killed.
pub(crate) async fn serve(config: ReceiverConfig) {
    tokio::spawn(end_with_parent());
    let service = Arc::new(Service {
        store: open(&config).await,
        journal: Journal::append(&config.journal, config.number),
        random: SplitMix64::new(config.seed),
        mode: config.mode,
        fault: config.fault,
    });
    let app = Router::new()
        .route("/", post(on_event))
        .with_state(Arc::clone(&service))
        .route_layer(WebhookLayer::new(receiver(RecordingStore(Arc::clone(&service)))))
        .layer(from_fn_with_state(Arc::clone(&service), frontend));
    let socket = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let listener = tokio::net::TcpListener::from_std(socket.into()).unwrap();
    service.journal.record_ready();
    axum::serve(listener, app).await.unwrap();
}

/// Returns the key of the event with this id.
pub(crate) fn key_of(id: &str) -> EventKey {
    EventKey::new("crash", "standard-webhooks", &Identity::id(id))
}

fn receiver(store: impl DedupStore) -> Receiver {
    let contract = Contract::builder().response_deadline(RESPONSE_DEADLINE).build().unwrap();
    let receiver =
        Receiver::builder(sender().with_contract(contract)).endpoint("crash").dedup(store);
    receiver.store_timeout(STORE_TIMEOUT).lease(LEASE).build().unwrap()
}

async fn open(config: &ReceiverConfig) -> Store {
    match config.fault {
        Some(Fault::ForgetsEvents) => Store::Memory(MemoryStore::default()),
        _ => config.location.open().await,
    }
}

/// Ends the receiver when its parent has ended.
async fn end_with_parent() {
    let parent = parent_id();
    let mut ticks = interval(Duration::from_millis(500));
    while parent_id() == parent {
        ticks.tick().await;
    }
    std::process::exit(1);
}

struct Service {
    store: Store,
    journal: Journal,
    random: SplitMix64,
    mode: Mode,
    fault: Option<Fault>,
}

impl Service {
    /// Prolongs a step, so that a kill can hit it.
    async fn pause(&self) {
        sleep(self.random.millis(0..12)).await;
    }

    async fn work(&self) {
        sleep(self.random.millis(2..40)).await;
    }

    async fn handle(
        self: &Arc<Self>,
        delivery: &countersign::Delivery,
        id: &str,
    ) -> Result<(), TransactionError> {
        let key = key_of(id);
        if let Some(Fault::RespondsEarly) = self.fault {
            let service = Arc::clone(self);
            tokio::spawn(async move {
                service.work().await;
                service.journal.record(&key, Step::Finished);
            });
            return Ok(());
        }
        self.work().await;
        let finish = async {
            self.journal.record(&key, Step::Finished);
            self.pause().await;
        };
        match (self.mode, self.fault) {
            (Mode::Lease, _) => finish.await,
            (Mode::Transaction, Some(Fault::WritesOutsideTransaction)) => {
                self.store.apply_outside(delivery, id, finish).await?;
            }
            (Mode::Transaction, _) => self.store.apply(delivery, id, finish).await?,
        }
        if self.mode == Mode::Transaction {
            self.journal.record(&key, Step::Applied);
        }
        Ok(())
    }
}

/// Stands in for the network and the load balancer in front of a service.
async fn frontend(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let key = key_of(request.headers().get("webhook-id").unwrap().to_str().unwrap());
    service.journal.record(&key, Step::Received);
    service.pause().await;
    let mut response = next.run(request).await;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    service.pause().await;
    service.journal.record(&key, Step::Responded { status: response.status().as_u16() });
    response
}

async fn on_event(
    State(service): State<Arc<Service>>,
    Webhook(delivery): Webhook<Delivery>,
) -> StatusCode {
    let id = delivery.signed_id().unwrap().into_owned();
    service.journal.record(&key_of(&id), Step::Started { id: id.clone() });
    match service.handle(&delivery, &id).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The service's store, which records each call and its result.
struct RecordingStore(Arc<Service>);

impl DedupStore for RecordingStore {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let Service { store, journal, fault, .. } = &*self.0;
        let lease = if *fault == Some(Fault::NoLease) { Duration::ZERO } else { lease };
        journal.record(key, Step::Claiming);
        let claimed_at = micros();
        let outcome = store.claim(key, fingerprint, lease).await;
        let step = match outcome {
            Ok(ClaimOutcome::Acquired { fencing_token, takeover }) => {
                Step::Granted { fencing_token: fencing_token.as_u64(), takeover, claimed_at }
            }
            Ok(ClaimOutcome::Duplicate { .. }) => Step::Duplicate,
            Ok(_) => Step::InProgress,
            Err(_) => Step::ClaimFailed,
        };
        journal.record(key, step);
        if let (
            Some(Fault::MarksBeforeHandling),
            Ok(ClaimOutcome::Acquired { fencing_token, .. }),
        ) = (fault, &outcome)
        {
            self.commit(key, *fencing_token, Duration::from_secs(60 * 60)).await?;
        }
        outcome
    }

    async fn renew(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        lease: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.store.renew(key, fencing_token, lease).await
    }

    async fn commit(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
        retention: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        let outcome = self.0.store.commit(key, fencing_token, retention).await;
        let step = match outcome {
            Ok(UpdateOutcome::Applied) => Step::Committed,
            Ok(UpdateOutcome::StaleToken) => Step::Stale,
            Err(_) => Step::CommitFailed,
        };
        self.0.journal.record(key, step);
        outcome
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.journal.record(key, Step::Releasing);
        self.0.store.release(key, fencing_token).await
    }
}
