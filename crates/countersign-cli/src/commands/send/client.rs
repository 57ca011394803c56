//! Delivers an event: attempts, deadline, retries.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use countersign::time::{Clock, SystemClock};
use http::header::RETRY_AFTER;
use http::uri::PathAndQuery;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::attempt::{Attempt, Response};
use super::config::SendConfig;
use crate::signing::{PreparedRequest, Signer};

/// The number of bytes of a response body that are read, at most.
const MAX_RESPONSE_BODY: usize = 64 * 1024;

/// An event to deliver.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) body: Vec<u8>,
    pub(super) is_duplicate: bool,
}

/// Delivers events, each over a connection of its own.
pub(super) struct DeliveryClient<C> {
    client: Client<C, Full<Bytes>>,
    config: SendConfig,
    signer: Signer,
    slots: Arc<Semaphore>,
    attempts: UnboundedSender<Attempt>,
}

impl<C: Connect + Clone + Send + Sync + 'static> DeliveryClient<C> {
    /// Returns the client and the channel of its attempts.
    pub(super) fn new(
        connector: C,
        config: SendConfig,
        signer: Signer,
    ) -> (Self, UnboundedReceiver<Attempt>) {
        let (sender, receiver) = unbounded_channel();
        // No connection is reused: a request on one that the receiver has closed in the meantime would
        // count as a failed delivery.
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        let slots = Arc::new(Semaphore::new(usize::try_from(config.concurrency).unwrap_or(1)));
        (Self { client, config, signer, slots, attempts: sender }, receiver)
    }

    /// Waits until one more request may be in flight.
    pub(super) async fn permit(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.slots).acquire_owned().await
    }

    /// Makes attempts until one succeeds or no retry is left.
    pub(super) async fn deliver(self: Arc<Self>, event: Event, permit: OwnedSemaphorePermit) {
        let mut permit = Some(permit);
        let mut delays = self.config.timer.delays.iter().copied();
        for number in 1.. {
            let start = Instant::now();
            let (response, retry_after) = self.attempt(&event).await;
            // An event that waits for its retry does not block others.
            drop(permit.take());
            let is_success = self.is_success(response);
            let delay = delays.next().filter(|_| !is_success);
            let next = delay.and_then(|delay| self.config.timer.next(response, retry_after, delay));
            let attempt = Attempt {
                id: event.id.clone(),
                is_duplicate: event.is_duplicate,
                number,
                response,
                took: start.elapsed(),
                is_success,
                next,
            };
            // Reading stops once the output fails.
            let is_read = self.attempts.send(attempt).is_ok();
            let Some(delay) = next.filter(|_| is_read) else { return };
            tokio::time::sleep(delay).await;
            permit = self.permit().await.ok();
        }
    }

    fn is_success(&self, response: Response) -> bool {
        match response {
            Response::Status(status) if self.config.requires_200 => status == 200,
            Response::Status(status) => (200..300).contains(&status),
            _ => false,
        }
    }

    /// Signs the event with the current time and sends it. Returns the response and its `Retry-After` in
    /// seconds.
    async fn attempt(&self, event: &Event) -> (Response, Option<u64>) {
        let ready = self.signer.sign(&event.body, &event.id, SystemClock.now()).ok();
        let Some(request) = ready.and_then(|ready| request(&self.config.target, ready)) else {
            return (Response::Unsendable, None);
        };
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| failure(&error))?;
            let status = response.status().as_u16();
            let retry_after = response.headers().get(RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
            // A status is a response, even if the connection breaks while the body is read.
            let _ = Limited::new(response.into_body(), MAX_RESPONSE_BODY).collect().await;
            Ok((Response::Status(status), retry_after))
        };
        let none = |failure| (failure, None);
        match tokio::time::timeout(self.config.deadline, exchange).await {
            Ok(result) => result.unwrap_or_else(none),
            Err(_) => none(Response::TimedOut),
        }
    }
}

fn request(target: &Uri, ready: PreparedRequest) -> Option<Request<Full<Bytes>>> {
    let mut parts = target.clone().into_parts();
    if let Some(query) = ready.query {
        let path: PathAndQuery = format!("{}?{query}", target.path()).parse().ok()?;
        parts.path_and_query = Some(path);
    }
    let mut request = Request::post(Uri::from_parts(parts).ok()?);
    for (name, value) in &ready.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(ready.body.into())).ok()
}

/// Returns why there was no response.
fn failure(error: &Error) -> Response {
    if !error.is_connect() {
        return Response::Broken;
    }
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            // The error of a TLS handshake is wrapped twice.
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
            let error = inner.unwrap_or(error);
            return Response::NotConnected(match error.kind() {
                io::ErrorKind::ConnectionRefused => "connection refused",
                io::ErrorKind::InvalidData => "TLS failed",
                _ => "not connected",
            });
        }
        source = error.source();
    }
    Response::NotConnected("not connected")
}
