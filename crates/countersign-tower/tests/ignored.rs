//! What an operator sees of an event that no handler is registered for.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot continue fails")]

mod support;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use countersign_test_support::CapturedLog;
use countersign_tower::Events;
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusBuilder;
use support::{builder, layer, signed_body};
use tower::ServiceExt;

#[tokio::test]
async fn an_ignored_event_is_counted_without_its_name_and_logged_with_it() {
    let log = CapturedLog::start();
    let recorder = PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    let _recording = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));

    let events = Events::new().on("ping", || async { StatusCode::OK }).ignore("pong");
    let receiver = builder().endpoint("orders").build().unwrap();
    let app = Router::new().route("/hook", post(events)).route_layer(layer(receiver));
    // The last name is not a plain one, so it is a piece of the body that is not logged.
    for (n, name) in ["ping", "pong", "order.paid", "Jane Doe"].into_iter().enumerate() {
        let request = signed_body(&format!("msg_{n}"), format!(r#"{{"type":"{name}"}}"#));
        let response = app.clone().oneshot(request.map(Body::new)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }

    let text = prometheus.render();
    let metric = r#"countersign_ignored_total{endpoint="orders",sender="standard-webhooks"}"#;
    assert!(text.contains(&format!("\n{metric} 3\n")), "{text}");

    let message = "ignored: no handler is registered for the event";
    let lines = log.lines_with(message);
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, name) in lines.iter().zip(["pong", "order.paid"]) {
        let (_, fields) = line.split_once(message).unwrap();
        let common = r#"endpoint="orders" sender="standard-webhooks""#;
        assert_eq!(fields, format!(r#" {common} event_type="{name}""#));
        assert!(line.contains(" INFO webhook{"), "{line}");
    }
    assert_eq!(log.lines_with("Jane"), [""; 0]);
}
