//! The routes for a load balancer.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use countersign::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign::inbox::MemoryInbox;
use countersign_tower::{Health, Inbox, RunWorker, Shutdown, health_routes};
use http::{Request, StatusCode};
use tower::ServiceExt;

/// A store that cannot be reached.
struct Down;

fn down<T>() -> Result<T, StoreError> {
    Err(StoreError::new(StoreErrorKind::Unavailable, "connection refused"))
}

impl DedupStore for Down {
    async fn ping(&self) -> Result<(), StoreError> {
        down()
    }

    async fn claim(&self, _: &EventKey, _: u64, _: Duration) -> Result<ClaimOutcome, StoreError> {
        down()
    }

    async fn renew(
        &self,
        _: &EventKey,
        _: FencingToken,
        _: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        down()
    }

    async fn commit(
        &self,
        _: &EventKey,
        _: FencingToken,
        _: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        down()
    }

    async fn release(&self, _: &EventKey, _: FencingToken) -> Result<UpdateOutcome, StoreError> {
        down()
    }
}

async fn get(health: &Health, path: &str) -> (StatusCode, String) {
    let app: Router = health_routes(health.clone());
    let response = app.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_service_is_ready_while_its_stores_respond() {
    let health = Health::new().store("events", MemoryInbox::danger_new());
    assert_eq!(get(&health, "/ready").await.0, StatusCode::OK);
    let health = health.store("other", Down);
    let (status, report) = get(&health, "/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        report.contains(r#"{"kind":"store","name":"other","problem":"connection refused"}"#),
        "{report}"
    );
    assert_eq!(get(&health, "/health").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_service_is_ready_while_its_worker_runs() {
    let inbox = Inbox::new(MemoryInbox::danger_new());
    let health = Health::new().worker("webhooks", &inbox);
    let (status, report) = get(&health, "/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(report.contains("no worker runs"), "{report}");
    let shutdown = Shutdown::default();
    let worker = tokio::spawn(inbox.worker(Router::<()>::new()).run(shutdown.clone()));
    while get(&health, "/ready").await.0 != StatusCode::OK {
        tokio::task::yield_now().await;
    }
    shutdown.drain().await;
    worker.await.unwrap();
    assert_eq!(get(&health, "/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_service_that_shuts_down_is_not_ready() {
    let shutdown = Shutdown::default();
    let health = Health::new().shutdown(&shutdown);
    assert_eq!(get(&health, "/ready").await.0, StatusCode::OK);
    shutdown.drain().await;
    let (status, report) = get(&health, "/ready").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(report.contains(r#""draining":true"#), "{report}");
}
