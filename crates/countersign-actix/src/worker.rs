use std::fmt;
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use actix_http::{Method, Payload, Request, Response, Uri};
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::dev::AppConfig;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{Error, HttpMessage, rt};
use countersign::Shutdown;
use countersign::adapter::{HandlerResponse, Job, QueuedMessage, run_worker};
use countersign::inbox::Worker;
use tokio::sync::{mpsc, oneshot};

use crate::timer::ActixTimer;

/// Runs a [`Worker`] whose application is an actix one, given as `HttpServer::new` takes it: by a function that
/// makes one for each thread.
///
/// ```
/// use std::time::Duration;
///
/// use actix_web::{App, HttpResponse, web};
/// use countersign_actix::inbox::RetryPolicy;
/// use countersign_actix::{Inbox, RunWorker, Shutdown, Webhooks};
///
/// async fn run(inbox: Inbox, webhooks: Webhooks, shutdown: Shutdown) {
///     let app = move || {
///         let route = web::resource("/webhooks/github").wrap(webhooks.clone());
///         App::new().service(route.route(web::post().to(HttpResponse::Ok)))
///     };
///     let retry = RetryPolicy::exponential(Duration::from_secs(5), Duration::from_secs(3600));
///     inbox.worker(app).concurrency(32).retry(retry.max_attempts(8)).run(shutdown).await;
/// }
/// ```
///
/// The parameters are those of `HttpServer`: what the function makes, its service, and the body of its
/// responses. They are inferred.
pub trait RunWorker<I, S, B> {
    /// Runs the worker until `shutdown` begins and what it handles has ended.
    ///
    /// The worker handles the events of every endpoint whose middleware has the worker's inbox, which the
    /// application may also be serving. It runs the application in threads of its own, as many as the machine
    /// has processors but no more than the worker's concurrency.
    ///
    /// A [drain](Shutdown::drain) waits for the running handlers; a [stop](Shutdown::stop) cancels them, and
    /// their events are handled later as if they had not been begun. Run the future to its end: if it is
    /// dropped, its events are handled again once their leases have expired.
    ///
    /// # Panics
    ///
    /// The future panics if a thread cannot be started or its application cannot be made.
    fn run(self, shutdown: Shutdown) -> impl Future<Output = ()> + 'static;
}

impl<F, I, S, B> RunWorker<I, S, B> for Worker<F>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request> + 'static,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error>,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>>,
    S::Service: 'static,
    B: 'static,
{
    async fn run(self, shutdown: Shutdown) {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.min(self.max_concurrency());
        let mut senders = Vec::with_capacity(threads);
        for number in 0..threads {
            senders.push(start_thread(number, self.app().clone()).await);
        }
        let turn = AtomicUsize::new(0);
        let start = |job: Job| {
            let next = turn.fetch_add(1, Ordering::Relaxed) % senders.len();
            if let Some(sender) = senders.get(next) {
                // A thread that has ended drops the job, which is then a failed attempt.
                drop(sender.send(job));
            }
        };
        run_worker(&self, &ActixTimer, &shutdown, start).await;
    }
}

/// Starts a thread that makes the application and runs each job that it is sent. It ends when the sender is
/// dropped.
async fn start_thread<F, I, S, B>(number: usize, app: F) -> mpsc::UnboundedSender<Job>
where
    F: Fn() -> I + Send + 'static,
    I: IntoServiceFactory<S, Request> + 'static,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error>,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>>,
    S::Service: 'static,
    B: 'static,
{
    let (sender, mut jobs) = mpsc::unbounded_channel::<Job>();
    let (started, is_started) = oneshot::channel();
    let run = move || {
        rt::System::new().block_on(async move {
            let service = app().into_factory().new_service(AppConfig::default()).await;
            let service = match service {
                Ok(service) => Rc::new(service),
                Err(error) => return drop(started.send(Err(format!("{error:?}")))),
            };
            drop(started.send(Ok(())));
            while let Some(job) = jobs.recv().await {
                let response = respond(Rc::clone(&service), request(job.message()));
                rt::spawn(job.run(&ActixTimer, response, read::<B>));
            }
        });
    };
    let thread = thread::Builder::new().name(format!("countersign-worker-{number}")).spawn(run);
    let started = match thread {
        Ok(_) => is_started.await.unwrap_or_else(|_| Err("the thread panicked".to_owned())),
        Err(error) => Err(error.to_string()),
    };
    assert!(started.is_ok(), "the application of the inbox's worker cannot be made: {started:?}");
    sender
}

async fn respond<S: Service<Request>>(
    service: Rc<S>,
    request: Request,
) -> Result<S::Response, S::Error> {
    poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}

/// Makes the request of a message again.
fn request(message: &QueuedMessage) -> Request {
    let (mut request, _) = Request::new().replace_payload(Payload::from(message.body().clone()));
    request.head_mut().method = message.method().parse().unwrap_or(Method::POST);
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

fn read<B>(result: Result<impl Into<Response<B>>, impl Into<Error>>) -> HandlerResponse {
    match result {
        Ok(response) => read_response(&response.into()),
        Err(error) => {
            let response: actix_web::HttpResponse = error.into().error_response();
            read_response(&response.into())
        }
    }
}

fn read_response<B>(response: &Response<B>) -> HandlerResponse {
    let retry_after = response.headers().get(RETRY_AFTER).map(HeaderValue::as_bytes);
    let mut read = HandlerResponse::new(response.status().as_u16()).with_retry_after(retry_after);
    read.retry = response.extensions().get().cloned();
    read.rejection = response.extensions().get().cloned();
    read
}
