//! Metrics, spans and log messages of deliveries.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use countersign_actix::dedup::{EventKey, Identity};
use countersign_actix::testing::{Tampering, TestKeys, WebhookRequest};
use countersign_actix::time::FixedClock;
use countersign_actix::{MemoryStore, Receiver, SignedTestRequest, Timestamp, Webhooks, senders};
use countersign_test_support::CapturedLog;
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing::Instrument;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

fn ping(id: &str) -> WebhookRequest {
    WebhookRequest::to("/").id(id).body(r#"{"type":"ping"}"#)
}

async fn handle() -> HttpResponse {
    tracing::info!("the handler runs");
    HttpResponse::NoContent().finish()
}

/// Delivers all requests to one app, in order.
async fn deliver(requests: impl IntoIterator<Item = WebhookRequest>) {
    let config = senders::STANDARD_WEBHOOKS.config();
    let keys = TestKeys::new(&config.scheme().unwrap(), 1).unwrap();
    let receiver = Receiver::builder(config.keys(keys.receiver()).unwrap())
        .endpoint("orders")
        .dedup(MemoryStore::with_clock(100, FixedClock::new(NOW)).unwrap())
        .build()
        .unwrap();
    let webhooks = Webhooks::new(receiver.clone()).clock(FixedClock::new(NOW));
    let route = web::resource("/").wrap(webhooks).route(web::post().to(handle));
    let app = init_service(App::new().service(route)).await;
    for request in requests {
        let request = request.sign(receiver.scheme(), &keys.sender(), NOW).unwrap();
        call_service(&app, TestRequest::signed(request).to_request()).await;
    }
}

#[actix_web::test]
async fn deliveries_are_counted_by_their_outcome() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    let _recording = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));
    deliver([ping("msg_1"), ping("msg_1"), ping("msg_2").tampered(Tampering::StaleTimestamp)])
        .await;
    let text = prometheus.render();
    for (metric, labels, value) in [
        ("verified_total", r#",key="default""#, 2),
        ("deliveries_total", r#",outcome="handled",rejection="""#, 1),
        ("deliveries_total", r#",outcome="duplicate",rejection="""#, 1),
        ("deliveries_total", r#",outcome="rejected",rejection="stale_timestamp""#, 1),
        ("dedup_hits_total", r#",hit="duplicate""#, 1),
        ("handler_seconds_count", r#",outcome="handled""#, 1),
        ("store_seconds_count", r#",operation="claim",result="ok""#, 2),
        ("store_seconds_count", r#",operation="commit",result="ok""#, 1),
        ("in_progress", "", 0),
    ] {
        let common = r#"endpoint="orders",sender="standard-webhooks""#;
        let line = format!("countersign_{metric}{{{common}{labels}}} {value}");
        assert!(text.lines().any(|rendered| rendered == line), "{line} is not in\n{text}");
    }
}

#[actix_web::test]
async fn a_span_in_the_requests_own_names_the_sender_the_type_and_the_events_key() {
    let log = CapturedLog::start();
    deliver([ping("msg_3"), ping("msg_3")]).instrument(tracing::info_span!("request")).await;
    let key = EventKey::new("orders", "standard-webhooks", &Identity::id("msg_3"));
    log.assert_duplicate_ping(&key);
}
