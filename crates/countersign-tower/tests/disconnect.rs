//! Deliveries over real sockets: senders that hang up, and raw HTTP.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot continue fails"
)]
#![cfg(feature = "axum")]

mod support;

use axum::Router;
use axum::routing::post;
use countersign_tower::{Delivery, Receiver, Secret, Webhook, WebhookLayer, omniai::OmniAi};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

struct Server {
    address: std::net::SocketAddr,
    runs: Arc<AtomicUsize>,
    starts: Arc<Semaphore>,
    gate: Arc<Semaphore>,
}

/// Serves an OmniAI route whose handler waits for a permit of `gate`.
async fn serve() -> Server {
    let (runs, starts, gate) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let handler = {
        let (runs, starts, gate) = (runs.clone(), starts.clone(), gate.clone());
        move |_: Webhook<Delivery>| async move {
            runs.fetch_add(1, Ordering::SeqCst);
            starts.add_permits(1);
            gate.acquire().await.unwrap().forget();
        }
    };
    let secret = Secret::new("a secret set in OmniAI").unwrap();
    let receiver = Receiver::new(OmniAi::new("x-secret", secret).unwrap());
    let app = Router::new().route("/hook", post(handler)).route_layer(WebhookLayer::new(receiver));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Server { address, runs, starts, gate }
}

const BODY: &str = r#"{"event":"lead.created","data":{"leadId":"1"}}"#;

fn post_with(head: &str, body: &str) -> String {
    format!(
        "POST /hook HTTP/1.1\r\nhost: localhost\r\nx-secret: a secret set in OmniAI\r\n{head}\r\n{body}"
    )
}

fn delivery() -> String {
    post_with(&format!("content-length: {}\r\n", BODY.len()), BODY)
}

/// Sends raw bytes and returns the response's status; the connection stays open until then.
async fn exchange(server: &Server, request: &str) -> u16 {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = vec![0; 12];
    stream.read_exact(&mut response).await.unwrap();
    std::str::from_utf8(&response[9..12]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_retry_finds_the_event_handled_after_its_sender_hung_up() {
    let server = serve().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(delivery().as_bytes()).await.unwrap();
    server.starts.acquire().await.unwrap().forget();
    drop(stream);
    // The server has recorded the hang-up once another exchange has gone through after it.
    assert_eq!(exchange(&server, &delivery()).await, 503);
    server.gate.add_permits(1);
    let status = loop {
        match exchange(&server, &delivery()).await {
            503 => tokio::task::yield_now().await,
            status => break status,
        }
    };
    assert_eq!((status, server.runs.load(Ordering::SeqCst)), (200, 1));
}

#[tokio::test]
async fn a_body_is_not_awaited_without_a_credential() {
    let server = serve().await;
    let request = "POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n";
    assert_eq!(exchange(&server, request).await, 401);
}

#[tokio::test]
async fn a_chunked_body_over_the_cap_is_413() {
    let server = serve().await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let request = post_with("transfer-encoding: chunked\r\n", &chunk.repeat(17));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // The server may respond and close before the whole request is written.
    let (mut read, mut write) = stream.split();
    let mut response = vec![0; 12];
    let (_, read) =
        tokio::join!(write.write_all(request.as_bytes()), read.read_exact(&mut response));
    read.unwrap();
    assert_eq!(&response[9..12], b"413");
}

#[tokio::test]
async fn a_header_given_twice_on_the_wire_is_400() {
    let server = serve().await;
    let head = format!("x-secret: a secret set in OmniAI\r\ncontent-length: {}\r\n", BODY.len());
    assert_eq!(exchange(&server, &post_with(&head, BODY)).await, 400);
}
