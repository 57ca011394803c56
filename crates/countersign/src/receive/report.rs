//! Reports to the operator: each goes to `tracing` and to `metrics`, where these features are on.

use std::fmt::Display;

use super::claim::Claim;
use super::ignored_event::IgnoredEvent;
use super::log::Recording;
use super::outcome::Outcome;
use super::receiver::Receiver;
use super::response::Response;
use super::{recorder, trace};
use crate::error::Rejection;
use crate::verify::Delivery;

/// Reports a delivery that arrives during shutdown, and returns the response to it.
///
/// For a delivery that [`Shutdown::track`](crate::Shutdown::track) does not admit.
#[must_use]
pub fn reject_shutting_down(receiver: &Receiver, recording: Recording) -> Response {
    report_outcome(receiver, Outcome::ShuttingDown);
    let response = Response::from(Outcome::ShuttingDown);
    recording.end(Outcome::ShuttingDown, Some(response.status()));
    response
}

/// Reports why an extractor has no event for the handler (feature `tracing`).
pub fn report_decode_failure(reason: &dyn Display) {
    trace::decode_failed(reason);
}

/// Reports that an event is acknowledged without a handler, and returns the mark to put into the
/// response's extensions.
///
/// For the router of an adapter, and for an application that routes events itself. Respond with a 2xx
/// status: then the event is committed as handled, and is not delivered again.
///
/// ```
/// use countersign::adapter::report_ignored;
/// use countersign::{Delivery, Rejection};
///
/// #[derive(serde::Deserialize)]
/// struct Invoice {
///     number: String,
/// }
///
/// fn handle(delivery: &Delivery, response: &mut http::Response<()>) -> Result<(), Rejection> {
///     match delivery.event_type().as_deref() {
///         Some("invoice.paid") => println!("{}", delivery.event::<Invoice>()?.number),
///         _ => {
///             response.extensions_mut().insert(report_ignored(delivery));
///         }
///     }
///     Ok(())
/// }
/// ```
pub fn report_ignored(delivery: &Delivery) -> IgnoredEvent {
    trace::ignored(delivery);
    recorder::ignored(delivery);
    IgnoredEvent::new()
}

/// Reports why a request was rejected.
pub(super) fn report_rejection(receiver: &Receiver, rejection: &Rejection) {
    trace::rejected(receiver, rejection);
    recorder::rejected(receiver, rejection);
}

/// Reports the outcome that a delivery's response is sent for.
pub(super) fn report_outcome(receiver: &Receiver, outcome: Outcome) {
    trace::outcome(receiver, outcome);
    recorder::outcome(receiver, outcome);
}

/// Reports an outcome that was not known when the response was sent.
pub(super) fn report_late_outcome(receiver: &Receiver, claim: &Claim, outcome: Outcome) {
    trace::late_outcome(receiver, claim, outcome);
    recorder::late_outcome(receiver, outcome);
}
