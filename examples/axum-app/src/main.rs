//! A small application that receives OmniAI's events in axum.
//!
//! Run it with `OMNIAI_SECRET_HEADER=x-webhook-secret OMNIAI_WEBHOOK_SECRET=… cargo run -p axum-app`

use std::error::Error;
use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_tower::{Delivery, Receiver, Secret, Shutdown, Webhook, WebhookLayer, omniai};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How long a shutdown may take. Orchestrators such as Kubernetes kill a process 30 s after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(20);

fn layer(secret_header: String, secret: Secret) -> Result<WebhookLayer, Box<dyn Error>> {
    let receiver = Receiver::new(omniai::OmniAi::new(secret_header, secret)?);
    Ok(WebhookLayer::new(receiver))
}

fn app(layer: WebhookLayer) -> Router {
    Router::new().route("/webhooks/omniai", post(on_event)).route_layer(layer)
}

async fn on_event(
    Webhook(event): Webhook<omniai::Event>,
    Webhook(delivery): Webhook<Delivery>,
) -> StatusCode {
    match event {
        omniai::Event::LeadCreated(lead) => println!("new lead {}", lead.data.lead_id),
        omniai::Event::Unknown(event) => println!("new kind of event: {}", event.name()),
        event => println!("{}, {} bytes", event.name(), delivery.body().len()),
    }
    StatusCode::OK
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let header = std::env::var("OMNIAI_SECRET_HEADER")?;
    let layer = layer(header, Secret::from_env("OMNIAI_WEBHOOK_SECRET")?)?;
    let shutdown = layer.shutdown();
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}/webhooks/omniai", listener.local_addr()?);
    Ok(serve(listener, app(layer), shutdown, terminated(), GRACE).await?)
}

/// Serves `app` until `end`, and then for at most `grace` while requests and handlers finish.
async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: Shutdown,
    end: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
    let mut serving = tokio::spawn(server.into_future());
    tokio::select! {
        ended = &mut serving => return ended?,
        () = end => drop(stop),
    }
    let drained = timeout(grace, async {
        // A client that sent half a request keeps the server up until it disconnects. So the server
        // has only a part of the grace; the handlers have the rest.
        drop(timeout(grace / 4, &mut serving).await);
        shutdown.drain().await;
    });
    if drained.await.is_err() {
        shutdown.stop().await;
    }
    serving.abort();
    Ok(())
}

/// Returns when the process is told to end: by Ctrl-C, or by `SIGTERM`.
async fn terminated() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut sigterm) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = sigterm.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    drop(tokio::signal::ctrl_c().await);
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tower::ServiceExt;

    use super::*;

    async fn deliver(app: &Router, secret: &str) -> StatusCode {
        let request = Request::post("/webhooks/omniai")
            .header("x-webhook-secret", secret)
            .body(Body::from(r#"{"event":"lead.created","data":{"leadId":"lead-1"}}"#))
            .unwrap();
        app.clone().oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn accepts_the_secret_of_omniai_and_rejects_another() {
        let secret = Secret::new("the secret from OmniAI's settings").unwrap();
        let app = app(layer("x-webhook-secret".into(), secret).unwrap());
        assert_eq!(deliver(&app, "the secret from OmniAI's settings").await, StatusCode::OK);
        assert_eq!(deliver(&app, "a guess").await, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_client_that_sends_half_a_request_does_not_outlast_the_grace() {
        let layer = layer("x-webhook-secret".into(), Secret::new("a secret").unwrap()).unwrap();
        let shutdown = layer.shutdown();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"POST /webhooks/omniai HTTP/1.1\r\nho").await.unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let ended = async { drop(ended.await) };
        let grace = Duration::from_millis(400);
        let serving = tokio::spawn(serve(listener, app(layer), shutdown, ended, grace));
        // Connections are accepted in their order, so this response follows the other's acceptance.
        let mut whole = TcpStream::connect(address).await.unwrap();
        whole.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        whole.read_u8().await.unwrap();
        drop(end);
        let served = timeout(Duration::from_secs(10), serving).await;
        served.expect("the server outlasts the grace").unwrap().unwrap();
        drop(half);
    }
}
