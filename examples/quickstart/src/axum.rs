//! The service in axum: its routes and handlers first, then the server around them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_tower::{Webhook, WebhookLayer, ainexlayer, omniai};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::Result;
use crate::desk::{Desk, Failed};
use crate::notes::{Payload, ainexlayer_note, omniai_note};
use crate::senders::{ainexlayer_receiver, omniai_receiver};
use crate::server::Server;
use crate::witness::{Verdict, Witness};

fn app(omniai: WebhookLayer, ainexlayer: WebhookLayer, desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/webhooks/omniai", post(on_omniai).layer(omniai))
        .route("/webhooks/ainexlayer", post(on_ainexlayer).layer(ainexlayer))
        .with_state(desk)
}

/// OmniAI's events have documented payloads, so they come as an enum.
async fn on_omniai(
    State(desk): State<Arc<Desk>>,
    Webhook(event): Webhook<omniai::Event>,
) -> Result<StatusCode, Failed> {
    desk.work(omniai_note(&event)).await?;
    // OmniAI takes nothing but 200 for success; that is what it will be told.
    Ok(StatusCode::NO_CONTENT)
}

/// AINexLayer documents no payload, so it is a type of one's own.
async fn on_ainexlayer(
    State(desk): State<Arc<Desk>>,
    Webhook(event): Webhook<ainexlayer::Event<Payload>>,
) -> Result<StatusCode, Failed> {
    desk.work(ainexlayer_note(&event)).await?;
    Ok(StatusCode::ACCEPTED)
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

pub(crate) async fn start(desk: Arc<Desk>, witness: Witness) -> Result<Server> {
    let omniai = WebhookLayer::new(omniai_receiver()?);
    let ainexlayer = WebhookLayer::new(ainexlayer_receiver()?);
    let shutdowns = [omniai.shutdown(), ainexlayer.shutdown()];
    let app = app(omniai, ainexlayer, desk).layer(from_fn_with_state(witness, watch));

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async {
        drop(stopped.await);
    });
    let serving = tokio::spawn(serving.into_future());

    Ok(Server::new(address, async move {
        drop(stop);
        serving.await??;
        for shutdown in shutdowns {
            shutdown.drain().await;
        }
        Ok(())
    }))
}

/// A middleware for outside all webhook routes.
async fn watch(State(witness): State<Witness>, request: Request, next: Next) -> Response {
    let watched = witness.begin();
    let response = next.run(request).await;
    let extensions = response.extensions();
    watched.end(Verdict::of(extensions.get(), extensions.get()));
    response
}
