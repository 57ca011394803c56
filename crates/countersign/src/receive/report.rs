//! Reports to the operator: each goes to `tracing` and to `metrics`, where these features are on.

use std::fmt::Display;

use super::claim::Claim;
use super::outcome::Outcome;
use super::receiver::Receiver;
use super::response::Response;
use super::{recorder, trace};
use crate::error::Rejection;

/// Reports a delivery that arrives during shutdown, and returns the response to it.
///
/// For a delivery that [`Shutdown::track`](crate::Shutdown::track) does not admit.
#[must_use]
pub fn reject_shutting_down(receiver: &Receiver) -> Response {
    report_outcome(receiver, Outcome::ShuttingDown);
    Outcome::ShuttingDown.into()
}

/// Reports why an extractor has no event for the handler (feature `tracing`).
pub fn report_decode_failure(reason: &dyn Display) {
    trace::decode_failed(reason);
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
