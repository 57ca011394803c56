//! The service in actix-web: its routes and handlers first, then the server around them.

use std::net::Ipv4Addr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, ServiceConfig, ThinData, post, resource};
use actix_web::{App, Error, HttpResponse, HttpServer, ResponseError};
use countersign_actix::{Webhook, Webhooks, ainexlayer, omniai};

use crate::Result;
use crate::desk::{Desk, Failed};
use crate::notes::{Payload, ainexlayer_note, omniai_note};
use crate::senders::{ainexlayer_receiver, omniai_receiver};
use crate::server::Server;
use crate::witness::{Verdict, Witness};

/// Enough to show that they share what was handled.
const WORKERS: usize = 2;

/// Each worker mounts an app of its own, with clones of the same middleware.
fn app(omniai: Webhooks, ainexlayer: Webhooks, desk: Arc<Desk>) -> impl FnOnce(&mut ServiceConfig) {
    let omniai = resource("/webhooks/omniai").wrap(omniai).route(post().to(on_omniai));
    let ainexlayer =
        resource("/webhooks/ainexlayer").wrap(ainexlayer).route(post().to(on_ainexlayer));
    |config| {
        config.app_data(Data::from(desk)).service(omniai).service(ainexlayer);
    }
}

/// OmniAI's events have documented payloads, so they come as an enum.
async fn on_omniai(
    desk: Data<Desk>,
    Webhook(event): Webhook<omniai::Event>,
) -> Result<HttpResponse, Failed> {
    desk.work(omniai_note(&event)).await?;
    // OmniAI takes nothing but 200 for success; that is what it will be told.
    Ok(HttpResponse::NoContent().finish())
}

/// AINexLayer documents no payload, so it is a type of one's own.
async fn on_ainexlayer(
    desk: Data<Desk>,
    Webhook(event): Webhook<ainexlayer::Event<Payload>>,
) -> Result<HttpResponse, Failed> {
    desk.work(ainexlayer_note(&event)).await?;
    Ok(HttpResponse::Accepted().finish())
}

impl ResponseError for Failed {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::InternalServerError().finish()
    }
}

pub(crate) fn start(desk: Arc<Desk>, witness: Witness) -> Result<Server> {
    let omniai = Webhooks::new(omniai_receiver()?);
    let ainexlayer = Webhooks::new(ainexlayer_receiver()?);
    let shutdowns = [omniai.shutdown(), ainexlayer.shutdown()];
    let server = HttpServer::new(move || {
        App::new()
            .configure(app(omniai.clone(), ainexlayer.clone(), desk.clone()))
            .app_data(ThinData(witness.clone()))
            .wrap(from_fn(watch))
    });
    let server = server
        .workers(WORKERS)
        // A sender that hangs up is noticed then, and not only once it is answered.
        .h1_allow_half_closed(false)
        // Or Ctrl-C would stop it before it is drained.
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

/// A middleware for outside all webhook routes.
async fn watch(
    ThinData(witness): ThinData<Witness>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let watched = witness.begin();
    let result = next.call(request).await;
    watched.end(match &result {
        Ok(response) => verdict(response.response()),
        // So comes what is answered while the handler still has the request.
        Err(error) => verdict(&error.error_response()),
    });
    result
}

fn verdict<B>(response: &HttpResponse<B>) -> Verdict {
    let extensions = response.extensions();
    Verdict::of(extensions.get(), extensions.get())
}
