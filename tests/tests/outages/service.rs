//! A whole service over real HTTP, on a store that can be held up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::post;
use countersign::dedup::DedupStore;
use countersign::{Contract, Outcome, Receiver};
use countersign_test_support::webhook;
use countersign_tower::{Delivery, Webhook, WebhookLayer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

const STORE_TIMEOUT: Duration = Duration::from_millis(300);
const ANSWER_WITHIN: Duration = Duration::from_millis(1500);
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the outcome stands, for the test alone to see.
const OUTCOME: &str = "x-outcome";

/// The first part of the ids of events whose handler waits until it is let go.
const HELD: &str = "held";

#[derive(Clone)]
pub(crate) struct Service {
    address: SocketAddr,
    runs: Arc<Mutex<BTreeMap<String, usize>>>,
    gate: Arc<Semaphore>,
}

impl Service {
    pub(crate) async fn start(store: impl DedupStore, lease: Duration) -> Self {
        let contract = Contract::builder().response_deadline(ANSWER_WITHIN).build().unwrap();
        let receiver = Receiver::builder(webhook::sender().with_contract(contract)).dedup(store);
        let receiver = receiver.store_timeout(STORE_TIMEOUT).lease(lease).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            runs: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        };
        let app = Router::new()
            .route("/", post(on_event))
            .with_state(service.clone())
            .route_layer(WebhookLayer::new(receiver))
            .layer(map_response(tell_outcome));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        service
    }

    /// Delivers the event once: the status, and what came of it.
    pub(crate) async fn deliver(&self, id: &str) -> (u16, String) {
        let (address, id) = (self.address, id.to_owned());
        let posting = tokio::task::spawn_blocking(move || webhook::post(address, &id));
        let answer = posting.await.unwrap().unwrap();
        let outcome = answer.lines().find_map(|line| line.strip_prefix("x-outcome: "));
        (webhook::status(&answer), outcome.unwrap().to_owned())
    }

    /// Delivers it until the sender would be content; all answers before are 503.
    pub(crate) async fn deliver_until_handled(&self, id: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.deliver(id).await {
                (200, outcome) => return outcome,
                answer => assert!(answer.0 == 503 && Instant::now() < end, "{answer:?}"),
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn runs(&self, id: &str) -> usize {
        self.runs.lock().unwrap().get(id).copied().unwrap_or(0)
    }

    /// Returns once the event's handler runs.
    pub(crate) async fn has_begun(&self, id: &str) {
        let end = Instant::now() + PATIENCE;
        while self.runs(id) == 0 {
            assert!(Instant::now() < end, "the handler does not begin");
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Lets one handler that is held go on.
    pub(crate) fn let_go(&self) {
        self.gate.add_permits(1);
    }
}

async fn on_event(
    State(service): State<Service>,
    Webhook(delivery): Webhook<Delivery>,
) -> StatusCode {
    let id = delivery.signed_id().unwrap().into_owned();
    *service.runs.lock().unwrap().entry(id.clone()).or_default() += 1;
    if id.starts_with(HELD) {
        service.gate.acquire().await.unwrap().forget();
    }
    StatusCode::OK
}

async fn tell_outcome(mut answer: Response) -> Response {
    let outcome = answer.extensions().get::<Outcome>().map_or("none", |outcome| outcome.as_str());
    answer.headers_mut().insert(OUTCOME, HeaderValue::from_static(outcome));
    answer
}
