//! The layer in every supported stack: plain tower with any body, axum's layers, concurrency limits.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]
#![cfg(feature = "axum")]

mod support;

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::post;
use bytes::Bytes;
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign::senders::Sender;
use countersign::{Contract, Custom, Success};
use countersign_tower::ainexlayer::{self, AiNexLayer, FieldLocation};
use countersign_tower::dedup::{DedupStore, FencingToken, UpdateOutcome};
use countersign_tower::omniai::{self, OmniAi};
use countersign_tower::{
    Delivery, MemoryStore, Outcome, RawJson, Receiver, Rejection, RejectionKind, Secret, Webhook,
    WebhookLayer,
};
use http::Response;
use http_body_util::{BodyExt, Empty, Full};
use support::{NOW, TokioClock, builder, receiver, signed};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};

fn guarded() -> WebhookLayer {
    WebhookLayer::new(receiver()).clock(TokioClock::start())
}

async fn echo_id(Webhook(delivery): Webhook<Delivery>) -> String {
    delivery.signed_id().unwrap_or_default().into_owned()
}

async fn call(app: Router) -> (StatusCode, Bytes) {
    let response = app.oneshot(signed("msg_1").map(Body::new)).await.unwrap();
    (response.status(), response.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn axum_route_layer() {
    let app = Router::new().route("/hook", post(echo_id)).route_layer(guarded());
    assert_eq!(call(app).await, (StatusCode::OK, "msg_1".into()));
}

#[tokio::test]
async fn axum_layer() {
    let app = Router::new().route("/hook", post(echo_id)).layer(guarded());
    assert_eq!(call(app).await, (StatusCode::OK, "msg_1".into()));
}

#[tokio::test]
async fn axum_method_router_and_handler() {
    use axum::handler::Handler;
    let app = Router::new().route("/hook", post(echo_id).layer(guarded()));
    assert_eq!(call(app).await, (StatusCode::OK, "msg_1".into()));
    let app = Router::new().route("/hook", post(echo_id.layer(guarded())));
    assert_eq!(call(app).await, (StatusCode::OK, "msg_1".into()));
}

#[tokio::test]
async fn axum_from_fn_inside_the_layer() {
    let pass = |request: Request<Body>, next: Next| next.run(request);
    let stack = ServiceBuilder::new().layer(guarded().with_body::<Body>()).layer(from_fn(pass));
    let app = Router::new().route("/hook", post(echo_id)).layer(stack);
    assert_eq!(call(app).await, (StatusCode::OK, "msg_1".into()));
}

#[tokio::test]
async fn inside_and_outside_of_a_concurrency_limit() {
    let behind = ServiceBuilder::new().layer(guarded()).layer(ConcurrencyLimitLayer::new(1));
    let before = ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(1)).layer(guarded());
    let behind = Router::new().route("/hook", post(echo_id)).layer(behind);
    let before = Router::new().route("/hook", post(echo_id)).layer(before);
    for app in [behind, before] {
        for _ in 0..3 {
            assert_eq!(call(app.clone()).await.0, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn the_inner_service_is_polled_for_readiness() {
    use tower::Service;
    let inner = service_fn(|_: Request<Full<Bytes>>| async {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    let mut service = guarded().layer(ConcurrencyLimitLayer::new(1).layer(inner));
    for at in 0..5 {
        let ready = ServiceExt::<Request<Full<Bytes>>>::ready(&mut service).await.unwrap();
        let response = ready.call(signed(&format!("msg_{at}"))).await.unwrap();
        assert_eq!(response.status(), 200);
    }
}

/// An outer layer that sends a response of its own needs a body for it.
#[test]
fn the_response_body_has_a_default() {
    use http_body::Body as _;
    assert!(countersign_tower::ResponseBody::<Body>::default().is_end_stream());
}

/// A response body without a default, and a request body that cannot be made from bytes.
#[tokio::test]
async fn plain_tower_with_any_body() {
    let inner = service_fn(|request: Request<Full<Bytes>>| async move {
        let body = request.into_body().boxed_unsync();
        Ok::<_, Infallible>(Response::new(body))
    });
    let request = signed("msg_1").map(|body| body.map_err(|never| match never {}).boxed_unsync());
    let request: Request<http_body_util::combinators::UnsyncBoxBody<Bytes, std::io::Error>> =
        request;
    assert_eq!(guarded().layer(inner).oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_extractor_without_the_layer_is_500() {
    let app = Router::new().route("/hook", post(echo_id));
    assert_eq!(call(app).await.0, StatusCode::INTERNAL_SERVER_ERROR);
}

#[derive(serde::Deserialize)]
struct Ping {
    r#type: String,
}

#[tokio::test]
async fn a_type_of_the_users_own_is_extracted() {
    let handler = |Webhook(ping): Webhook<Ping>| async move { ping.r#type };
    let app = Router::new().route("/hook", post(handler)).route_layer(guarded());
    assert_eq!(call(app).await, (StatusCode::OK, "ping".into()));
}

#[derive(serde::Deserialize)]
struct Strict {
    #[expect(dead_code, reason = "the test needs its absence")]
    missing: String,
}

#[tokio::test]
async fn an_authentic_body_that_does_not_fit_is_422_and_not_committed() {
    let store = MemoryStore::with_clock(10, TokioClock::start()).unwrap();
    let layer = || {
        let receiver = Receiver::builder(support::sender()).dedup(store.clone()).build().unwrap();
        WebhookLayer::new(receiver).clock(TokioClock::start())
    };
    let strict =
        Router::new().route("/hook", post(|_: Webhook<Strict>| async {})).route_layer(layer());
    let response = strict.oneshot(signed("msg_1").map(Body::new)).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert_eq!(rejection.kind(), RejectionKind::Undecodable);
    assert!(rejection.to_string().contains("no field `missing`"), "{rejection}");
    assert_eq!(response.extensions().get::<Outcome>(), Some(&Outcome::Failed));

    let fitting = Router::new().route("/hook", post(echo_id)).route_layer(layer());
    assert_eq!(call(fitting).await, (StatusCode::OK, "msg_1".into()));
}

#[tokio::test]
async fn a_handler_can_take_the_fencing_token() {
    let handler = |Webhook(delivery): Webhook<Delivery>| async move {
        assert!(!delivery.is_takeover());
        delivery.fencing_token().map(FencingToken::as_u64).unwrap_or_default().to_string()
    };
    let app = Router::new().route("/hook", post(handler)).route_layer(guarded());
    assert_eq!(call(app).await, (StatusCode::OK, "1".into()));
}

#[tokio::test]
async fn a_handlers_claim_token_commits_its_own_claim() {
    let store = MemoryStore::default();
    let shared = store.clone();
    let handler = move |Webhook(delivery): Webhook<Delivery>| {
        let store = shared.clone();
        async move {
            let claim_token = delivery.claim_token().unwrap();
            let commit = store.commit(
                claim_token.key(),
                claim_token.fencing_token(),
                claim_token.retention(),
            );
            assert_eq!(commit.await, Ok(UpdateOutcome::Applied));
            "handled"
        }
    };
    let layer =
        WebhookLayer::new(builder().dedup(store).build().unwrap()).clock(TokioClock::start());
    let app = Router::new().route("/hook", post(handler)).route_layer(layer);
    assert_eq!(call(app).await, (StatusCode::OK, "handled".into()));
}

async fn omniai_response(handler_status: StatusCode) -> (StatusCode, Option<Outcome>) {
    let secret = Secret::new("a secret set in OmniAI").unwrap();
    let receiver = Receiver::new(OmniAi::new("x-secret", secret).unwrap());
    let handler = move |_: Webhook<omniai::Event>| async move { handler_status };
    let app = Router::new().route("/hook", post(handler)).route_layer(WebhookLayer::new(receiver));
    let request = Request::post("/hook")
        .header("x-secret", "a secret set in OmniAI")
        .body(Body::from(r#"{"event":"lead.created","data":{"leadId":"1"}}"#))
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    (response.status(), response.extensions().get().copied())
}

#[tokio::test]
async fn omniai_gets_exactly_200_for_any_2xx_of_the_handler() {
    for status in [200, 201, 202, 204, 206] {
        let response = omniai_response(StatusCode::from_u16(status).unwrap()).await;
        assert_eq!(response, (StatusCode::OK, Some(Outcome::Handled)), "{status}");
    }
}

#[tokio::test]
async fn a_failure_status_is_sent_unchanged() {
    let response = omniai_response(StatusCode::IM_A_TEAPOT).await;
    assert_eq!(response, (StatusCode::IM_A_TEAPOT, Some(Outcome::Failed)));
}

#[tokio::test]
async fn a_sender_that_accepts_any_2xx_gets_the_handlers_own() {
    let app = Router::new()
        .route("/hook", post(|_: Webhook<Delivery>| async { StatusCode::ACCEPTED }))
        .route_layer(guarded());
    assert_eq!(call(app).await.0, StatusCode::ACCEPTED);
}

#[derive(Debug, serde::Deserialize)]
struct Assumed {
    assumed_shape: bool,
}

#[tokio::test]
async fn ainexlayer_events_come_out_of_the_configured_envelope() {
    let key = "assumed-test-secret-not-a-real-key";
    let sender = AiNexLayer::builder(Secret::new(key).unwrap())
        .signature_header("x-signature")
        .encoding(Encoding::Hex)
        .prefix("sha256=")
        .event_type(FieldLocation::field("/event"))
        .event_id(FieldLocation::field("/id"))
        .time(FieldLocation::Absent)
        .payload("/data")
        .build()
        .unwrap();
    let body = include_str!("../../countersign/tests/fixtures/ainexlayer/chat.message.json");
    let headers = SigningRequest::new(body.as_bytes())
        .sign(sender.verifier().scheme(), &Secret::new(key).unwrap())
        .unwrap();
    let handler = |Webhook(event): Webhook<ainexlayer::Event<Assumed>>| async move {
        assert_eq!(event.event_type, Some(ainexlayer::EventType::ChatMessage));
        assert_eq!(event.id.as_deref(), Some("assumed-evt-0006"));
        assert!(event.payload.assumed_shape);
    };
    let app = Router::new()
        .route("/hook", post(handler))
        .route_layer(WebhookLayer::new(Receiver::new(sender)));
    let mut request = Request::post("/hook");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let response = app.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_scheme_and_contract_of_the_users_own() {
    let key = "a secret shared with acme, long enough";
    let scheme = Scheme::hmac_sha256("acme", SignatureLocation::header("x-acme", Encoding::Base64))
        .id_field("/n")
        .build()
        .unwrap();
    let contract = Contract::builder()
        .success(Success::Exactly200)
        .response_deadline(Duration::from_secs(1))
        .build()
        .unwrap();
    let sender =
        Custom::new(scheme.clone(), Secret::new(key).unwrap()).unwrap().with_contract(contract);
    let receiver = Receiver::builder(sender).dedup(MemoryStore::default()).build().unwrap();
    let handler = |Webhook(body): Webhook<RawJson>| async move {
        (StatusCode::CREATED, body.get().to_owned())
    };
    let app = Router::new().route("/hook", post(handler)).route_layer(WebhookLayer::new(receiver));
    for (body, runs) in
        [(r#"{"n":1}"#, true), (r#"{"n":1, "again":true}"#, false), (r#"{"n":2}"#, true)]
    {
        let signature = SigningRequest::new(body.as_bytes())
            .timestamp(NOW)
            .sign(&scheme, &Secret::new(key).unwrap());
        let (name, value) = signature.unwrap().remove(0);
        let request = Request::post("/hook").header(name, value).body(Body::from(body)).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let sent = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(sent, if runs { body } else { "" });
    }
}
