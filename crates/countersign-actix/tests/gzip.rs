//! What a handler sees of a request that was sent as gzip: the plain body, and headers that fit it.
#![allow(clippy::unwrap_used, reason = "a test that cannot continue fails")]
#![cfg(all(feature = "gzip", feature = "sign"))]

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpRequest, web};
use countersign_actix::scheme::{Encoding, Scheme, SignatureLocation, SigningRequest};
use countersign_actix::{Custom, Receiver, Secret, Webhooks};

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

async fn echo(request: HttpRequest, body: String) -> String {
    assert!(!request.headers().contains_key("content-encoding"), "{request:?}");
    assert!(!request.headers().contains_key("content-length"), "{request:?}");
    body
}

#[actix_web::test]
async fn the_headers_describe_the_plain_body() {
    for coding in ["gzip", "X-GZip"] {
        let mut request = TestRequest::post().uri("/").insert_header(("content-encoding", coding));
        request = request.insert_header(("content-length", GZIPPED.len()));
        for header in SigningRequest::new(PLAIN.as_bytes()).sign(&scheme(), &secret()).unwrap() {
            request = request.insert_header(header);
        }
        let route = web::resource("/").wrap(Webhooks::new(receiver())).route(web::post().to(echo));
        let app = init_service(App::new().service(route)).await;
        let request = request.set_payload(GZIPPED.to_vec()).to_request();
        let response = call_service(&app, request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(read_body(response).await, PLAIN);
    }
}
