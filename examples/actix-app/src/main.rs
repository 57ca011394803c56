//! A small application that receives OmniAI's events in actix-web.
//!
//! Run it with `OMNIAI_SECRET_HEADER=x-webhook-secret OMNIAI_WEBHOOK_SECRET=… cargo run -p actix-app`

use std::error::Error;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::time::timeout;
use actix_web::{App, HttpResponse, HttpServer, rt, web};
use countersign_actix::{ConfigError, Delivery, Receiver, Secret, Webhook, Webhooks, omniai};

/// How long running handlers may take after a stop, and then requests that are still read. Orchestrators
/// such as Kubernetes kill a process 30 s after `SIGTERM`.
const GRACE: Duration = Duration::from_secs(20);
const CLOSE_SECS: u64 = 5;

fn webhooks(secret_header: String, secret: Secret) -> Result<Webhooks, ConfigError> {
    let receiver = Receiver::new(omniai::OmniAi::new(secret_header, secret)?);
    Ok(Webhooks::new(receiver))
}

/// Adds the route. The middleware is made once and cloned into the app of each worker.
fn app(webhooks: Webhooks) -> impl FnOnce(&mut web::ServiceConfig) {
    |config| {
        let route = web::resource("/webhooks/omniai").wrap(webhooks);
        config.service(route.route(web::post().to(on_event)));
    }
}

async fn on_event(
    Webhook(event): Webhook<omniai::Event>,
    Webhook(delivery): Webhook<Delivery>,
) -> HttpResponse {
    match event {
        omniai::Event::LeadCreated(lead) => println!("new lead {}", lead.data.lead_id),
        omniai::Event::Unknown(event) => println!("new kind of event: {}", event.name()),
        event => println!("{}, {} bytes", event.name(), delivery.body().len()),
    }
    HttpResponse::new(StatusCode::OK)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().init();
    let header = std::env::var("OMNIAI_SECRET_HEADER")?;
    let webhooks = webhooks(header, Secret::from_env("OMNIAI_WEBHOOK_SECRET")?)?;
    let shutdown = webhooks.shutdown();
    let server = HttpServer::new(move || App::new().configure(app(webhooks.clone())));
    let server =
        server.disable_signals().shutdown_timeout(CLOSE_SECS).bind("127.0.0.1:3000")?.run();
    println!("listening on http://127.0.0.1:3000/webhooks/omniai");
    let handle = server.handle();
    let mut serving = rt::spawn(server);
    tokio::select! {
        ended = &mut serving => return Ok(ended??),
        () = terminated() => {}
    }
    // Handlers are tasks of the server's workers, so they end before the server is stopped.
    if timeout(GRACE, shutdown.drain()).await.is_err() {
        shutdown.stop().await;
    }
    handle.stop(true).await;
    Ok(())
}

/// Returns when the process is told to end: by Ctrl-C, or by `SIGTERM`.
async fn terminated() {
    #[cfg(unix)]
    {
        use rt::signal::unix::{SignalKind, signal};

        if let Ok(mut sigterm) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = sigterm.recv() => return,
                _ = rt::signal::ctrl_c() => return,
            }
        }
    }
    drop(rt::signal::ctrl_c().await);
}

#[cfg(test)]
mod tests {
    use actix_web::test;

    use super::*;

    async fn deliver(webhooks: &Webhooks, secret: &str) -> StatusCode {
        let app = test::init_service(App::new().configure(app(webhooks.clone()))).await;
        let request = test::TestRequest::post()
            .uri("/webhooks/omniai")
            .insert_header(("x-webhook-secret", secret))
            .set_payload(r#"{"event":"lead.created","data":{"leadId":"lead-1"}}"#)
            .to_request();
        test::call_service(&app, request).await.status()
    }

    #[actix_web::test]
    async fn accepts_the_secret_of_omniai_and_rejects_another() {
        let secret = Secret::new("the secret from OmniAI's settings").unwrap();
        let webhooks = webhooks("x-webhook-secret".into(), secret).unwrap();
        assert_eq!(deliver(&webhooks, "the secret from OmniAI's settings").await, StatusCode::OK);
        assert_eq!(deliver(&webhooks, "a guess").await, StatusCode::UNAUTHORIZED);
    }
}
