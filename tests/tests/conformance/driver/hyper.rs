//! The adapter for tower under bare hyper, without a framework.

use std::convert::Infallible;
use std::net::TcpListener;

use bytes::Bytes;
use countersign::adapter::report_ignored;
use countersign::{EventPattern, IgnoredEvent, Outcome, Rejection};
use countersign_tower::{Delivery, WebhookLayer};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{Either, Empty, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt, service_fn};

use super::axum::Serving;
use super::items;
use super::{
    Driver, EXCHANGE, Entry, FROM_HANDLER, HANDLER, Note, Reply, Script, Server, Site, Strict,
};
use crate::case::Protocol;
use crate::routes::{IGNORED, OTHER, Others, ROUTES};

pub(crate) struct Hyper(pub(crate) Protocol);

impl Driver for Hyper {
    fn name(&self) -> &'static str {
        match self.0 {
            Protocol::Http1 => "hyper/1",
            Protocol::Http2 => "hyper/2",
        }
    }

    fn protocol(&self) -> Protocol {
        self.0
    }

    fn serve(&self, listener: TcpListener, site: Site) -> Box<dyn Server> {
        let layer = WebhookLayer::new(site.receiver.clone()).clock(site.clock.clone());
        let shutdown = layer.shutdown();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let protocol = self.0;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(connection(protocol, stream, site.clone(), layer.clone()));
            }
        });
        Box::new(Serving::<()> { shutdown, _tasks: tasks })
    }
}

async fn connection(protocol: Protocol, stream: TcpStream, site: Site, layer: WebhookLayer) {
    let Site { script, log, others, items, consume_body, limit_in_front, .. } = site;
    let handler = service_fn(move |request: Request<Full<Bytes>>| {
        let script = script.clone();
        async move {
            match items {
                true => items::on_hyper(script, request).await,
                false => response(script, others, request).await,
            }
        }
    });
    let guarded = layer.layer(handler);
    let front = service_fn(move |request: Request<Incoming>| {
        let entry = log.begin(exchange(request.headers()));
        let guarded = guarded.clone();
        async move {
            let request = request.map(|body| match consume_body {
                true => Either::Left(Empty::<Bytes>::new()),
                false => Either::Right(Limited::new(body, limit_in_front.unwrap_or(usize::MAX))),
            });
            let response = guarded.oneshot(request).await?;
            end(entry, response.extensions());
            Ok::<_, Infallible>(response)
        }
    });
    let (io, service) = (TokioIo::new(stream), TowerToHyperService::new(front));
    // How a connection ends is for its client to see.
    let _ended = match protocol {
        Protocol::Http1 => {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).serve_connection(io, service).await
        }
        Protocol::Http2 => {
            http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await
        }
    };
}

async fn response(
    script: Script,
    others: Option<Others>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let delivery = request.extensions().get::<Delivery>().unwrap().clone();
    let Some(handler) = handler(others, &delivery) else {
        let mut response = Response::new(Full::default());
        response.extensions_mut().insert(report_ignored(&delivery));
        return Ok(response);
    };
    let decoded = match script.run().await {
        Reply::Status(status) => Ok(status),
        Reply::Decode => Err(delivery.event::<Strict>().unwrap_err()),
        Reply::Note(text) => delivery.event::<Note>().map(|note| note.status(text)),
    };
    let status = match decoded {
        Ok(status) => status,
        Err(rejection) => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::from_u16(rejection.status()).unwrap();
            response.extensions_mut().insert(rejection);
            return Ok(response);
        }
    };
    let response = Response::builder().status(status).header(FROM_HANDLER, handler);
    Ok(response.body("from the handler".into()).unwrap())
}

/// Returns the name of the event's handler; `None` if the event is ignored.
///
/// Without axum there is no router, so the service matches the event's name itself.
fn handler(others: Option<Others>, delivery: &Delivery) -> Option<&'static str> {
    let Some(others) = others else { return Some(HANDLER) };
    let name = delivery.event_type().unwrap_or_default();
    let matches = |pattern| EventPattern::new(pattern).unwrap().matches(&name);
    let route = ROUTES.into_iter().find(|(pattern, _)| matches(*pattern));
    match (route, others) {
        _ if name == IGNORED => None,
        (Some((_, handler)), _) => Some(handler),
        (None, Others::Handled) => Some(OTHER),
        (None, Others::Ignored) => None,
    }
}

pub(super) fn exchange(headers: &HeaderMap) -> Option<&str> {
    headers.get(EXCHANGE)?.to_str().ok()
}

pub(super) fn end(entry: Entry, extensions: &http::Extensions) {
    let rejection = extensions.get::<Rejection>().map(Rejection::kind);
    let ignored = extensions.get::<IgnoredEvent>().is_some();
    entry.end(rejection, extensions.get::<Outcome>().copied(), ignored);
}
