//! What the operator sees, by the feature `tracing`. Without it, every function here does nothing.
//!
//! Nothing logged is a secret, a body or a header's value.

#[cfg(not(feature = "tracing"))]
pub(crate) use self::off::*;
#[cfg(feature = "tracing")]
pub(crate) use self::on::*;

#[cfg(feature = "tracing")]
mod on {
    use std::fmt::Display;
    use std::future::Future;

    use tracing::{Instrument, Span, debug, info, info_span, warn};

    use crate::dedup::{EventKey, StoreError};
    use crate::error::Rejection;
    use crate::receive::Claim;
    use crate::receive::Outcome;
    use crate::receive::Receiver;
    use crate::verify::Delivery;

    /// The longest event type that is shown.
    const LONGEST_TYPE: usize = 64;

    pub(crate) fn weak_keys(receiver: &Receiver) {
        let endpoint = receiver.endpoint();
        for key in receiver.weak_keys() {
            warn!(endpoint, key, "key is under 24 bytes: have the sender make a longer one");
        }
    }

    pub(crate) fn span(receiver: &Receiver, delivery: &Delivery) -> Span {
        let span = info_span!(
            "webhook",
            endpoint = receiver.endpoint(),
            sender = delivery.sender(),
            key = delivery.key_name(),
            event = tracing::field::Empty,
            event_type = tracing::field::Empty,
        );
        // It is a piece of the body, so it is shown only where it is a plain name.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
        if !span.is_disabled()
            && let Some(event_type) = delivery.event_type()
            && event_type.len() <= LONGEST_TYPE
            && event_type.bytes().all(is_plain)
        {
            span.record("event_type", &*event_type);
        }
        span
    }

    /// Names the event in the current span, by what a store knows it by.
    pub(crate) fn event(key: &EventKey) {
        Span::current().record("event", tracing::field::display(key));
    }

    pub(crate) fn current() -> Span {
        Span::current()
    }

    pub(crate) fn within<F: Future>(span: Span, future: F) -> impl Future<Output = F::Output> {
        future.instrument(span)
    }

    pub(crate) fn rejected(receiver: &Receiver, rejection: &Rejection) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        let kind = rejection.kind().as_str();
        warn!(endpoint, sender, kind, status = rejection.status(), "rejected: {rejection}");
    }

    pub(crate) fn decode_failed(reason: &dyn Display) {
        warn!("no event for the handler: {reason}");
    }

    pub(crate) fn settled(receiver: &Receiver, outcome: Outcome) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        let kind = outcome.as_str();
        match outcome {
            Outcome::Handled => info!(endpoint, sender, outcome = kind, "handled"),
            Outcome::Duplicate { same_body } => {
                info!(endpoint, sender, outcome = kind, same_body, "handled before");
            }
            Outcome::InProgress { .. } => debug!(endpoint, sender, outcome = kind, "in flight"),
            _ => warn!(endpoint, sender, outcome = kind, "not handled in good order"),
        }
    }

    pub(crate) fn store_failed(receiver: &Receiver, operation: &str, error: &StoreError) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        warn!(endpoint, sender, operation, "dedup store failed: {error}");
    }

    pub(crate) fn settled_late(receiver: &Receiver, claim: &Claim, outcome: Outcome) {
        let (endpoint, key) = (receiver.endpoint(), claim.key());
        info!(endpoint, event = %key, outcome = outcome.as_str(), "settled after the answer");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::fmt::Display;
    use std::future::Future;

    use crate::dedup::{EventKey, StoreError};
    use crate::error::Rejection;
    use crate::receive::Claim;
    use crate::receive::Outcome;
    use crate::receive::Receiver;
    use crate::verify::Delivery;

    pub(crate) fn weak_keys(_: &Receiver) {}

    pub(crate) struct Span;

    pub(crate) fn span(_: &Receiver, _: &Delivery) -> Span {
        Span
    }

    pub(crate) fn event(_: &EventKey) {}

    pub(crate) fn current() -> Span {
        Span
    }

    pub(crate) fn within<F: Future>(_: Span, future: F) -> impl Future<Output = F::Output> {
        future
    }

    pub(crate) fn rejected(_: &Receiver, _: &Rejection) {}

    pub(crate) fn decode_failed(_: &dyn Display) {}

    pub(crate) fn settled(_: &Receiver, _: Outcome) {}

    pub(crate) fn store_failed(_: &Receiver, _: &str, _: &StoreError) {}

    pub(crate) fn settled_late(_: &Receiver, _: &Claim, _: Outcome) {}
}
