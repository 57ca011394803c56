//! Rejections of invalid requests, which reach neither the handler nor the store.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]

mod support;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::{Contract, Receiver, RejectionKind, Timestamp};
use http::{Method, Request, Response};
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt, Full};
use support::{
    Body, FaultyStore, Handler, NOW, guard, layer, rejection, sender, signed, signed_at,
};
use tower::{Layer, ServiceExt};

/// A body in pieces without a length, which counts how often it is polled.
struct Pieces {
    pieces: VecDeque<Bytes>,
    end: End,
    polls: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Regular,
    Interrupted,
    Pending,
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        match (self.pieces.pop_front(), self.end) {
            (Some(piece), _) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            (None, End::Regular) => Poll::Ready(None),
            (None, End::Interrupted) => Poll::Ready(Some(Err("connection reset"))),
            (None, End::Pending) => Poll::Pending,
        }
    }
}

/// Sends `request` with its body in `pieces`, and returns the rejection and how often the body was polled.
async fn send(
    request: Request<Body>,
    pieces: impl IntoIterator<Item = Bytes>,
    end: End,
) -> (Option<RejectionKind>, usize) {
    let receiver = Receiver::builder(
        sender().with_contract(Contract::builder().max_body_size(1024).build().unwrap()),
    );
    let handler = Handler::responding();
    let store = FaultyStore::new();
    let service = guard(receiver.dedup(store.clone()).build().unwrap(), &handler);
    let polls = Arc::new(AtomicUsize::new(0));
    let pieces = Pieces { pieces: pieces.into_iter().collect(), end, polls: polls.clone() };
    let response = service.oneshot(request.map(|_| pieces)).await.unwrap();
    if response.status() == 200 {
        assert_eq!(handler.runs(), 1);
        return (None, polls.load(Ordering::SeqCst));
    }
    assert_eq!(handler.runs(), 0, "a rejected request reaches no handler");
    assert!(store.calls.lock().unwrap().is_empty(), "a rejected request reaches no store");
    let kind = rejection(&response);
    let sent = response.into_body().collect().await.unwrap().to_bytes();
    assert!(sent.is_empty(), "the response has a status and no reason");
    (Some(kind), polls.load(Ordering::SeqCst))
}

async fn rejected(request: Request<Body>) -> RejectionKind {
    let body = request.body().clone().collect().await.unwrap().to_bytes();
    send(request, [body], End::Regular).await.0.expect("a rejection")
}

/// Asserts a rejection before the body is polled.
#[track_caller]
fn rejected_early(sent: (Option<RejectionKind>, usize), kind: RejectionKind) {
    assert_eq!(sent, (Some(kind), 0));
}

fn with(name: &'static str, value: &'static str) -> Request<Body> {
    let mut request = signed("msg_1");
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

fn without(name: &str) -> Request<Body> {
    let mut request = signed("msg_1");
    request.headers_mut().remove(name);
    request
}

#[tokio::test]
async fn a_valid_request_is_accepted() {
    let body = Bytes::from_static(br#"{"type":"ping"}"#);
    let pieces: Vec<_> = body.iter().map(|byte| Bytes::copy_from_slice(&[*byte])).collect();
    assert_eq!(send(signed("msg_1"), pieces, End::Regular).await.0, None);
}

#[tokio::test]
async fn any_method_but_post_is_405_and_says_so() {
    let handler = Handler::responding();
    for method in [Method::GET, Method::PUT, Method::HEAD, Method::OPTIONS, Method::DELETE] {
        let mut request = signed("msg_1");
        *request.method_mut() = method;
        let response = support::deliver(&guard(support::receiver(), &handler), request).await;
        assert_eq!(rejection(&response), RejectionKind::MethodNotAllowed);
        assert_eq!(response.headers()["allow"], "POST");
    }
    assert_eq!(handler.runs(), 0);
}

#[tokio::test]
async fn headers_are_checked_before_a_byte_of_the_body_is_read() {
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        rejected_early(send(without(name), [], End::Pending).await, RejectionKind::MissingHeader);
        let mut twice = signed("msg_1");
        let value = twice.headers()[name].clone();
        twice.headers_mut().append(name.parse::<http::HeaderName>().unwrap(), value);
        rejected_early(send(twice, [], End::Pending).await, RejectionKind::DuplicateHeader);
    }
    let old = signed_at("msg_1", "{}", Timestamp::from_secs(NOW.as_secs() - 301));
    rejected_early(send(old, [], End::Pending).await, RejectionKind::StaleTimestamp);
    let ahead = signed_at("msg_1", "{}", Timestamp::from_secs(NOW.as_secs() + 301));
    rejected_early(send(ahead, [], End::Pending).await, RejectionKind::FutureTimestamp);
    for time in ["-9223372036854775808", "9223372036854775807", "+1", "01", "1_0", "1.0", ""] {
        let kind = send(with("webhook-timestamp", time), [], End::Pending).await;
        let expected = match time {
            "" => RejectionKind::MissingHeader,
            _ => RejectionKind::MalformedHeader,
        };
        rejected_early(kind, expected);
    }
    rejected_early(
        send(with("svix-id", "msg_1"), [], End::Pending).await,
        RejectionKind::MixedHeaderFamilies,
    );
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, identity"] {
        let sent = send(with("content-encoding", coding), [], End::Pending).await;
        rejected_early(sent, RejectionKind::UnsupportedEncoding);
    }
    rejected_early(
        send(with("content-length", "1025"), [], End::Pending).await,
        RejectionKind::BodyTooLarge,
    );
    let huge = with("content-length", "4611686018427387904");
    rejected_early(send(huge, [], End::Pending).await, RejectionKind::BodyTooLarge);
}

#[tokio::test]
async fn a_wrong_signature_or_body_is_401() {
    let other = signed("msg_2").headers()["webhook-signature"].clone();
    let mut swapped = signed("msg_1");
    swapped.headers_mut().insert("webhook-signature", other);
    assert_eq!(rejected(swapped).await, RejectionKind::SignatureMismatch);
    let tampered = signed("msg_1").map(|_| Full::from(r#"{"type":"pong"}"#));
    assert_eq!(rejected(tampered).await, RejectionKind::SignatureMismatch);
}

#[tokio::test]
async fn a_body_over_the_cap_is_413_whatever_its_length_header_says() {
    let piece = Bytes::from(vec![b' '; 512]);
    for length in [None, Some("15"), Some("1024")] {
        let mut request = signed("msg_1");
        if let Some(length) = length {
            request.headers_mut().insert("content-length", length.parse().unwrap());
        }
        let (kind, polls) = send(request, vec![piece.clone(); 100], End::Regular).await;
        assert_eq!(kind, Some(RejectionKind::BodyTooLarge));
        assert_eq!(polls, 3, "no more is read than exceeds the cap");
    }
}

#[tokio::test]
async fn a_body_at_the_cap_is_accepted() {
    let body: &'static str = Box::leak(" ".repeat(1024).into_boxed_str());
    let request = signed_at("msg_1", body, NOW);
    assert_eq!(send(request, [Bytes::from_static(body.as_bytes())], End::Regular).await.0, None);
}

#[tokio::test]
async fn a_body_that_is_interrupted_is_400() {
    let (kind, _) = send(signed("msg_1"), [Bytes::from_static(b"{")], End::Interrupted).await;
    assert_eq!(kind, Some(RejectionKind::BodyInterrupted));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_408() {
    let (kind, _) = send(signed("msg_1"), [Bytes::from_static(b"{")], End::Pending).await;
    assert_eq!(kind, Some(RejectionKind::BodyTimeout));
}

#[tokio::test]
async fn a_body_that_an_outer_layer_consumed_is_500() {
    let eaten = with("content-length", "15");
    assert_eq!(send(eaten, [], End::Regular).await.0, Some(RejectionKind::BodyAltered));
}

#[tokio::test]
async fn a_body_that_is_not_utf8_verifies_like_any_other() {
    let sender = sender();
    let secret = countersign::Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let body: &[u8] = b"\xff\xfe\x00\x80";
    let scheme = countersign::senders::Sender::verifier(&sender).scheme().clone();
    let headers = countersign::scheme::SigningRequest::new(body)
        .id("msg_1")
        .timestamp(NOW)
        .sign(&scheme, &secret)
        .unwrap();
    let mut request = Request::post("/").body(Full::default()).unwrap();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(send(request, [Bytes::from_static(body)], End::Regular).await.0, None);
}

#[tokio::test]
async fn the_inner_service_gets_the_verified_bytes_and_the_delivery() {
    let echo = tower::service_fn(|request: Request<Body>| async move {
        let delivery = request.extensions().get::<countersign_tower::Delivery>().cloned().unwrap();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&body, delivery.body());
        assert_eq!(delivery.signed_id().as_deref(), Some("msg_1"));
        Ok::<_, Infallible>(Response::new(Body::from(body)))
    });
    let service = layer(support::receiver()).layer(echo);
    let response = service.oneshot(signed("msg_1")).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&body[..], br#"{"type":"ping"}"#);
}

#[test]
fn the_default_body_deadline_is_seconds_not_minutes() {
    assert!(support::receiver().timeouts().body <= Duration::from_secs(30));
}
