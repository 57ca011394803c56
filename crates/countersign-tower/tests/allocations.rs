//! A delivery in axum allocates little more than the same request without the layer.

#![cfg(all(feature = "axum", feature = "sign"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::{AllocationInfo, measure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use axum::routing::post;
use countersign_tower::scheme::SigningRequest;
use countersign_tower::senders::Sender;
use countersign_tower::time::FixedClock;
use countersign_tower::{Receiver, Secret, StandardWebhooks, Timestamp, Webhook, WebhookLayer};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};

const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);
const BODY: &str = r#"{"type":"invoice.paid","data":{"number":"R-1"}}"#;

#[derive(serde::Deserialize)]
struct Event {
    data: Invoice,
}

#[derive(serde::Deserialize)]
struct Invoice {
    number: String,
}

impl Event {
    fn status(&self) -> StatusCode {
        if self.data.number == "R-1" { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST }
    }
}

fn sender() -> StandardWebhooks {
    StandardWebhooks::new(secret()).unwrap()
}

fn secret() -> Secret {
    Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()
}

fn request(id: &str) -> Request<Body> {
    let signing = SigningRequest::new(BODY.as_bytes()).id(id).timestamp(NOW);
    let mut request = Request::post("/hook").header("content-type", "application/json");
    for (name, value) in signing.sign(sender().verifier().scheme(), &secret()).unwrap() {
        request = request.header(name, value);
    }
    request.body(Body::from(BODY)).unwrap()
}

/// Polls the response to a request once, by which the handler has run, and counts the allocations.
fn exchange(app: &Router, request: Request<Body>) -> AllocationInfo {
    let mut status = None;
    let allocated = measure(|| {
        let polled =
            pin!(app.clone().oneshot(request)).poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(Ok(response)) = polled {
            status = Some(response.status());
        }
    });
    assert_eq!(status, Some(StatusCode::NO_CONTENT));
    allocated
}

/// Returns what the layer with this receiver allocates for a request more than the bare router.
fn over_bare(receiver: Receiver) -> (u64, u64) {
    // With the state, as a server does: then routes are made once.
    let handler = post(async |body: Bytes| {
        serde_json::from_slice(&body).map_or(StatusCode::BAD_REQUEST, |event: Event| event.status())
    });
    let bare = Router::new().route("/hook", handler).with_state(());
    let layer = WebhookLayer::new(receiver).clock(FixedClock::new(NOW));
    let handler = post(|Webhook(event): Webhook<Event>| async move { event.status() });
    let layered = Router::new().route("/hook", handler).route_layer(layer).with_state(());
    let least = |app: &Router| {
        // The store grows now and then.
        let each = (0..500).map(|number| exchange(app, request(&number.to_string())));
        let each = each.map(|allocated| (allocated.count_total, allocated.bytes_total));
        each.reduce(|one, other| (one.0.min(other.0), one.1.min(other.1))).unwrap()
    };
    let (bare, layered) = (least(&bare), least(&layered));
    (layered.0 - bare.0, layered.1.saturating_sub(bare.1))
}

/// The labels of the seven metrics of a delivery, and the name of its key.
const METRICS: u64 = if cfg!(feature = "metrics") { 8 } else { 0 };

#[test]
fn a_delivery_allocates_at_most_eleven_times_more_than_a_request_decoded_by_hand() {
    let (count, bytes) = over_bare(Receiver::new(sender()));
    // One of them comes with features of axum that other packages of the workspace enable.
    assert!(count <= 11 + METRICS, "{count} allocations over bare axum");
    assert!(bytes <= 5120, "{bytes} bytes over bare axum");
}

#[test]
fn the_future_of_a_delivery_is_small() {
    let layer = WebhookLayer::new(Receiver::new(sender())).clock(FixedClock::new(NOW));
    let inner = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let mut service = layer.layer(inner);
    let request = request("msg_1");
    let allocated = measure(|| drop(service.call(request)));
    assert!(allocated.bytes_total <= 2560, "{} bytes", allocated.bytes_total);
}
