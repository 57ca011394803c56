//! A service over HTTP whose store can be blocked.

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
const RESPONSE_DEADLINE: Duration = Duration::from_millis(1500);
const TIMEOUT: Duration = Duration::from_secs(60);

/// The response header with the outcome, for the test.
const OUTCOME: &str = "x-outcome";

/// The prefix of the ids of events whose handler waits until it is released.
const HELD: &str = "held";

#[derive(Clone)]
pub(crate) struct Service {
    address: SocketAddr,
    runs: Arc<Mutex<BTreeMap<String, usize>>>,
    gate: Arc<Semaphore>,
}

impl Service {
    pub(crate) async fn start(store: impl DedupStore, lease: Duration) -> Self {
        let contract = Contract::builder().response_deadline(RESPONSE_DEADLINE).build().unwrap();
        let receiver = Receiver::builder(webhook::sender().with_contract(contract)).dedup(store);
        let receiver =
            receiver.endpoint("outages").store_timeout(STORE_TIMEOUT).lease(lease).build().unwrap();
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
            .layer(map_response(add_outcome));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        service
    }

    /// Delivers the event once, and returns the status and the outcome.
    pub(crate) async fn deliver(&self, id: &str) -> (u16, String) {
        let (address, id) = (self.address, id.to_owned());
        let posting = tokio::task::spawn_blocking(move || webhook::post(address, &id));
        let response = posting.await.unwrap().unwrap();
        let outcome = response.lines().find_map(|line| line.strip_prefix("x-outcome: "));
        (webhook::status(&response), outcome.unwrap().to_owned())
    }

    /// Delivers the event until the response is 200; every earlier response must be 503.
    pub(crate) async fn deliver_until_handled(&self, id: &str) -> String {
        let end = Instant::now() + TIMEOUT;
        loop {
            match self.deliver(id).await {
                (200, outcome) => return outcome,
                other => assert!(other.0 == 503 && Instant::now() < end, "{other:?}"),
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn runs(&self, id: &str) -> usize {
        self.runs.lock().unwrap().get(id).copied().unwrap_or(0)
    }

    /// Waits until the event's handler runs.
    pub(crate) async fn wait_until_running(&self, id: &str) {
        let end = Instant::now() + TIMEOUT;
        while self.runs(id) == 0 {
            assert!(Instant::now() < end, "the handler does not start");
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Releases one waiting handler.
    pub(crate) fn release_handler(&self) {
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

async fn add_outcome(mut response: Response) -> Response {
    let outcome = response.extensions().get::<Outcome>().map_or("none", |outcome| outcome.as_str());
    response.headers_mut().insert(OUTCOME, HeaderValue::from_static(outcome));
    response
}
