//! Lends actix's runtime to the core, which sees a delivery from its claim to its answer.

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
use countersign::{Delivery, Outcome, Receiver, Shutdown};
use tokio::sync::oneshot;

use crate::answer::{self, Unanswered};

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
    let Some(under_way) = shutdown.track() else {
        let outcome = reject_shutting_down(&receiver);
        return Ok(request.into_response(answer::own(outcome)).map_into_right_body());
    };
    let driven = Arc::clone(&receiver);
    // actix routes by the only handle on a request: it is the handler's once that runs, and ours else.
    let request = Rc::new(Cell::new(Some(request)));
    let handed = Rc::clone(&request);
    let (reply, replied) = oneshot::channel();
    // Within the request's own span, where the application keeps one.
    rt::spawn(in_current_span(async move {
        let start = |delivery| {
            let request = handed.take();
            if let Some(request) = &request {
                request.extensions_mut().insert(delivery);
            }
            let call = async move {
                match request {
                    Some(request) => inner.call(request).await,
                    None => Err(Unanswered(Outcome::ShuttingDown).into()),
                }
            };
            Handler(rt::spawn(in_current_span(call)))
        };
        // A sender that hung up is not there to be answered.
        let answer = |outcome, response| drop(reply.send((outcome, response)));
        drive(&driven, delivery, &Actix, &shutdown, start, answer).await;
        drop(under_way);
    }));
    // The task is dropped without a reply only where the worker itself ends.
    let (outcome, response) = replied.await.unwrap_or((Outcome::ShuttingDown, None));
    match (response, request.take()) {
        (Some(response), _) => {
            let response = answer::handlers(receiver.contract(), outcome, response?);
            Ok(response.map_into_left_body())
        }
        (None, Some(request)) => {
            Ok(request.into_response(answer::own(outcome)).map_into_right_body())
        }
        (None, None) => Err(Unanswered(outcome).into()),
    }
}

struct Actix;

impl Timer for Actix {
    type Sleep = Sleep;

    fn sleep(&self, span: Duration) -> Sleep {
        rt::time::sleep(span)
    }
}

/// The service's call in a task of its own, on its worker.
struct Handler<B>(JoinHandle<Result<ServiceResponse<B>, Error>>);

impl<B> HandlerTask for Handler<B> {
    type Answer = Result<ServiceResponse<B>, Error>;

    fn stop(&mut self) {
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
            Ok(answer) => HandlerOutcome::Failure(answer),
            Err(error) if error.is_panic() => HandlerOutcome::Panicked,
            Err(_) => HandlerOutcome::Cancelled,
        })
    }
}
