//! The adapter for actix-web under its own server.

use std::future::Future;
use std::net::TcpListener;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::{
    App, Error, HttpMessage, HttpResponse, HttpServer, Resource, Responder, Route, web,
};
use bytes::Bytes;
use countersign::{IgnoredEvent, Outcome, Rejection, Shutdown};
use countersign_actix::{Delivery, Webhook, WebhookRejection, Webhooks, event, ignored};
use futures_core::Stream;

use super::items;
use super::{
    Driver, EXCHANGE, Entry, FROM_HANDLER, HANDLER, Note, PATH, Reply, Script, Server, Site, Strict,
};
use crate::case::Protocol;
use crate::routes::{IGNORED, OTHER, Others, ROUTES};

pub(crate) struct Actix;

impl Driver for Actix {
    fn name(&self) -> &'static str {
        "actix"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Http1
    }

    fn skip_reason(&self, case: &str) -> Option<&'static str> {
        if case.ends_with("no 100 Continue") {
            Some("actix sends 100 Continue before any middleware runs")
        } else if case == "a hundred rejections on one connection" {
            Some("actix closes a connection after a request whose body was not read")
        } else {
            None
        }
    }

    fn serve(&self, listener: TcpListener, site: Site) -> Box<dyn Server> {
        let middleware = Webhooks::new(site.receiver.clone()).clock(site.clock.clone());
        let shutdown = middleware.shutdown();
        let server = HttpServer::new(move || {
            let resource = match site.items {
                true => web::resource(PATH).route(web::post().to(items::on_actix)),
                false => routes(web::resource(PATH), site.others, site.by_get),
            };
            let resource = resource.wrap(middleware.clone()).wrap(from_fn(front));
            App::new().app_data(web::Data::new(site.clone())).service(resource)
        });
        // Detects a disconnected sender at once instead of when the response is sent.
        let server = server.workers(1).h1_allow_half_closed(false).disable_signals();
        let server = server.listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Box::new(Serving { shutdown, handle })
    }
}

struct Serving {
    shutdown: Shutdown,
    handle: ServerHandle,
}

impl Server for Serving {
    fn drain(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let shutdown = self.shutdown.clone();
        Box::pin(async move { shutdown.drain().await })
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// Adds the routes, of which actix takes the first that matches.
fn routes(resource: Resource, others: Option<Others>, by_get: bool) -> Resource {
    let Some(others) = others else {
        return resource.route(handler(if by_get { web::get() } else { web::post() }, HANDLER));
    };
    let resource = resource.route(ignored().guard(event(IGNORED)));
    let resource = ROUTES.into_iter().fold(resource, |resource, (pattern, name)| {
        resource.route(handler(web::post(), name).guard(event(pattern)))
    });
    resource.route(match others {
        Others::Ignored => ignored(),
        Others::Handled => handler(web::post(), OTHER),
    })
}

fn handler(route: Route, name: &'static str) -> Route {
    route.to(
        move |site: web::Data<Site>,
              _: Webhook<Delivery>,
              strict: Result<Webhook<Strict>, WebhookRejection>,
              note: Result<Webhook<Note>, WebhookRejection>| {
            response(site, name, strict, note)
        },
    )
}

async fn front(
    site: web::Data<Site>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let exchange = request.headers().get(EXCHANGE).and_then(|number| number.to_str().ok());
    let entry = site.log.begin(exchange);
    if site.consume_body {
        request.set_payload(Payload::None);
    }
    if let Some(limit) = site.limit_in_front {
        let body = Limited { body: request.take_payload(), rest: limit };
        request.set_payload(Payload::from(Box::pin(body) as Pin<Box<dyn Stream<Item = _>>>));
    }
    let result = next.call(request).await;
    match &result {
        Ok(response) => end(entry, response.response()),
        Err(error) => end(entry, &error.error_response()),
    }
    result
}

/// A body that ends with an error after `rest` bytes.
struct Limited {
    body: Payload,
    rest: usize,
}

impl Stream for Limited {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(Pin::new(&mut self.body).poll_next(cx));
        let Some(Ok(piece)) = piece else { return Poll::Ready(piece) };
        let rest = self.rest.checked_sub(piece.len());
        self.rest = rest.unwrap_or_default();
        Poll::Ready(Some(rest.map(|_| piece).ok_or(PayloadError::Overflow)))
    }
}

fn end<B>(entry: Entry, response: &HttpResponse<B>) {
    let extensions = response.extensions();
    entry.end(
        extensions.get::<Rejection>().map(Rejection::kind),
        extensions.get::<Outcome>().copied(),
        extensions.get::<IgnoredEvent>().is_some(),
    );
}

async fn response(
    site: web::Data<Site>,
    name: &'static str,
    strict: Result<Webhook<Strict>, WebhookRejection>,
    note: Result<Webhook<Note>, WebhookRejection>,
) -> Result<impl Responder, WebhookRejection> {
    let script: &Script = &site.script;
    let status = match script.run().await {
        Reply::Status(status) => status,
        Reply::Decode => {
            return strict.map(|event| HttpResponse::Ok().body(format!("{:?}", event.0)));
        }
        Reply::Note(text) => note?.0.status(text),
    };
    let status = StatusCode::from_u16(status).unwrap();
    Ok(HttpResponse::build(status).insert_header((FROM_HANDLER, name)).body("from the handler"))
}
