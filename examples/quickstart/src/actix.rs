//! The service in actix-web: its routes and handlers first, then the server around them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, ServiceConfig, ThinData, post, resource};
use actix_web::{App, Error, HttpResponse, HttpServer, ResponseError};
use countersign_actix::{Inbox, RunWorker, Shutdown, Webhook, Webhooks, ainexlayer, omniai};

use crate::Result;
use crate::backend::{Backend, Failed};
use crate::inbox::retry;
use crate::notes::{Payload, ainexlayer_note, omniai_note};
use crate::observer::{Observer, Verdict};
use crate::senders::{ainexlayer_receiver, omniai_receiver};
use crate::server::Server;

/// The number of workers: more than one, to show that they share the handled events.
const WORKERS: usize = 2;

/// Mounts both routes. Each worker has an app of its own, with clones of the same middleware.
fn app(
    omniai: Webhooks,
    ainexlayer: Webhooks,
    backend: Arc<Backend>,
) -> impl FnOnce(&mut ServiceConfig) {
    let omniai = resource("/webhooks/omniai").wrap(omniai).route(post().to(on_omniai));
    let ainexlayer =
        resource("/webhooks/ainexlayer").wrap(ainexlayer).route(post().to(on_ainexlayer));
    |config| {
        config.app_data(Data::from(backend)).service(omniai).service(ainexlayer);
    }
}

/// Handles OmniAI's events, whose payloads are documented: an enum.
async fn on_omniai(
    backend: Data<Backend>,
    Webhook(event): Webhook<omniai::Event>,
) -> Result<HttpResponse, Failed> {
    backend.work(omniai_note(&event)).await?;
    // OmniAI accepts only 200 as success, so the middleware sends it 200.
    Ok(HttpResponse::NoContent().finish())
}

/// Handles AINexLayer's events, whose payloads are not documented: a type of our own.
async fn on_ainexlayer(
    backend: Data<Backend>,
    Webhook(event): Webhook<ainexlayer::Event<Payload>>,
) -> Result<HttpResponse, Failed> {
    backend.work(ainexlayer_note(&event)).await?;
    Ok(HttpResponse::Accepted().finish())
}

impl ResponseError for Failed {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError().finish()
    }
}

/// Starts the service; with an inbox, events are stored and acknowledged at once, and a worker handles them.
pub(crate) fn start(
    backend: Arc<Backend>,
    observer: Observer,
    inbox: Option<Inbox>,
) -> Result<Server> {
    let webhooks = |receiver| {
        let webhooks = Webhooks::new(receiver);
        match &inbox {
            Some(inbox) => webhooks.inbox(inbox.clone()),
            None => webhooks,
        }
    };
    let (omniai, ainexlayer) = (webhooks(omniai_receiver()?), webhooks(ainexlayer_receiver()?));
    let worker = Shutdown::default();
    let shutdowns = [omniai.shutdown(), ainexlayer.shutdown(), worker.clone()];
    let make_app = move || {
        App::new()
            .configure(app(omniai.clone(), ainexlayer.clone(), backend.clone()))
            .app_data(ThinData(observer.clone()))
            .wrap(from_fn(observe))
    };
    if let Some(inbox) = inbox {
        tokio::spawn(inbox.worker(make_app.clone()).retry(retry()).run(worker));
    }
    let server = HttpServer::new(make_app);
    let server = server
        .workers(WORKERS)
        // Detects a disconnected sender at once instead of when the response is sent.
        .h1_allow_half_closed(false)
        // Otherwise Ctrl-C would stop the server before it is drained.
        .disable_signals()
        .bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = *server.addrs().first().ok_or("the server has no address")?;
    let server = server.run();
    let handle = server.handle();
    let serving = tokio::spawn(server);

    Ok(Server::new(address, async move {
        for shutdown in shutdowns {
            shutdown.drain().await;
        }
        handle.stop(true).await;
        Ok(serving.await??)
    }))
}

/// A middleware around all webhook routes.
async fn observe(
    ThinData(observer): ThinData<Observer>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let observed = observer.start();
    let result = next.call(request).await;
    observed.finish(match &result {
        Ok(response) => verdict(response.response()),
        // A response that is sent while the handler still holds the request is an error here.
        Err(error) => verdict(&error.error_response()),
    });
    result
}

fn verdict<B>(response: &HttpResponse<B>) -> Verdict {
    let extensions = response.extensions();
    Verdict::of(extensions.get(), extensions.get())
}
