//! The program that is killed: a service as users write it, which notes what it does.

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

use crate::journal::{Journal, Step, micros};
use crate::place::Store;
use crate::setup::{Fault, Mode, Setup};

pub(crate) const LEASE: Duration = Duration::from_millis(1500);
const STORE_TIMEOUT: Duration = Duration::from_millis(600);
const ANSWER_WITHIN: Duration = Duration::from_millis(800);

/// Serves on the socket that is its standard input, until it is killed.
pub(crate) async fn serve(setup: Setup) {
    tokio::spawn(end_with_parent());
    let desk = Arc::new(Desk {
        store: open(&setup).await,
        journal: Journal::append(&setup.journal, setup.number),
        random: SplitMix64::new(setup.seed),
        mode: setup.mode,
        fault: setup.fault,
    });
    let app = Router::new()
        .route("/", post(on_event))
        .with_state(Arc::clone(&desk))
        .route_layer(WebhookLayer::new(receiver(Watched(Arc::clone(&desk)))))
        .layer(from_fn_with_state(Arc::clone(&desk), front));
    let socket = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let listener = tokio::net::TcpListener::from_std(socket.into()).unwrap();
    desk.journal.is_up();
    axum::serve(listener, app).await.unwrap();
}

/// The key under which the receivers know the event of this id.
pub(crate) fn key_of(id: &str) -> EventKey {
    EventKey::new("crash", "standard-webhooks", &Identity::id(id))
}

fn receiver(store: impl DedupStore) -> Receiver {
    let contract = Contract::builder().response_deadline(ANSWER_WITHIN).build().unwrap();
    let receiver =
        Receiver::builder(sender().with_contract(contract)).endpoint("crash").dedup(store);
    receiver.store_timeout(STORE_TIMEOUT).lease(LEASE).build().unwrap()
}

async fn open(setup: &Setup) -> Store {
    match setup.fault {
        Some(Fault::Forgets) => Store::Memory(MemoryStore::default()),
        _ => setup.place.open().await,
    }
}

/// A receiver that nobody is left to kill.
async fn end_with_parent() {
    let parent = parent_id();
    let mut ticks = interval(Duration::from_millis(500));
    while parent_id() == parent {
        ticks.tick().await;
    }
    std::process::exit(1);
}

struct Desk {
    store: Store,
    journal: Journal,
    random: SplitMix64,
    mode: Mode,
    fault: Option<Fault>,
}

impl Desk {
    /// Makes a step long enough to be killed in.
    async fn linger(&self) {
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
        if let Some(Fault::AnswersEarly) = self.fault {
            let desk = Arc::clone(self);
            tokio::spawn(async move {
                desk.work().await;
                desk.journal.note(&key, Step::Finished);
            });
            return Ok(());
        }
        self.work().await;
        let finish = async {
            self.journal.note(&key, Step::Finished);
            self.linger().await;
        };
        match (self.mode, self.fault) {
            (Mode::Lease, _) => finish.await,
            (Mode::Transaction, Some(Fault::WritesOutside)) => {
                self.store.apply_outside(delivery, id, finish).await?;
            }
            (Mode::Transaction, _) => self.store.apply(delivery, id, finish).await?,
        }
        if self.mode == Mode::Transaction {
            self.journal.note(&key, Step::Applied);
        }
        Ok(())
    }
}

/// What stands before every service: a network, and a balancer that sends each request to whoever
/// takes it.
async fn front(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let key = key_of(request.headers().get("webhook-id").unwrap().to_str().unwrap());
    desk.journal.note(&key, Step::Received);
    desk.linger().await;
    let mut answer = next.run(request).await;
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    desk.linger().await;
    desk.journal.note(&key, Step::Answered { status: answer.status().as_u16() });
    answer
}

async fn on_event(
    State(desk): State<Arc<Desk>>,
    Webhook(delivery): Webhook<Delivery>,
) -> StatusCode {
    let id = delivery.signed_id().unwrap().into_owned();
    desk.journal.note(&key_of(&id), Step::Started { id: id.clone() });
    match desk.handle(&delivery, &id).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The desk's store, each of whose answers is noted.
struct Watched(Arc<Desk>);

impl DedupStore for Watched {
    async fn claim(
        &self,
        key: &EventKey,
        fingerprint: u64,
        lease: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let Desk { store, journal, fault, .. } = &*self.0;
        let lease = if *fault == Some(Fault::NoLease) { Duration::ZERO } else { lease };
        journal.note(key, Step::Asked);
        let asked = micros();
        let answer = store.claim(key, fingerprint, lease).await;
        let step = match answer {
            Ok(ClaimOutcome::Acquired { fencing_token, takeover }) => {
                Step::Granted { fencing_token: fencing_token.as_u64(), takeover, asked }
            }
            Ok(ClaimOutcome::Duplicate { .. }) => Step::Duplicate,
            Ok(_) => Step::InProgress,
            Err(_) => Step::Unclaimed,
        };
        journal.note(key, step);
        if let (Some(Fault::MarksFirst), Ok(ClaimOutcome::Acquired { fencing_token, .. })) =
            (fault, &answer)
        {
            self.commit(key, *fencing_token, Duration::from_secs(60 * 60)).await?;
        }
        answer
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
        let settled = self.0.store.commit(key, fencing_token, retention).await;
        let step = match settled {
            Ok(UpdateOutcome::Applied) => Step::Committed,
            Ok(UpdateOutcome::StaleToken) => Step::Stale,
            Err(_) => Step::Uncommitted,
        };
        self.0.journal.note(key, step);
        settled
    }

    async fn release(
        &self,
        key: &EventKey,
        fencing_token: FencingToken,
    ) -> Result<UpdateOutcome, StoreError> {
        self.0.journal.note(key, Step::Releasing);
        self.0.store.release(key, fencing_token).await
    }
}
