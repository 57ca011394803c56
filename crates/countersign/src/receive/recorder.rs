//! Records the metrics of a request (feature `metrics`). Without the feature, every function here does
//! nothing.
//!
//! The number of label values is bounded by the configuration: labels never hold an id, an event type, a
//! tenant or the name of a tenant's key, of which a sender could create any number.

#[cfg(not(feature = "metrics"))]
pub(crate) use self::off::*;
#[cfg(feature = "metrics")]
pub(crate) use self::on::*;

#[cfg(feature = "metrics")]
mod on {
    use std::borrow::Cow;
    use std::sync::Arc;
    use std::time::Instant;

    use ::metrics::{Gauge, Label, SharedString, counter, gauge, histogram};

    use crate::dedup::StoreError;
    use crate::error::Rejection;
    use crate::receive::metrics::{
        DEDUP_HITS, DELIVERIES, HANDLER, IGNORED, IN_PROGRESS, ITEMS, LATE, STORE, STORE_FILL,
        STORE_FORGOTTEN, VERIFIED,
    };
    use crate::receive::{Claim, Outcome, Receiver};
    use crate::scheme::Scheme;
    use crate::verify::Delivery;

    pub(crate) fn verified(receiver: &Receiver, delivery: &Delivery) {
        // The number of tenants is unbounded, and so are the names of their keys.
        let name = if delivery.tenant().is_some() { "" } else { delivery.key_name() };
        let key = ("key", name.to_owned());
        counter!(VERIFIED, labels(receiver, [key])).increment(1);
    }

    pub(crate) fn rejected(receiver: &Receiver, rejection: &Rejection) {
        count_delivery(receiver, "rejected", rejection.kind().as_str());
    }

    pub(crate) fn outcome(receiver: &Receiver, outcome: Outcome) {
        count_delivery(receiver, outcome.as_str(), "");
        match outcome {
            Outcome::Duplicate { same_body: true } => count_hit(receiver, "duplicate"),
            Outcome::Duplicate { same_body: false } => count_hit(receiver, "other_body"),
            Outcome::InProgress { .. } => count_hit(receiver, "in_progress"),
            _ => {}
        }
    }

    fn count_delivery(receiver: &Receiver, outcome: &'static str, rejection: &'static str) {
        let labels = labels(receiver, [("outcome", outcome), ("rejection", rejection)]);
        counter!(DELIVERIES, labels).increment(1);
    }

    fn count_hit(receiver: &Receiver, hit: &'static str) {
        counter!(DEDUP_HITS, labels(receiver, [("hit", hit)])).increment(1);
    }

    pub(crate) fn late_outcome(receiver: &Receiver, outcome: Outcome) {
        counter!(LATE, labels(receiver, [("outcome", outcome.as_str())])).increment(1);
    }

    pub(crate) fn ignored(delivery: &Delivery) {
        let scheme = delivery.verifier.scheme();
        let endpoint = match delivery.verifier.endpoint() {
            Some(endpoint) => SharedString::from(Arc::clone(endpoint)),
            None => sender(scheme),
        };
        counter!(IGNORED, common_labels(endpoint, scheme).to_vec()).increment(1);
    }

    /// Counts an item of a batch.
    pub(crate) fn item_ended(receiver: &Receiver, result: &'static str) {
        counter!(ITEMS, labels(receiver, [("result", result)])).increment(1);
    }

    /// Counts an event as in progress until the returned value is dropped.
    pub(crate) fn in_progress(receiver: &Receiver, claim: &Claim) -> InProgress {
        if claim.is_takeover() {
            count_hit(receiver, "takeover");
        }
        let gauge = gauge!(IN_PROGRESS, labels::<&str>(receiver, []));
        gauge.increment(1.0);
        InProgress(gauge)
    }

    pub(crate) struct InProgress(Gauge);

    impl Drop for InProgress {
        fn drop(&mut self) {
            self.0.decrement(1.0);
        }
    }

    /// The start of a timed operation.
    #[derive(Clone, Copy)]
    pub(crate) struct Started(Instant);

    impl Started {
        pub(crate) fn now() -> Self {
            Self(Instant::now())
        }
    }

    pub(crate) fn handler_ended(receiver: &Receiver, started: Started, outcome: Outcome) {
        let labels = labels(receiver, [("outcome", outcome.as_str())]);
        histogram!(HANDLER, labels).record(started.0.elapsed());
    }

    pub(crate) fn store_called(
        receiver: &Receiver,
        operation: &'static str,
        started: Started,
        error: Option<&StoreError>,
    ) {
        if !receiver.has_store() {
            return;
        }
        let result = error.map_or("ok", |error| error.kind().as_str());
        let labels = labels(receiver, [("operation", operation), ("result", result)]);
        histogram!(STORE, labels).record(started.0.elapsed());
        if operation == "claim" {
            store_usage(receiver);
        }
    }

    fn store_usage(receiver: &Receiver) {
        if let Some(usage) = receiver.store_usage() {
            gauge!(STORE_FILL, labels::<&str>(receiver, [])).set(usage.fill());
            // A counter appears with its first count, as the others do.
            if usage.forgotten > 0 {
                counter!(STORE_FORGOTTEN, labels::<&str>(receiver, [])).absolute(usage.forgotten);
            }
        }
    }

    fn labels<V: Into<SharedString>>(
        receiver: &Receiver,
        more: impl IntoIterator<Item = (&'static str, V)>,
    ) -> Vec<Label> {
        let endpoint = SharedString::from(Arc::clone(receiver.shared_endpoint()));
        let mut labels = Vec::with_capacity(4);
        labels.extend(common_labels(endpoint, receiver.scheme()));
        labels.extend(more.into_iter().map(|(name, value)| Label::new(name, value)));
        labels
    }

    /// Returns the labels that every metric of a request has.
    fn common_labels(endpoint: SharedString, scheme: &Scheme) -> [Label; 2] {
        [Label::new("endpoint", endpoint), Label::new("sender", sender(scheme))]
    }

    /// Returns the sender's name, which is not copied for a sender of the catalogue.
    fn sender(scheme: &Scheme) -> SharedString {
        match &scheme.sender {
            Cow::Borrowed(name) => SharedString::const_str(name),
            Cow::Owned(name) => SharedString::from(name.clone()),
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod off {
    use crate::dedup::StoreError;
    use crate::error::Rejection;
    use crate::receive::{Claim, Outcome, Receiver};
    use crate::verify::Delivery;

    pub(crate) fn verified(_: &Receiver, _: &Delivery) {}

    pub(crate) fn rejected(_: &Receiver, _: &Rejection) {}

    pub(crate) fn outcome(_: &Receiver, _: Outcome) {}

    pub(crate) fn late_outcome(_: &Receiver, _: Outcome) {}

    pub(crate) fn ignored(_: &Delivery) {}

    pub(crate) fn item_ended(_: &Receiver, _: &'static str) {}

    pub(crate) struct InProgress;

    pub(crate) fn in_progress(_: &Receiver, _: &Claim) -> InProgress {
        InProgress
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Started;

    impl Started {
        pub(crate) fn now() -> Self {
            Self
        }
    }

    pub(crate) fn handler_ended(_: &Receiver, _: Started, _: Outcome) {}

    pub(crate) fn store_called(_: &Receiver, _: &'static str, _: Started, _: Option<&StoreError>) {}
}
