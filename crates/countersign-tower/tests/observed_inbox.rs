//! Metrics and log messages of an inbox and its worker.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]

mod support;

use std::convert::Infallible;
use std::sync::LazyLock;
use std::time::Duration;

use countersign::inbox::{
    EndpointClaim, InboxStore, InspectInbox, MemoryInbox, MessageClaim, MessageFilter,
    MessageState, RetryPolicy,
};
use countersign_test_support::CapturedLog;
use countersign_tower::{Inbox, RunWorker, Shutdown};
use http::{Request, Response, StatusCode};
use metrics_exporter_prometheus::PrometheusBuilder;
use support::{Body, layer, sender, signed};
use tower::{Layer, ServiceExt, service_fn};

/// What all tests log: a process has one subscriber, which each test sets before it logs anything.
static LOG: LazyLock<CapturedLog> = LazyLock::new(CapturedLog::start);

/// Stores an event whose handler always fails and one that another endpoint has, and runs a worker until the
/// first is dead. Returns the metrics in the format of Prometheus.
async fn run() -> String {
    LazyLock::force(&LOG);
    let recorder = PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    let _recording = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));
    let store = MemoryInbox::danger_new();
    let failing = service_fn(async |_: Request<Body>| {
        let mut response = Response::new(Body::default());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        Ok::<_, Infallible>(response)
    });
    let named = |name: &str, inbox: &Inbox| {
        let receiver = countersign_tower::Receiver::builder(sender()).endpoint(name);
        layer(receiver.build().unwrap()).inbox(inbox.clone()).layer(failing)
    };
    let elsewhere = Inbox::new(store.clone());
    named("elsewhere", &elsewhere).oneshot(signed("msg_1")).await.unwrap();
    let inbox = Inbox::new(store.clone());
    let service = named("orders", &inbox);
    service.clone().oneshot(signed("msg_2")).await.unwrap();
    let policy = RetryPolicy::exponential(Duration::ZERO, Duration::ZERO).max_attempts(2);
    let is_dead = async || {
        let latest = store.messages(&MessageFilter::default(), None, 1).await.unwrap();
        latest[0].state == MessageState::Dead
    };
    // A worker reports the whole inbox when it begins: the second one, what the first has left.
    let is_reported = async || prometheus.render().contains("state=\"dead\"} 1");
    run_until(inbox.worker(service.clone()).retry(policy.clone()), is_dead).await;
    run_until(inbox.worker(service).retry(policy), is_reported).await;
    prometheus.render()
}

/// Runs a worker until a condition is met.
async fn run_until(worker: impl RunWorker, is_met: impl AsyncFn() -> bool) {
    let shutdown = Shutdown::default();
    let running = tokio::spawn(worker.run(shutdown.clone()));
    while !is_met().await {
        tokio::task::yield_now().await;
    }
    shutdown.drain().await;
    running.await.unwrap();
}

#[tokio::test]
async fn an_inbox_is_counted_by_endpoint() {
    let rendered = run().await;
    let has = |line: &str| rendered.lines().any(|found| found == line);
    for line in [
        r#"countersign_deliveries_total{endpoint="orders",sender="standard-webhooks",outcome="stored",rejection=""} 1"#,
        r#"countersign_inbox_attempt_seconds_count{endpoint="orders",outcome="retry"} 1"#,
        r#"countersign_inbox_attempt_seconds_count{endpoint="orders",outcome="dead"} 1"#,
        r#"countersign_inbox_dead_total{endpoint="orders"} 1"#,
        r#"countersign_inbox_messages{endpoint="orders",state="dead"} 1"#,
        r#"countersign_inbox_messages{endpoint="orders",state="ready"} 0"#,
        r#"countersign_inbox_messages{endpoint="elsewhere",state="ready"} 1"#,
        r#"countersign_inbox_bytes{endpoint="orders",state="dead"} 15"#,
        r#"countersign_inbox_bytes{endpoint="elsewhere",state="live"} 15"#,
        r#"countersign_inbox_paused{endpoint="orders"} 0"#,
    ] {
        assert!(has(line), "{line}\nis not in\n{rendered}");
    }
    let oldest = "countersign_inbox_oldest_ready_seconds{endpoint=\"elsewhere\"} ";
    assert!(rendered.contains(oldest), "{rendered}");
}

#[tokio::test]
async fn a_dead_message_and_an_endpoint_without_a_handler_are_logged() {
    let log = &*LOG;
    run().await;
    assert!(!log.lines_with("attempt failed: retried in").is_empty());
    let dead = log.lines_with("message dead");
    assert!(dead[0].contains("ERROR") && dead[0].contains("the handler responded 502"), "{dead:?}");
    assert!(dead[0].contains("countersign inbox replay 2"), "{dead:?}");
    assert!(dead[0].contains("message_id=2"), "{dead:?}");
    let unserved = log.lines_with("no handler: messages wait");
    assert!(unserved[0].contains("elsewhere"), "{unserved:?}");
}

/// An acknowledged event whose route is gone is neither handled nor dead.
#[tokio::test]
async fn a_message_without_a_route_is_a_warning() {
    let log = &*LOG;
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::new(store.clone());
    let receiver = countersign_tower::Receiver::builder(sender()).endpoint("orders");
    let handled =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let service = layer(receiver.build().unwrap()).inbox(inbox.clone()).layer(handled);
    service.oneshot(signed("msg_1")).await.unwrap();
    // The application without the route.
    let elsewhere = service_fn(async |_: Request<http_body_util::Full<bytes::Bytes>>| {
        Ok::<_, Infallible>(Response::new(http_body_util::Full::<bytes::Bytes>::default()))
    });
    let is_returned = async || {
        let latest = store.messages(&MessageFilter::default(), None, 1).await.unwrap();
        latest[0].error.is_some()
    };
    run_until(inbox.worker(elsewhere), is_returned).await;
    let lines = log.lines_with("no route with the layer of this inbox");
    assert!(lines.iter().any(|line| line.contains("WARN") || line.contains("ERROR")), "{lines:?}");
}

#[tokio::test]
async fn a_takeover_is_counted() {
    LazyLock::force(&LOG);
    let recorder = PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    let _recording = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));
    let store = MemoryInbox::danger_new();
    let inbox = Inbox::new(store.clone());
    let receiver = countersign_tower::Receiver::builder(sender()).endpoint("orders");
    let handled =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::default())));
    let service = layer(receiver.build().unwrap()).inbox(inbox.clone()).layer(handled);
    service.clone().oneshot(signed("msg_1")).await.unwrap();
    // A worker that ends at once.
    let endpoint = EndpointClaim::new("orders", 1, 12);
    let claim = MessageClaim::new(vec![endpoint], 1, Duration::ZERO, "dead".into());
    assert_eq!(store.claim_messages(&claim).await.unwrap().messages.len(), 1);
    let is_done = async || {
        let latest = store.messages(&MessageFilter::default(), None, 1).await.unwrap();
        latest[0].state == MessageState::Done
    };
    run_until(inbox.worker(service), is_done).await;
    let line = r#"countersign_inbox_takeovers_total{endpoint="orders"} 1"#;
    let rendered = prometheus.render();
    assert!(rendered.lines().any(|found| found == line), "{line}\nis not in\n{rendered}");
}
