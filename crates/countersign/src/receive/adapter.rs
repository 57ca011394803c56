//! The parts that an adapter for a framework is made of.
//!
//! [`verify`] takes a request to a verified delivery, and [`drive`] takes the delivery from its claim to
//! its response; both report to `tracing` and `metrics`. An adapter converts the framework's types,
//! spawns two tasks, and converts a [`Response`] where the handler has none.
//!
//! # Example
//!
//! An adapter on tokio, for handlers that take a delivery and return a status:
//!
//! ```
//! use std::convert::Infallible;
//! use std::future::Future;
//! use std::pin::Pin;
//! use std::task::{Context, Poll};
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use countersign::adapter::{
//!     AdapterState, HandlerOutcome, HandlerTask, Response, Timer, drive, in_current_span,
//!     reject_shutting_down, verify,
//! };
//! use countersign::{Delivery, Outcome};
//! use tokio::sync::oneshot;
//! use tokio::task::JoinHandle;
//!
//! #[derive(Clone)]
//! struct TokioTimer;
//!
//! impl Timer for TokioTimer {
//!     type Sleep = tokio::time::Sleep;
//!
//!     fn sleep(&self, duration: Duration) -> Self::Sleep {
//!         tokio::time::sleep(duration)
//!     }
//! }
//!
//! struct Handler(JoinHandle<u16>);
//!
//! impl HandlerTask for Handler {
//!     type Response = u16;
//!
//!     fn cancel(&mut self) {
//!         self.0.abort();
//!     }
//! }
//!
//! impl Future for Handler {
//!     type Output = HandlerOutcome<u16>;
//!
//!     fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
//!         Pin::new(&mut self.0).poll(cx).map(|joined| match joined {
//!             Ok(status @ 200..=299) => HandlerOutcome::Success(status),
//!             Ok(status) => HandlerOutcome::Failure(status),
//!             Err(error) if error.is_panic() => HandlerOutcome::Panicked,
//!             Err(_) => HandlerOutcome::Cancelled,
//!         })
//!     }
//! }
//!
//! async fn receive<F: Future<Output = u16> + Send + 'static>(
//!     state: AdapterState,
//!     method: &str,
//!     headers: &[(String, String)],
//!     body: Bytes,
//!     handler: impl FnOnce(Delivery) -> F + Send + 'static,
//! ) -> u16 {
//!     // The whole body is one piece here.
//!     let mut body = Some(body);
//!     let poll_body = |_: &mut Context<'_>| Poll::Ready(body.take().map(Ok::<_, Infallible>));
//!     let verified = verify(&state, &TokioTimer, method, headers, poll_body).await;
//!     let (receiver, delivery) = match verified {
//!         Ok(verified) => verified,
//!         Err(response) => return response.status(),
//!     };
//!     let Some(in_flight) = state.shutdown().track() else {
//!         return reject_shutting_down(&receiver).status();
//!     };
//!     let contract = *receiver.contract();
//!     let (sender, responded) = oneshot::channel();
//!     tokio::spawn(in_current_span(async move {
//!         let start = |delivery| Handler(tokio::spawn(in_current_span(handler(delivery))));
//!         let respond = |outcome, status| drop(sender.send((outcome, status)));
//!         drive(&receiver, delivery, &TokioTimer, state.shutdown(), start, respond).await;
//!         drop(in_flight);
//!     }));
//!     match responded.await.unwrap_or((Outcome::ShuttingDown, None)) {
//!         (_, Some(status @ 200..=299)) => contract.success_status(status),
//!         (_, Some(status)) => status,
//!         (outcome, None) => Response::from(outcome).with_contract(&contract).status(),
//!     }
//! }
//!
//! # use countersign::{Receiver, Secret, omniai::OmniAi};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let receiver = Receiver::new(OmniAi::new("x-secret", Secret::new("a secret")?)?);
//! # let state = AdapterState::new(receiver);
//! # for (secret, status) in [("a secret", 200), ("a secret", 200), ("a guess", 401)] {
//! #     let body = Bytes::from_static(br#"{"event":"lead.created","data":{"leadId":"1"}}"#);
//! #     let headers = [("x-secret".to_owned(), secret.to_owned())];
//! #     let received = receive(state.clone(), "POST", &headers, body, |_| async { 204 });
//! #     assert_eq!(received.await, status);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! `countersign-tower` and `countersign-actix` are written in the same way.

pub use super::adapter_state::{AdapterState, ReceiverSource};
pub use super::report::{reject_shutting_down, report_decode_failure, report_ignored};
pub use super::request::verify;
pub use super::response::{Response, body_interrupted, body_limited, rejection};
pub use super::settings::Timeouts;
pub use super::shutdown::InFlightGuard;
pub use super::task::{HandlerOutcome, HandlerTask, drive, in_current_span};
pub use super::timer::Timer;
