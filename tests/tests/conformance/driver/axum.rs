//! The adapter for tower under `axum::serve`.

use std::future::Future;
use std::net::TcpListener;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use countersign_tower::{Delivery, Events, Shutdown, Webhook, WebhookLayer, WebhookRejection};
use http_body_util::Limited;
use tokio::task::JoinSet;

use super::hyper::{end, exchange};
use super::items;
use super::{Driver, FROM_HANDLER, HANDLER, Note, PATH, Reply, Script, Server, Site, Strict};
use crate::case::Protocol;
use crate::routes::{IGNORED, OTHER, Others, ROUTES};

pub(crate) struct Axum;

impl Driver for Axum {
    fn name(&self) -> &'static str {
        "axum"
    }

    fn protocol(&self) -> Protocol {
        Protocol::Http1
    }

    fn serve(&self, listener: TcpListener, site: Site) -> Box<dyn Server> {
        let layer = WebhookLayer::new(site.receiver.clone()).clock(site.clock.clone());
        let shutdown = layer.shutdown();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app(site, layer)).await });
        Box::new(Serving { shutdown, _tasks: tasks })
    }
}

/// A server of the adapter for tower; its tasks end with it.
pub(super) struct Serving<T> {
    pub(super) shutdown: Shutdown,
    pub(super) _tasks: JoinSet<T>,
}

impl<T: Send> Server for Serving<T> {
    fn drain(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let shutdown = self.shutdown.clone();
        Box::pin(async move { shutdown.drain().await })
    }
}

fn app(site: Site, layer: WebhookLayer) -> Router {
    let Site { script, log, others, items, by_get, consume_body, limit_in_front, .. } = site;
    let handler = |name| {
        let script = script.clone();
        move |_: Webhook<Delivery>,
              strict: Result<Webhook<Strict>, WebhookRejection>,
              note: Result<Webhook<Note>, WebhookRejection>| {
            response(script.clone(), name, strict, note)
        }
    };
    let route = match others {
        None if items => post(move |delivery| items::on_axum(script.clone(), delivery)),
        None if by_get => get(handler(HANDLER)),
        None => post(handler(HANDLER)),
        Some(others) => {
            let routes = ROUTES.into_iter().rev();
            let events = routes.fold(Events::new().ignore(IGNORED), |events, (pattern, name)| {
                events.on(pattern, handler(name))
            });
            match others {
                Others::Ignored => post(events),
                Others::Handled => post(events.otherwise(handler(OTHER))),
            }
        }
    };
    let front = from_fn(move |request: Request<Body>, next: Next| {
        let entry = log.begin(exchange(request.headers()));
        async move {
            let request = request.map(|body| match (consume_body, limit_in_front) {
                (true, _) => Body::empty(),
                (false, Some(limit)) => Body::new(Limited::new(body, limit)),
                (false, None) => body,
            });
            let response = next.run(request).await;
            end(entry, response.extensions());
            response
        }
    });
    Router::new().route(PATH, route).route_layer(layer).layer(front)
}

async fn response(
    script: Script,
    name: &'static str,
    strict: Result<Webhook<Strict>, WebhookRejection>,
    note: Result<Webhook<Note>, WebhookRejection>,
) -> Response {
    let status = match (script.run().await, note) {
        (Reply::Status(status), _) => status,
        (Reply::Decode, _) => return strict.map(|event| format!("{:?}", event.0)).into_response(),
        (Reply::Note(text), Ok(Webhook(note))) => note.status(text),
        (Reply::Note(_), Err(rejection)) => return rejection.into_response(),
    };
    let text = "from the handler";
    (StatusCode::from_u16(status).unwrap(), [(FROM_HANDLER, name)], text).into_response()
}
