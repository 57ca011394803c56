//! Metrics and log messages of an inbox and its worker.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]

mod support;

use std::convert::Infallible;
use std::time::Duration;

use countersign::inbox::{InspectInbox, MemoryInbox, MessageFilter, MessageState, RetryPolicy};
use countersign_test_support::CapturedLog;
use countersign_tower::{Inbox, RunWorker, Shutdown};
use http::{Request, Response, StatusCode};
use metrics_exporter_prometheus::PrometheusBuilder;
use support::{Body, layer, sender, signed};
use tower::{Layer, ServiceExt, service_fn};

/// Stores an event whose handler always fails and one that another endpoint has, and runs a worker until the
/// first is dead. Returns the metrics in the format of Prometheus.
async fn run() -> String {
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
    let log = CapturedLog::start();
    run().await;
    assert!(!log.lines_with("attempt failed: retried in").is_empty());
    let dead = log.lines_with("message dead");
    assert!(dead[0].contains("ERROR") && dead[0].contains("the handler responded 502"), "{dead:?}");
    assert!(dead[0].contains("countersign inbox replay 2"), "{dead:?}");
    assert!(dead[0].contains("message_id=2"), "{dead:?}");
    let unserved = log.lines_with("no handler: messages wait");
    assert!(unserved[0].contains("elsewhere"), "{unserved:?}");
}
