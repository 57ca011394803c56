//! The service in axum: its routes and handlers first, then the server around them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use countersign_tower::{Inbox, RunWorker, Shutdown, Webhook, WebhookLayer, ainexlayer, omniai};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::Result;
use crate::backend::{Backend, Failed};
use crate::inbox::retry;
use crate::notes::{Payload, ainexlayer_note, omniai_note};
use crate::observer::{Observer, Verdict};
use crate::senders::{ainexlayer_receiver, omniai_receiver};
use crate::server::{CLOSE, Server};

fn app(omniai: WebhookLayer, ainexlayer: WebhookLayer, backend: Arc<Backend>) -> Router {
    Router::new()
        .route("/webhooks/omniai", post(on_omniai).layer(omniai))
        .route("/webhooks/ainexlayer", post(on_ainexlayer).layer(ainexlayer))
        .with_state(backend)
}

/// Handles OmniAI's events, whose payloads are documented: an enum.
async fn on_omniai(
    State(backend): State<Arc<Backend>>,
    Webhook(event): Webhook<omniai::Event>,
) -> Result<StatusCode, Failed> {
    backend.work(omniai_note(&event)).await?;
    // OmniAI accepts only 200 as success, so the layer sends it 200.
    Ok(StatusCode::NO_CONTENT)
}

/// Handles AINexLayer's events, whose payloads are not documented: a type of our own.
async fn on_ainexlayer(
    State(backend): State<Arc<Backend>>,
    Webhook(event): Webhook<ainexlayer::Event<Payload>>,
) -> Result<StatusCode, Failed> {
    backend.work(ainexlayer_note(&event)).await?;
    Ok(StatusCode::ACCEPTED)
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// Starts the service; with an inbox, events are stored and acknowledged at once, and a worker handles them.
pub(crate) async fn start(
    backend: Arc<Backend>,
    observer: Observer,
    inbox: Option<Inbox>,
) -> Result<Server> {
    let layer = |receiver| {
        let layer = WebhookLayer::new(receiver);
        match &inbox {
            Some(inbox) => layer.inbox(inbox.clone()),
            None => layer,
        }
    };
    let (omniai, ainexlayer) = (layer(omniai_receiver()?), layer(ainexlayer_receiver()?));
    let worker = Shutdown::default();
    let shutdowns = [omniai.shutdown(), ainexlayer.shutdown(), worker.clone()];
    let app = app(omniai, ainexlayer, backend).layer(from_fn_with_state(observer, observe));
    if let Some(inbox) = inbox {
        tokio::spawn(inbox.worker(app.clone()).retry(retry()).run(worker));
    }

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async {
        drop(stopped.await);
    });
    let mut serving = tokio::spawn(serving.into_future());

    Ok(Server::new(address, async move {
        drop(stop);
        // A client that sent half a request would keep the server up.
        if let Ok(served) = timeout(CLOSE, &mut serving).await {
            served??;
        }
        for shutdown in shutdowns {
            shutdown.drain().await;
        }
        serving.abort();
        Ok(())
    }))
}

/// A middleware around all webhook routes.
async fn observe(State(observer): State<Observer>, request: Request, next: Next) -> Response {
    let observed = observer.start();
    let response = next.run(request).await;
    let extensions = response.extensions();
    observed.finish(Verdict::of(extensions.get(), extensions.get()));
    response
}
