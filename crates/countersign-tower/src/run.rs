//! Lends tokio to the core, which sees a delivery from its claim to its answer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use countersign::adapter::{
    HandlerOutcome, HandlerTask, Timer, drive, in_current_span, reject_shutting_down,
};
use countersign::{Delivery, Outcome, Receiver, Shutdown};
use http::{Request, Response};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Sleep;
use tower_service::Service;

use crate::answer;
use crate::body::ResponseBody;

pub(crate) async fn run<S, B, ResBody>(
    receiver: Arc<Receiver>,
    shutdown: Shutdown,
    mut inner: S,
    mut request: Request<B>,
    delivery: Delivery,
) -> Result<Response<ResponseBody<ResBody>>, S::Error>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: Send + 'static,
    ResBody: Send + 'static,
{
    let Some(under_way) = shutdown.track() else {
        return Ok(answer::own(reject_shutting_down(&receiver)));
    };
    let driven = Arc::clone(&receiver);
    let (reply, replied) = oneshot::channel();
    // Within the request's own span, where the application keeps one.
    tokio::spawn(in_current_span(async move {
        let start = |delivery| {
            request.extensions_mut().insert(delivery);
            let call = async move {
                poll_fn(|cx| inner.poll_ready(cx)).await?;
                inner.call(request).await
            };
            Handler(tokio::spawn(in_current_span(call)))
        };
        // A sender that hung up is not there to be answered.
        let answer = |outcome, response| drop(reply.send((outcome, response)));
        drive(&driven, delivery, &Tokio, &shutdown, start, answer).await;
        drop(under_way);
    }));
    // The task is dropped without a reply only where the runtime itself ends.
    let (outcome, response) = replied.await.unwrap_or((Outcome::ShuttingDown, None));
    Ok(match response {
        Some(response) => answer::handlers(receiver.contract(), outcome, response?),
        None => answer::own(outcome),
    })
}

struct Tokio;

impl Timer for Tokio {
    type Sleep = Sleep;

    fn sleep(&self, span: Duration) -> Sleep {
        tokio::time::sleep(span)
    }
}

/// The service's call in a task of its own.
struct Handler<B, E>(JoinHandle<Result<Response<B>, E>>);

impl<B, E> HandlerTask for Handler<B, E> {
    type Answer = Result<Response<B>, E>;

    fn stop(&mut self) {
        self.0.abort();
    }
}

impl<B, E> Future for Handler<B, E> {
    type Output = HandlerOutcome<Result<Response<B>, E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|joined| match joined {
            Ok(Ok(response)) if response.status().is_success() => {
                HandlerOutcome::Success(Ok(response))
            }
            Ok(answer) => HandlerOutcome::Failure(answer),
            Err(error) if error.is_panic() => HandlerOutcome::Panicked,
            Err(_) => HandlerOutcome::Cancelled,
        })
    }
}
