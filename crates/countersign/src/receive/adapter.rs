//! The parts that an adapter for a framework is made of.
//!
//! [`verify`] takes a request to a verified delivery, and [`drive`] takes the delivery from its claim to
//! its response; both report to `tracing` and `metrics`. An adapter converts the framework's types,
//! spawns what remains of a delivery whose sender is gone or whose deadline has passed, and converts a [`Response`] where the handler
//! has none.
//!
//! # Example
//!
//! An adapter on tokio, for handlers that take a delivery and return a status:
//!
//! ```
//! use std::convert::Infallible;
//! use std::future::Future;
//! use std::task::{Context, Poll};
//!
//! use bytes::Bytes;
//! use countersign::Delivery;
//! use countersign::adapter::{
//!     AdapterState, Detachable, Response, Timer, drive, reject_shutting_down, verify,
//! };
//! use tokio::time::{Instant, Sleep};
//!
//! #[derive(Clone, Copy)]
//! struct TokioTimer;
//!
//! impl Timer for TokioTimer {
//!     type Instant = Instant;
//!     type Sleep = Sleep;
//!
//!     fn now(&self) -> Instant {
//!         Instant::now()
//!     }
//!
//!     fn sleep_until(&self, deadline: Instant) -> Sleep {
//!         tokio::time::sleep_until(deadline)
//!     }
//! }
//!
//! /// Returns the future of the response's status.
//! fn receive<F: Future<Output = u16> + Send + 'static>(
//!     state: AdapterState,
//!     method: String,
//!     headers: Vec<(String, String)>,
//!     body: Bytes,
//!     handler: impl FnOnce(Delivery) -> F + Send + 'static,
//! ) -> impl Future<Output = u16> {
//!     Detachable::new(
//!         |responder| Box::pin(async move {
//!             // The whole body is one piece here.
//!             let mut body = Some(body);
//!             let poll_body = |_: &mut Context<'_>| Poll::Ready(body.take().map(Ok::<_, Infallible>));
//!             let mut recording = state.begin_recording();
//!             let verified = verify(&state, &mut recording, &TokioTimer, &method, &headers, poll_body).await;
//!             let (receiver, delivery) = match verified {
//!                 Ok(verified) => verified,
//!                 Err(response) => return responder.respond(response.status()),
//!             };
//!             let Some(in_flight) = state.shutdown().track() else {
//!                 let response = reject_shutting_down(&receiver, recording);
//!                 return responder.respond(response.status());
//!             };
//!             let is_success = |status: &u16| (200..300).contains(status);
//!             let contract = receiver.contract();
//!             responder.detach_on_drop(());
//!             let respond = |outcome, status| {
//!                 let status = match status {
//!                     Some(status @ 200..=299) => contract.success_status(status),
//!                     Some(status) => status,
//!                     None => Response::from(outcome).with_contract(contract).status(),
//!                 };
//!                 recording.end(outcome, Some(status));
//!                 responder.respond(status);
//!             };
//!             drive(&receiver, delivery, &TokioTimer, &in_flight, handler, is_success, respond).await;
//!         }),
//!         |(), remaining| drop(tokio::spawn(remaining)),
//!     )
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
//! #     let received = receive(state.clone(), "POST".to_owned(), headers.into(), body, |_| async { 204 });
//! #     assert_eq!(received.await, status);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! `countersign-tower` and `countersign-actix` are written in the same way.

pub use super::adapter_state::{AdapterState, ReceiverSource};
pub use super::detachable::{Detachable, Responder};
pub use super::inbox::{HandlerResponse, Job, QueuedMessage, enqueue, handle_message, run_worker};
pub use super::log::Recording;
pub use super::report::{reject_shutting_down, report_decode_failure, report_ignored};
pub use super::request::verify;
pub use super::response::{Response, body_interrupted, body_limited, rejection};
pub use super::settings::Timeouts;
pub use super::shutdown::InFlightGuard;
pub use super::task::drive;
pub use super::timer::Timer;
