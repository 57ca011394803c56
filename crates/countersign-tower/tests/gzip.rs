//! What a handler sees of a request that was sent as gzip: the plain body, and headers that fit it.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]
#![cfg(all(feature = "axum", feature = "gzip"))]

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::post;
use countersign::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign_tower::{Custom, Receiver, Secret, WebhookLayer};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// `{"id":"1"}`, compressed.
const GZIPPED: [u8; 30] = *b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\xca\x4c\x51\xb2\x52\x32\x54\xaa\x05\x00\xf3\xc8\x18\xf6\x0a\x00\x00\x00";
const PLAIN: &str = r#"{"id":"1"}"#;

fn secret() -> Secret {
    Secret::new("a secret of at least 24 bytes").unwrap()
}

fn scheme() -> Scheme {
    let signature = SignatureLocation::header("x-signature", Encoding::Hex);
    Scheme::hmac_sha256("stream", signature).gzip().build().unwrap()
}

fn receiver() -> Receiver {
    Receiver::new(Custom::new(scheme(), secret()).unwrap())
}

#[tokio::test]
async fn the_headers_describe_the_plain_body() {
    for coding in ["gzip", "X-GZip"] {
        let mut request = Request::post("/").header("content-encoding", coding);
        request = request.header("content-length", GZIPPED.len());
        for (name, value) in
            SigningRequest::new(PLAIN.as_bytes()).sign(&scheme(), &secret()).unwrap()
        {
            request = request.header(name, value);
        }
        let echo = |headers: HeaderMap, body: String| async move {
            assert!(!headers.contains_key("content-encoding"), "{headers:?}");
            assert!(!headers.contains_key("content-length"), "{headers:?}");
            body
        };
        let app = Router::new().route("/", post(echo)).route_layer(WebhookLayer::new(receiver()));
        let response =
            app.oneshot(request.body(Body::from(GZIPPED.to_vec())).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), PLAIN);
    }
}
