//! A small application that receives OmniAI's events in axum.
//!
//! Run it with `OMNIAI_SECRET_HEADER=x-webhook-secret OMNIAI_WEBHOOK_SECRET=… cargo run -p axum-app`

use std::error::Error;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_tower::{Delivery, Receiver, Secret, Webhook, WebhookLayer, omniai};

fn app(secret_header: String, secret: Secret) -> Result<Router, Box<dyn Error>> {
    let receiver = Receiver::new(omniai::OmniAi::new(secret_header, secret)?);
    Ok(Router::new()
        .route("/webhooks/omniai", post(on_event))
        .route_layer(WebhookLayer::new(receiver)))
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
    let app = app(header, Secret::from_env("OMNIAI_WEBHOOK_SECRET")?)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://{}/webhooks/omniai", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
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
        let app = app("x-webhook-secret".into(), secret).unwrap();
        assert_eq!(deliver(&app, "the secret from OmniAI's settings").await, StatusCode::OK);
        assert_eq!(deliver(&app, "a guess").await, StatusCode::UNAUTHORIZED);
    }
}
