use std::future::Future;

use bytes::Bytes;
use countersign::Shutdown;
use countersign::adapter::{HandlerResponse, Job, QueuedMessage, run_worker};
use countersign::inbox::Worker;
use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use tower_service::Service;

use crate::call::Call;
use crate::timer::TokioTimer;

/// Runs a [`Worker`] whose application is a tower service, such as an axum `Router`.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # async fn example(app: axum::Router, inbox: countersign_tower::Inbox) {
/// use std::time::Duration;
///
/// use countersign_tower::inbox::RetryPolicy;
/// use countersign_tower::{RunWorker, Shutdown};
///
/// let retry = RetryPolicy::exponential(Duration::from_secs(5), Duration::from_secs(3600));
/// let shutdown = Shutdown::default();
/// let worker = inbox.worker(app).concurrency(32).retry(retry.max_attempts(8));
/// let running = tokio::spawn(worker.run(shutdown.clone()));
///
/// // When the service stops:
/// shutdown.drain().await;
/// # drop(running);
/// # }
/// ```
pub trait RunWorker {
    /// Runs the worker until `shutdown` begins and what it handles has ended.
    ///
    /// The worker handles the events of every endpoint that has a layer with the worker's inbox in this
    /// process, unless it is [given its endpoints](Worker::endpoints). Each event runs in a task of its own.
    ///
    /// A [drain](Shutdown::drain) waits for the running handlers; a [stop](Shutdown::stop) cancels them, and
    /// their events are handled later; the attempts do not count. Run the future to its end: if it is
    /// dropped, its events are handled again once their leases have expired.
    fn run(self, shutdown: Shutdown) -> impl Future<Output = ()> + Send + 'static;
}

impl<S, ResBody> RunWorker for Worker<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResBody>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    ResBody: Send + 'static,
{
    async fn run(self, shutdown: Shutdown) {
        let start = |job: Job| {
            let response = Call::new(self.app().clone(), request(job.message()));
            tokio::spawn(job.run(&TokioTimer, response, read));
        };
        run_worker(&self, &TokioTimer, &shutdown, start).await;
    }
}

/// Makes the request of a message again.
fn request(message: &QueuedMessage) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::from(message.body().clone()));
    *request.method_mut() = message.method().parse().unwrap_or(Method::POST);
    *request.uri_mut() = message.uri().parse().unwrap_or_else(|_| Uri::from_static("/"));
    for (name, value) in message.headers() {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value)) {
            request.headers_mut().append(name, value);
        }
    }
    request.extensions_mut().insert(message.clone());
    request
}

fn read<B, E>(result: Result<Response<B>, E>) -> HandlerResponse {
    let Ok(response) = result else { return HandlerResponse::default() };
    let retry_after = response.headers().get(RETRY_AFTER).map(HeaderValue::as_bytes);
    let mut read = HandlerResponse::new(response.status().as_u16()).with_retry_after(retry_after);
    read.retry = response.extensions().get().cloned();
    read.rejection = response.extensions().get().cloned();
    read
}
