//! Exports the metrics of a Standard Webhooks route and of its store to Prometheus.
//!
//! Run it with `WEBHOOK_SECRET=whsec_… cargo run -p prometheus`, then read the metrics with
//! `curl http://127.0.0.1:9000/metrics`.
//!
//! The metrics have a listener of their own, so that they are not public where the webhooks are.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use countersign_sqlx::SqliteStore;
use countersign_tower::dedup::InspectStore;
use countersign_tower::{
    ConfigError, Delivery, Receiver, Secret, StandardWebhooks, Webhook, WebhookLayer, metrics,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

/// The buckets of histograms, in seconds: from a call of a memory store to a slow handler.
const BUCKETS: [f64; 9] = [0.000_01, 0.000_1, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 15.0];

fn recorder() -> Result<PrometheusHandle, Box<dyn Error>> {
    let seconds = Matcher::Suffix("_seconds".into());
    let recorder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &BUCKETS)?;
    let handle = recorder.install_recorder()?;
    metrics::describe();
    Ok(handle)
}

fn webhooks(secret: Secret, store: SqliteStore) -> Result<Router, ConfigError> {
    let receiver = Receiver::builder(StandardWebhooks::new(secret)?)
        .endpoint("orders")
        .dedup(store)
        .build()?;
    Ok(Router::new()
        .route("/webhooks/orders", post(on_event))
        .route_layer(WebhookLayer::new(receiver)))
}

async fn on_event(Webhook(delivery): Webhook<Delivery>) -> StatusCode {
    println!("{} bytes", delivery.body().len());
    StatusCode::OK
}

fn metrics_page(prometheus: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(async move || prometheus.render()))
}

/// Reports the number and the states of the store's events once a minute.
async fn report(store: SqliteStore, prometheus: PrometheusHandle) {
    loop {
        match store.stats().await {
            Ok(stats) => metrics::report_store("events", &stats),
            // Deliveries do not depend on this count, so the service continues without it.
            Err(error) => eprintln!("the events of the store cannot be counted: {error}"),
        }
        prometheus.run_upkeep();
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let prometheus = recorder()?;
    let store = SqliteStore::open("webhooks.db").await?;
    let webhooks = webhooks(Secret::from_env("WEBHOOK_SECRET")?, store.clone())?;
    let public = TcpListener::bind("127.0.0.1:3000").await?;
    let private = TcpListener::bind("127.0.0.1:9000").await?;
    println!("webhooks on http://{}/webhooks/orders", public.local_addr()?);
    println!("metrics on http://{}/metrics", private.local_addr()?);
    let page = metrics_page(prometheus.clone());
    tokio::select! {
        result = async { axum::serve(public, webhooks).await } => result?,
        result = async { axum::serve(private, page).await } => result?,
        () = report(store, prometheus) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use countersign_tower::senders::Sender;
    use countersign_tower::testing::WebhookRequest;
    use countersign_tower::time::{Clock, SystemClock};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn the_page_shows_a_delivery_and_the_size_of_the_store() {
        let prometheus = recorder().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("webhooks.db")).await.unwrap();
        let secret = || Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let sender = StandardWebhooks::new(secret()).unwrap();
        let request: Request<Body> = WebhookRequest::to("/webhooks/orders")
            .body(r#"{"type":"order.paid"}"#)
            .sign(sender.verifier().scheme(), &secret(), SystemClock.now())
            .unwrap()
            .into();
        let app = webhooks(secret(), store.clone()).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), StatusCode::OK);
        metrics::report_store("events", &store.stats().await.unwrap());
        let page = metrics_page(prometheus);
        let response = page.oneshot(Request::get("/metrics").body(Body::empty()).unwrap()).await;
        let text = response.unwrap().into_body().collect().await.unwrap().to_bytes();
        let text = str::from_utf8(&text).unwrap();
        for expected in [
            r#"countersign_deliveries_total{endpoint="orders",sender="standard-webhooks",outcome="handled",rejection=""} 1"#,
            r#"countersign_store_events{store="events",state="handled"} 1"#,
        ] {
            assert!(text.lines().any(|line| line == expected), "{expected} is not in\n{text}");
        }
    }
}
