//! The nine rules of CONTRIBUTING.md, one test each, over axum.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use axum::routing::post;
use countersign::scheme::SigningRequest;
use countersign::senders::Sender;
use countersign_tower::dedup::{
    ClaimOutcome, DedupStore, EventKey, FencingToken, StoreError, StoreErrorKind, UpdateOutcome,
};
use countersign_tower::scheme::{Encoding, Scheme, SignatureLocation};
use countersign_tower::time::FixedClock;
use countersign_tower::{
    ConfigErrorKind, Custom, Delivery, Outcome, RawJson, Receiver, ReceiverBuilder, Rejection,
    RejectionKind, Secret, StandardWebhooks, Timestamp, Webhook, WebhookLayer,
    ainexlayer::AiNexLayer, omniai::OmniAi,
};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// A time in the past, so that code which reads the system clock fails.
const NOW: Timestamp = Timestamp::from_secs(1_000_000_000);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &[u8] = br#"{"type":"ping","n":1}"#;

fn sender() -> StandardWebhooks {
    StandardWebhooks::new(Secret::new(SECRET).unwrap()).unwrap()
}

fn receiver() -> ReceiverBuilder {
    Receiver::builder(sender())
}

fn app<H: axum::handler::Handler<T, ()>, T: 'static>(
    receiver: ReceiverBuilder,
    handler: H,
) -> Router {
    let layer = WebhookLayer::new(receiver.build().unwrap()).clock(FixedClock::new(NOW));
    Router::new().route("/", post(handler)).route_layer(layer)
}

/// A request with the signature of `signed` and the body `body`.
fn request(signed: &[u8], body: impl Into<Body>) -> Request<Body> {
    let headers = SigningRequest::new(signed)
        .id("msg_1")
        .timestamp(NOW)
        .sign(sender().verifier().scheme(), &Secret::new(SECRET).unwrap())
        .unwrap();
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(body.into()).unwrap()
}

fn good() -> Request<Body> {
    request(BODY, BODY)
}

async fn send(app: &Router, request: Request<Body>) -> Response<Body> {
    app.clone().oneshot(request).await.unwrap()
}

fn kind(response: &Response<Body>) -> RejectionKind {
    response.extensions().get::<Rejection>().expect("a rejection").kind()
}

fn outcome(response: &Response<Body>) -> Outcome {
    *response.extensions().get::<Outcome>().expect("an outcome")
}

/// A store whose every call fails; it counts the calls.
#[derive(Clone, Default)]
struct Down(Arc<AtomicUsize>);

impl Down {
    fn fail<T>(&self) -> Result<T, StoreError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(StoreError::new(StoreErrorKind::Unavailable, "down"))
    }
}

impl DedupStore for Down {
    async fn claim(&self, _: &EventKey, _: u64, _: Duration) -> Result<ClaimOutcome, StoreError> {
        self.fail()
    }
    async fn renew(
        &self,
        _: &EventKey,
        _: FencingToken,
        _: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.fail()
    }
    async fn commit(
        &self,
        _: &EventKey,
        _: FencingToken,
        _: Duration,
    ) -> Result<UpdateOutcome, StoreError> {
        self.fail()
    }
    async fn release(&self, _: &EventKey, _: FencingToken) -> Result<UpdateOutcome, StoreError> {
        self.fail()
    }
}

/// A body that must not be read.
struct UnreadableBody;

impl axum::body::HttpBody for UnreadableBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        panic!("the body was read")
    }
}

#[tokio::test]
async fn rule_1_raw_bytes_are_what_is_verified() {
    let echo = |Webhook(delivery): Webhook<Delivery>| async move { delivery.body().clone() };
    let app = app(receiver().danger_without_dedup(), echo);
    for odd in [&b"\xef\xbb\xbf{}"[..], b"\xff\x00", b"{ \"a\" : 1.0 }\n", b""] {
        let response = send(&app, request(odd, odd.to_vec())).await;
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), odd);
    }
    for changed in [&br#"{"n":1,"type":"ping"}"#[..], br#"{"type": "ping", "n": 1}"#] {
        let response = send(&app, request(BODY, changed)).await;
        assert_eq!(kind(&response), RejectionKind::SignatureMismatch);
    }
    // A parser that read this body before the signature check would fail on its depth.
    let deep = "[".repeat(100_000);
    assert_eq!(kind(&send(&app, request(BODY, deep)).await), RejectionKind::SignatureMismatch);
    // Another spelling of the same number is another header value.
    let mut padded = good();
    padded.headers_mut().insert("webhook-timestamp", "01000000000".parse().unwrap());
    assert_eq!(kind(&send(&app, padded).await), RejectionKind::MalformedHeader);
}

#[tokio::test]
async fn rule_2_an_unverified_request_reaches_neither_handler_nor_store() {
    let store = Down::default();
    let unguarded = Router::new().route("/", post(|_: Webhook<RawJson>| async {}));
    assert_eq!(send(&unguarded, good()).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let guarded = app(receiver().dedup(store.clone()), |_: Webhook<Delivery>| async {});
    assert_eq!(kind(&send(&guarded, request(BODY, "{}")).await), RejectionKind::SignatureMismatch);
    assert_eq!(store.0.load(Ordering::SeqCst), 0);
    send(&guarded, good()).await;
    assert_eq!(store.0.load(Ordering::SeqCst), 1, "a verified request reaches the store");
}

#[tokio::test]
async fn rule_3_identity_comes_from_signed_bytes() {
    let key = "a secret shared with acme, long enough";
    let scheme =
        Scheme::hmac_sha256("acme", SignatureLocation::header("x-signature", Encoding::Hex))
            .id_header("x-delivery-id")
            .build()
            .unwrap();
    let sender = Custom::new(scheme.clone(), Secret::new(key).unwrap()).unwrap();
    let app = app(Receiver::builder(sender), |_: Webhook<Delivery>| async {});
    let deliver = async |id: &str, body: &'static str| {
        let headers =
            SigningRequest::new(body.as_bytes()).id(id).sign(&scheme, &Secret::new(key).unwrap());
        let mut request = Request::post("/");
        for (name, value) in headers.unwrap() {
            request = request.header(name, value);
        }
        outcome(&send(&app, request.body(Body::from(body)).unwrap()).await)
    };
    assert_eq!(deliver("id-1", "{}").await, Outcome::Handled);
    let replayed = deliver("id-2", "{}").await;
    assert_eq!(
        replayed,
        Outcome::Duplicate { same_body: true },
        "another unsigned id does not make a new event"
    );
    assert_eq!(
        deliver("id-1", "[]").await,
        Outcome::Handled,
        "the same unsigned id does not hide an event"
    );
}

#[tokio::test]
async fn rule_4_fail_closed() {
    let secret = || Secret::new("a secret").unwrap();
    assert_eq!(Secret::new("").unwrap_err().kind(), ConfigErrorKind::EmptySecret);
    assert_eq!(OmniAi::new("", secret()).unwrap_err().kind(), ConfigErrorKind::MissingSetting);
    let unset = AiNexLayer::builder(secret()).build().unwrap_err();
    assert_eq!(unset.kind(), ConfigErrorKind::MissingSetting);
    let short = receiver().retention(Duration::from_secs(300)).build().unwrap_err();
    assert_eq!(short.kind(), ConfigErrorKind::RetentionTooShort);

    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let handler = move |_: Webhook<Delivery>| async move {
        counted.fetch_add(1, Ordering::SeqCst);
    };
    let app = app(receiver().dedup(Down::default()), handler);
    let response = send(&app, good()).await;
    assert_eq!((response.status().as_u16(), outcome(&response)), (503, Outcome::StoreUnavailable));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut request = good();
        request.headers_mut().remove(name);
        assert_eq!(kind(&send(&app, request).await), RejectionKind::MissingHeader);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn rule_5_an_attacker_chooses_no_cost_before_authentication() {
    let app = app(receiver(), |_: Webhook<Delivery>| async {});
    let mut request = good().map(|_| Body::new(UnreadableBody));
    request.headers_mut().insert("webhook-timestamp", "999999699".parse().unwrap());
    assert_eq!(kind(&send(&app, request).await), RejectionKind::StaleTimestamp);
    let mut request = good().map(|_| Body::new(UnreadableBody));
    request.headers_mut().remove("webhook-signature");
    assert_eq!(kind(&send(&app, request).await), RejectionKind::MissingHeader);
    let mut request = good().map(|_| Body::new(UnreadableBody));
    let one = request.headers()["webhook-signature"].to_str().unwrap().to_owned();
    let many = vec![one; 17].join(" ");
    request.headers_mut().insert("webhook-signature", many.parse().unwrap());
    assert_eq!(kind(&send(&app, request).await), RejectionKind::MalformedHeader);
    let mut request = good().map(|_| Body::new(UnreadableBody));
    request.headers_mut().insert("content-length", u64::MAX.to_string().parse().unwrap());
    assert_eq!(kind(&send(&app, request).await), RejectionKind::BodyTooLarge);
}

#[tokio::test]
async fn rule_6_a_failed_handler_is_not_a_handled_event() {
    let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (counted, gated) = (runs.clone(), gate.clone());
    let handler = move |_: Webhook<Delivery>| async move {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        gated.acquire().await.unwrap().forget();
        if run == 0 { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
    };
    let app = app(receiver(), handler);
    let mut first = pin!(send(&app, good()));
    while runs.load(Ordering::SeqCst) == 0 {
        assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        tokio::task::yield_now().await;
    }
    let meanwhile = send(&app, good()).await;
    assert_eq!(
        meanwhile.status(),
        StatusCode::SERVICE_UNAVAILABLE,
        "an event in progress is not acknowledged"
    );
    gate.add_permits(2);
    assert_eq!(first.await.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(outcome(&send(&app, good()).await), Outcome::Handled);
    assert_eq!(outcome(&send(&app, good()).await), Outcome::Duplicate { same_body: true });
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn rule_7_the_senders_disconnect_does_not_abort_a_handler() {
    let (started, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (start, gated) = (started.clone(), gate.clone());
    let handler = move |_: Webhook<Delivery>| async move {
        start.add_permits(1);
        gated.acquire().await.unwrap().forget();
    };
    let layer = WebhookLayer::new(receiver().build().unwrap()).clock(FixedClock::new(NOW));
    let shutdown = layer.shutdown();
    let app = Router::new().route("/", post(handler)).route_layer(layer.clone());
    {
        let mut disconnected = pin!(send(&app, good()));
        tokio::select! {
            biased;
            permit = started.acquire() => permit.unwrap().forget(),
            response = &mut disconnected => panic!("{response:?}"),
        }
    }
    gate.add_permits(1);
    let mut response = outcome(&send(&app, good()).await);
    while matches!(response, Outcome::InProgress { .. }) {
        tokio::task::yield_now().await;
        response = outcome(&send(&app, good()).await);
    }
    assert_eq!(response, Outcome::Duplicate { same_body: true });
    shutdown.drain().await;
}

#[tokio::test]
async fn rule_8_the_response_has_a_status_and_the_operator_sees_the_reason() {
    let app = app(receiver(), |_: Webhook<Delivery>| async {});
    let mut stale = good();
    stale.headers_mut().insert("webhook-timestamp", "1".parse().unwrap());
    let mut missing = good();
    missing.headers_mut().remove("webhook-signature");
    let mut responses = Vec::new();
    for rejected in [stale, missing, request(BODY, "{}")] {
        let signature = rejected.headers().get("webhook-signature").cloned();
        let response = send(&app, rejected).await;
        let reason = response.extensions().get::<Rejection>().unwrap().to_string();
        assert!(reason.len() > 20, "{reason}");
        if let Some(signature) = signature {
            assert!(!reason.contains(signature.to_str().unwrap()), "{reason}");
        }
        assert!(!reason.contains(SECRET), "{reason}");
        let (parts, body) = response.into_parts();
        responses.push((parts.status, parts.headers, body.collect().await.unwrap().to_bytes()));
    }
    for pair in responses.windows(2) {
        assert_eq!(pair.first(), pair.last(), "a forger cannot distinguish the rejections");
    }
}

#[tokio::test]
async fn rule_9_time_is_an_argument() {
    let receiver = receiver().build().unwrap();
    let headers = good().headers().clone();
    for (now, expected) in [
        (NOW, None),
        (Timestamp::from_secs(NOW.as_secs() + 300), None),
        (Timestamp::from_secs(NOW.as_secs() + 301), Some(RejectionKind::StaleTimestamp)),
        (Timestamp::from_secs(NOW.as_secs() - 300), None),
        (Timestamp::from_secs(NOW.as_secs() - 301), Some(RejectionKind::FutureTimestamp)),
        (Timestamp::from_millis(u64::MAX), Some(RejectionKind::StaleTimestamp)),
        (Timestamp::from_millis(0), Some(RejectionKind::FutureTimestamp)),
    ] {
        for _ in 0..2 {
            let result = receiver.open(&headers, now).and_then(|mut verifier| {
                verifier.update(BODY)?;
                verifier.finalize()
            });
            assert_eq!(result.err().map(|rejection| rejection.kind()), expected, "{now}");
        }
    }
}
