//! What an operator sees of an event that no handler is registered for.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use countersign_actix::testing::{TestKeys, WebhookRequest};
use countersign_actix::time::FixedClock;
use countersign_actix::{
    Receiver, SignedTestRequest, Timestamp, Webhooks, event, ignored, senders,
};
use countersign_test_support::CapturedLog;
use metrics_exporter_prometheus::PrometheusBuilder;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

#[actix_web::test]
async fn an_ignored_event_is_counted_without_its_name_and_logged_with_it() {
    let log = CapturedLog::start();
    let recorder = PrometheusBuilder::new().build_recorder();
    let prometheus = recorder.handle();
    let _recording = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));

    let config = senders::STANDARD_WEBHOOKS.config();
    let keys = TestKeys::new(&config.scheme().unwrap(), 1).unwrap();
    let receiver = Receiver::builder(config.keys(keys.receiver()).unwrap());
    let receiver = receiver.endpoint("orders").build().unwrap();
    let webhooks = Webhooks::new(receiver.clone()).clock(FixedClock::new(NOW));
    let routes = web::resource("/")
        .wrap(webhooks)
        .route(web::post().guard(event("ping")).to(HttpResponse::Ok))
        .route(ignored());
    let app = init_service(App::new().service(routes)).await;
    // The last name is not a plain one, so it is a piece of the body that is not logged.
    for (n, name) in ["ping", "order.paid", "Jane Doe"].into_iter().enumerate() {
        let body = format!(r#"{{"type":"{name}"}}"#);
        let request = WebhookRequest::to("/").id(format!("msg_{n}")).body(body);
        let request = request.sign(receiver.scheme(), &keys.sender(), NOW).unwrap();
        let response = call_service(&app, TestRequest::signed(request).to_request()).await;
        assert_eq!(response.status(), 200);
    }

    let text = prometheus.render();
    let metric = r#"countersign_ignored_total{endpoint="orders",sender="standard-webhooks"}"#;
    assert!(text.contains(&format!("\n{metric} 2\n")), "{text}");

    let message = "ignored: no handler is registered for the event";
    let lines = log.lines_with(message);
    assert_eq!(lines.len(), 2, "{lines:?}");
    let (_, fields) = lines.first().unwrap().split_once(message).unwrap();
    let common = r#"endpoint="orders" sender="standard-webhooks""#;
    assert_eq!(fields, format!(r#" {common} event_type="order.paid""#));
    assert_eq!(log.lines_with("Jane"), [""; 0]);
}
