//! Where a layer must stand in axum for a sender's handshake to reach it.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::{MethodRouter, get, post};
use countersign::senders::{META, STRIPE, SenderSpec};
use countersign::{Receiver, Secret};
use countersign_test_support::CapturedLog;
use countersign_tower::WebhookLayer;
use http::{Request, StatusCode};
use tower::ServiceExt;

const HANDSHAKE: &str =
    "/hook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a-token";

/// The log of the process, which starts before the first layer is made.
static LOG: LazyLock<CapturedLog> = LazyLock::new(CapturedLog::start);

fn layer(sender: SenderSpec) -> WebhookLayer {
    layer_of("meta", sender)
}

fn layer_of(endpoint: &str, sender: SenderSpec) -> WebhookLayer {
    LazyLock::force(&LOG);
    let config = sender.config().with_verify_token(Secret::new("a-token").unwrap());
    let sender = config.keys(Secret::new("a secret of 24 bytes or more").unwrap()).unwrap();
    WebhookLayer::new(Receiver::builder(sender).endpoint(endpoint).build().unwrap())
}

fn handler() -> MethodRouter {
    post(|| async { StatusCode::NO_CONTENT })
}

/// Sends Meta's handshake; returns the status and the body of the response.
async fn handshake(app: Router) -> (StatusCode, String) {
    let request = Request::get(HANDSHAKE).body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1024).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_layer_on_the_whole_route_answers_a_handshake() {
    let on_route = Router::new().route("/hook", handler().layer(layer(META)));
    let on_routes = Router::new().route("/hook", handler()).route_layer(layer(META));
    let on_router = Router::new().route("/hook", handler()).layer(layer(META));
    let beside_another = get(|| async { "a page" }).merge(handler());
    let beside_another = Router::new().route("/hook", beside_another.layer(layer(META)));
    let nested =
        Router::new().nest("/hook", Router::new().route("/", handler()).route_layer(layer(META)));
    for app in [on_route, on_routes, on_router, beside_another, nested] {
        assert_eq!(handshake(app).await, (StatusCode::OK, "1158201444".to_owned()));
    }
}

#[tokio::test]
async fn a_layer_on_post_alone_never_sees_a_handshake() {
    let app = Router::new().route("/hook", handler().route_layer(layer(META)));
    assert_eq!(handshake(app).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn the_log_tells_where_a_layer_must_stand_for_a_handshake_to_reach_it() {
    let layers = [layer_of("stripe-route", STRIPE), layer_of("meta-route", META)];
    let lines = LOG.lines_with("-route\"");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    for part in
        ["INFO", r#"endpoint="meta-route""#, r#"method="GET""#, "on `POST` alone never sees it"]
    {
        assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
    }
    drop(layers);
}
