//! The handler and its delivery in tokio tasks, which a sender that hangs up does not drop.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use countersign::adapter::{
    HandlerOutcome, HandlerTask, Timer, drive, in_current_span, reject_shutting_down,
};
use countersign::{Delivery, Outcome, Receiver, Shutdown, adapter};
use http::{Request, Response};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Sleep;
use tower_service::Service;

use crate::body::ResponseBody;
use crate::response;

/// Takes a verified delivery through its claim and the inner service to its response.
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
    let Some(in_flight) = shutdown.track() else {
        return Ok(response::own(reject_shutting_down(&receiver)));
    };
    let driven = Arc::clone(&receiver);
    let (sender, responded) = oneshot::channel();
    tokio::spawn(in_current_span(async move {
        let start = |delivery| {
            request.extensions_mut().insert(delivery);
            let call = async move {
                poll_fn(|cx| inner.poll_ready(cx)).await?;
                inner.call(request).await
            };
            Handler(tokio::spawn(in_current_span(call)))
        };
        // Sending fails if the client has hung up: then no one waits for the response.
        let respond = |outcome, response| drop(sender.send((outcome, response)));
        drive(&driven, delivery, &TokioTimer, &shutdown, start, respond).await;
        drop(in_flight);
    }));
    // Without a message the task was dropped, which happens only when the runtime shuts down.
    let (outcome, response) = responded.await.unwrap_or((Outcome::ShuttingDown, None));
    Ok(match response {
        Some(response) => response::handlers(receiver.contract(), outcome, response?),
        None => {
            let own = adapter::Response::from(outcome);
            response::own(own.with_contract(receiver.contract()))
        }
    })
}

#[derive(Clone, Copy)]
pub(crate) struct TokioTimer;

impl Timer for TokioTimer {
    type Sleep = Sleep;

    fn sleep(&self, duration: Duration) -> Sleep {
        tokio::time::sleep(duration)
    }
}

/// The call of the inner service, in a task of its own.
struct Handler<B, E>(JoinHandle<Result<Response<B>, E>>);

impl<B, E> HandlerTask for Handler<B, E> {
    type Response = Result<Response<B>, E>;

    fn cancel(&mut self) {
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
            Ok(result) => HandlerOutcome::Failure(result),
            Err(error) if error.is_panic() => HandlerOutcome::Panicked,
            Err(_) => HandlerOutcome::Cancelled,
        })
    }
}
