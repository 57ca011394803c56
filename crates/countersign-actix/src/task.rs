//! The handler and its delivery in actix tasks, which a sender that hangs up does not drop.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::rt::task::JoinHandle;
use actix_web::rt::time::Sleep;
use actix_web::{Error, HttpMessage, rt};
use countersign::adapter::{
    HandlerOutcome, HandlerTask, Timer, drive, in_current_span, reject_shutting_down,
};
use countersign::{Delivery, Outcome, Receiver, Shutdown, adapter};
use tokio::sync::oneshot;

use crate::response::{self, OutcomeError};

/// Takes a verified delivery through its claim and the inner service to its response.
pub(crate) async fn run<S, B>(
    receiver: Arc<Receiver>,
    shutdown: Shutdown,
    inner: Rc<S>,
    request: ServiceRequest,
    delivery: Delivery,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let Some(in_flight) = shutdown.track() else {
        let response = response::own(reject_shutting_down(&receiver));
        return Ok(request.into_response(response).map_into_right_body());
    };
    let driven = Arc::clone(&receiver);
    // actix routes a request by its only handle. The handler takes the handle if it runs; otherwise the
    // handle is left here, for a response without the handler.
    let request = Rc::new(Cell::new(Some(request)));
    let handle = Rc::clone(&request);
    let (sender, responded) = oneshot::channel();
    rt::spawn(in_current_span(async move {
        let start = |delivery| {
            let request = handle.take();
            if let Some(request) = &request {
                request.extensions_mut().insert(delivery);
            }
            let call = async move {
                match request {
                    Some(request) => inner.call(request).await,
                    None => Err(OutcomeError(Outcome::ShuttingDown).into()),
                }
            };
            Handler(rt::spawn(in_current_span(call)))
        };
        // Sending fails if the client has hung up: then no one waits for the response.
        let respond = |outcome, response| drop(sender.send((outcome, response)));
        drive(&driven, delivery, &ActixTimer, &shutdown, start, respond).await;
        drop(in_flight);
    }));
    // Without a message the task was dropped, which happens only when the worker stops.
    let (outcome, response) = responded.await.unwrap_or((Outcome::ShuttingDown, None));
    match (response, request.take()) {
        (Some(response), _) => Ok(response::handlers(receiver.contract(), outcome, response?)),
        (None, Some(request)) => {
            let own = adapter::Response::from(outcome).with_contract(receiver.contract());
            Ok(request.into_response(response::own(own)).map_into_right_body())
        }
        (None, None) => Err(OutcomeError(outcome).into()),
    }
}

#[derive(Clone, Copy)]
pub(crate) struct ActixTimer;

impl Timer for ActixTimer {
    type Sleep = Sleep;

    fn sleep(&self, duration: Duration) -> Sleep {
        rt::time::sleep(duration)
    }
}

/// The call of the inner service, in a task of its own on its worker.
struct Handler<B>(JoinHandle<Result<ServiceResponse<B>, Error>>);

impl<B> HandlerTask for Handler<B> {
    type Response = Result<ServiceResponse<B>, Error>;

    fn cancel(&mut self) {
        self.0.abort();
    }
}

impl<B> Future for Handler<B> {
    type Output = HandlerOutcome<Result<ServiceResponse<B>, Error>>;

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
