//! The spans and events of a request (feature `tracing`). Without the feature, every function here
//! does nothing.
//!
//! Nothing recorded is a secret, a signature, a header's value, or a piece of the body but for a plain
//! event type.

#[cfg(not(feature = "tracing"))]
pub(crate) use self::off::*;
#[cfg(feature = "tracing")]
pub(crate) use self::on::*;

#[cfg(feature = "tracing")]
mod on {
    use std::borrow::Cow;
    use std::fmt::Display;
    use std::future::Future;

    use tracing::{Instrument, Span, debug, info, info_span, warn};

    use crate::dedup::{EventKey, StoreError};
    use crate::error::Rejection;
    use crate::receive::{Claim, Outcome, Receiver};
    use crate::verify::{Delivery, Item};

    /// The name of the span of a delivery.
    const SPAN: &str = "webhook";

    /// The longest event type that is recorded, in bytes.
    const MAX_EVENT_TYPE_BYTES: usize = 64;

    pub(crate) fn weak_keys(receiver: &Receiver) {
        let endpoint = receiver.endpoint();
        for key in receiver.weak_keys() {
            warn!(
                endpoint,
                key, "weak key: it is shorter than 24 bytes; have the sender generate a longer one"
            );
        }
    }

    /// Tells where an adapter must stand, for senders whose handshake is not a `POST`.
    ///
    /// An adapter cannot find out whether it stands there: a router that takes only `POST` rejects the
    /// handshake itself, and the adapter never sees it.
    pub(crate) fn handshake_method(receiver: &Receiver) {
        if let Some(method) = receiver.handshake_method() {
            let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
            info!(
                endpoint,
                sender,
                method,
                "the sender checks this endpoint by a {method} request: put the layer where that reaches it, such as on the whole route; a layer on `POST` alone never sees it, and the sender gets 405"
            );
        }
    }

    /// Records that the delivery log has lost lines.
    pub(crate) fn log_dropped(lines: u64) {
        warn!(
            lines,
            "the delivery log has lost lines: its store does not keep up; they are counted all the same"
        );
    }

    /// Records that the delivery log cannot be written.
    pub(crate) fn log_failed(error: &StoreError) {
        warn!("the delivery log is not written: {error}");
    }

    /// Returns the span of a delivery, in which its handler runs.
    pub(crate) fn span(receiver: &Receiver, delivery: &Delivery) -> Span {
        let span = info_span!(
            "webhook",
            endpoint = receiver.endpoint(),
            sender = delivery.sender(),
            key = delivery.key_name(),
            event = tracing::field::Empty,
            event_type = tracing::field::Empty,
        );
        if span.is_disabled() {
            // What is detached from its request logs in the span of the request all the same.
            return Span::current();
        }
        if let Some(event_type) = plain_event_type(delivery) {
            span.record("event_type", &*event_type);
        }
        span
    }

    /// Returns the event's type if it is a plain name: it is a piece of the body or of a header.
    fn plain_event_type(delivery: &Delivery) -> Option<Cow<'_, str>> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte);
        delivery.event_type().filter(|event_type| {
            event_type.len() <= MAX_EVENT_TYPE_BYTES && event_type.bytes().all(is_plain)
        })
    }

    /// Records that an event has no handler.
    pub(crate) fn ignored(delivery: &Delivery) {
        let (endpoint, sender) = (delivery.endpoint(), delivery.sender());
        let event_type = plain_event_type(delivery);
        let event_type = event_type.as_deref();
        info!(endpoint, sender, event_type, "ignored: no handler is registered for the event");
    }

    /// Records the event's key in the current span.
    pub(crate) fn event(key: &EventKey) {
        let span = Span::current();
        // The span may be one of the application's, with a field of that name.
        if span.metadata().is_some_and(|metadata| metadata.name() == SPAN) {
            span.record("event", tracing::field::display(key));
        }
    }

    pub(crate) fn instrument<F: Future>(span: Span, future: F) -> impl Future<Output = F::Output> {
        future.instrument(span)
    }

    pub(crate) fn rejected(receiver: &Receiver, rejection: &Rejection) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        let (kind, status) = (rejection.kind().as_str(), rejection.status());
        warn!(endpoint, sender, kind, status, "rejected: {rejection}");
    }

    pub(crate) fn decode_failed(reason: &dyn Display) {
        warn!("no event extracted for the handler: {reason}");
    }

    /// Records a delivery's outcome, with the status where that is not the handler's.
    pub(crate) fn outcome(receiver: &Receiver, outcome: Outcome) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        let (kind, status) = (outcome.as_str(), outcome.status());
        let message = message(outcome);
        match outcome {
            Outcome::Handled | Outcome::Stored | Outcome::HandshakeAnswered => {
                info!(endpoint, sender, outcome = kind, status, "{message}");
            }
            Outcome::Duplicate { same_body } => {
                info!(endpoint, sender, outcome = kind, status, same_body, "{message}");
            }
            Outcome::InProgress { .. } => {
                debug!(endpoint, sender, outcome = kind, status, "{message}");
            }
            _ => warn!(endpoint, sender, outcome = kind, status, "{message}"),
        }
    }

    const fn message(outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Handled => "handled",
            Outcome::CommitPending => {
                "commit pending: the event is handled, and marking it is retried"
            }
            Outcome::LeaseLost => {
                "lease lost: the handler outlived its lease, and another may have run as well"
            }
            Outcome::Failed => "handler failed: the claim is released",
            Outcome::Panicked => "handler panicked: the claim is released",
            Outcome::Cancelled => "handler cancelled: the claim is released",
            Outcome::DeadlineExceeded => {
                "response deadline exceeded: the handler continues, and a retry gets its outcome"
            }
            Outcome::Stored => "stored",
            Outcome::Duplicate { .. } => "duplicate",
            Outcome::InProgress { .. } => "in progress",
            Outcome::StoreUnavailable => "dedup store unavailable: the handler did not run",
            Outcome::StoreFull => "dedup store full: the handler did not run",
            Outcome::ShuttingDown => "shutting down: the handler did not run",
            Outcome::HandshakeAnswered => "handshake answered",
        }
    }

    /// Records how an item of a batch ended, by its position in the body and its key in the store.
    pub(crate) fn item_ended(receiver: &Receiver, item: &Item, key: &EventKey, result: &str) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        let (item, event) = (item.pointer(), key);
        match result {
            "handled" | "duplicate" | "in_progress" => {
                debug!(endpoint, sender, item, %event, result, "item: {result}");
            }
            _ => warn!(endpoint, sender, item, %event, result, "item not handled: {result}"),
        }
    }

    pub(crate) fn store_failed(receiver: &Receiver, operation: &str, error: &StoreError) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        warn!(endpoint, sender, operation, "{operation} failed in the dedup store: {error}");
    }

    pub(crate) fn late_outcome(receiver: &Receiver, claim: &Claim, outcome: Outcome) {
        let (endpoint, sender) = (receiver.endpoint(), receiver.scheme().sender());
        let (event, outcome) = (claim.key(), outcome.as_str());
        info!(endpoint, sender, %event, outcome, "outcome reported after the response");
    }
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::fmt::Display;
    use std::future::Future;

    use crate::dedup::{EventKey, StoreError};
    use crate::error::Rejection;
    use crate::receive::{Claim, Outcome, Receiver};
    use crate::verify::{Delivery, Item};

    pub(crate) fn log_dropped(_: u64) {}

    pub(crate) fn log_failed(_: &StoreError) {}

    pub(crate) fn weak_keys(_: &Receiver) {}

    pub(crate) fn handshake_method(_: &Receiver) {}

    pub(crate) struct Span;

    pub(crate) fn span(_: &Receiver, _: &Delivery) -> Span {
        Span
    }

    pub(crate) fn event(_: &EventKey) {}

    pub(crate) fn ignored(_: &Delivery) {}

    pub(crate) fn instrument<F: Future>(_: Span, future: F) -> impl Future<Output = F::Output> {
        future
    }

    pub(crate) fn rejected(_: &Receiver, _: &Rejection) {}

    pub(crate) fn decode_failed(_: &dyn Display) {}

    pub(crate) fn outcome(_: &Receiver, _: Outcome) {}

    pub(crate) fn item_ended(_: &Receiver, _: &Item, _: &EventKey, _: &str) {}

    pub(crate) fn store_failed(_: &Receiver, _: &str, _: &StoreError) {}

    pub(crate) fn late_outcome(_: &Receiver, _: &Claim, _: Outcome) {}
}
